// A program started as the shell starts it, which is the one way to have the user asked. Source: shellapi.h.
import path from 'node:path';
import { LayerscopeError } from '#model';
import { commandLineOf } from '../elevated/command-line.ts';
import type { HeldProcess, StartOptions } from '../elevated/system.ts';
import type { Calls } from './calls.ts';
import { isNull, NativeProcess } from './process.ts';

const SHELLEXECUTEINFO_BYTES = 112;
/**
 * SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI | SEE_MASK_NO_CONSOLE: the process is handed back, nothing goes on behind
 * the call on a thread that ends with it, errors are codes and no boxes, and no console is made.
 */
const MASK = 0x40 | 0x100 | 0x400 | 0x8000;
const SW_HIDE = 0;
const ERROR_CANCELLED = 1223;

/** See {@link ElevationSystem.start}. The call waits on a thread of koffi's, as the user thinks. */
export async function startProcess(
  calls: Calls,
  executable: string,
  args: readonly string[],
  { verb, ownerWindow = 0n }: StartOptions,
): Promise<HeldProcess | null> {
  if (executable.includes('\0')) throw new LayerscopeError('NAME_REFUSED', "a program's path with U+0000 in it");
  const info = {
    cbSize: SHELLEXECUTEINFO_BYTES,
    fMask: MASK,
    hwnd: ownerWindow,
    lpVerb: verb,
    lpFile: executable,
    lpParameters: commandLineOf(args),
    // Not this process's, which may be anywhere, also where others write.
    lpDirectory: path.win32.dirname(executable),
    nShow: SW_HIDE,
    hInstApp: null,
    lpIDList: null,
    lpClass: null,
    hkeyClass: null,
    dwHotKey: 0,
    hIcon: null,
    hProcess: null,
  };
  const isStarted = await calls.later('ShellExecuteExW', [info], (result) => {
    if (result !== 0) return true;
    if (calls.lastError() === ERROR_CANCELLED) return false;
    return calls.failLast('ShellExecuteExW', executable);
  });
  if (!isStarted) return null;
  // Another process may have taken the request: then there is none to hold.
  if (isNull(info.hProcess)) throw new LayerscopeError('IO', `ShellExecuteExW of ${executable} told of no process`);
  return new NativeProcess(calls, info.hProcess);
}
