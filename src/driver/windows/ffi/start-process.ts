// Starts a program through the shell, the only way to get the consent prompt. Source: shellapi.h.
import path from 'node:path';
import { LayerscopeError } from '#model';
import { commandLineOf } from '../elevated/command-line.ts';
import type { HeldProcess, StartOptions } from '../elevated/system.ts';
import type { Calls } from './calls.ts';
import { isNull, NativeProcess } from './process.ts';

const SHELLEXECUTEINFO_BYTES = 112;
/**
 * SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI | SEE_MASK_NO_CONSOLE: returns the process handle, finishes before the
 * calling thread ends, reports errors as codes instead of message boxes, and creates no console.
 */
const MASK = 0x40 | 0x100 | 0x400 | 0x8000;
const SW_HIDE = 0;
const ERROR_CANCELLED = 1223;

/** See {@link ElevationSystem.start}. Waits for the user on one of koffi's threads. */
export async function startProcess(
  calls: Calls,
  executable: string,
  args: readonly string[],
  { verb, ownerWindow = 0n }: StartOptions,
): Promise<HeldProcess | null> {
  if (executable.includes('\0')) throw new LayerscopeError('NAME_REFUSED', "the program's path contains U+0000");
  const info = {
    cbSize: SHELLEXECUTEINFO_BYTES,
    fMask: MASK,
    hwnd: ownerWindow,
    lpVerb: verb,
    lpFile: executable,
    lpParameters: commandLineOf(args),
    // Not the current directory, which others may be able to write to.
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
  // There is no handle if the shell passed the request to a process that was already running.
  if (isNull(info.hProcess)) throw new LayerscopeError('IO', `ShellExecuteExW of ${executable} returned no process`);
  return new NativeProcess(calls, info.hProcess);
}
