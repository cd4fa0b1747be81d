// The program's own log, for bug reports. It never names a file, an image or a user.
import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { defectText } from '#host';

/** Size at which the log is rotated, in bytes, and the number of old logs that are kept. */
const MOST_BYTES = 512 * 1024;
const OLD_ONES = 2;
/** Maximum length of an entry, in characters. */
const MOST_TEXT = 8 * 1024;
/** Number of error codes that are remembered. */
const MOST_CODES = 20;

export interface Log {
  /** Folder with the current log and the old ones. */
  readonly folder: string;
  /** Logs an event. `text` contains only this program's own words. Never throws. */
  event(text: string): void;
  /** Logs where an unexpected error happened. `error`: an Error, or text from the host with the message and the stack. */
  defect(error: unknown): void;
  /** Logs that something was refused or failed, and remembers its code. */
  code(what: string, code: string): void;
  /** Lists the most recent codes, latest first, each with its time and what failed. */
  codes(): readonly string[];
}

/** Opens a log in a folder, creating the folder if necessary. Entries are on disk when a call returns, so that a crash doesn't lose any. */
export function createLog(folder: string, now: () => Date = () => new Date()): Log {
  const file = path.join(folder, 'layerscope.log');
  const codes: string[] = [];
  const event = (text: string): void => {
    try {
      append(file, `${now().toISOString()} ${text.slice(0, MOST_TEXT)}\n`);
    } catch {
      // If the disk is full or the folder isn't writable, the program works without a log.
    }
  };
  return {
    folder,
    event,
    defect: (error) => event(`INTERNAL: ${placesOf(error)}`),
    code(what, code) {
      codes.unshift(`${now().toISOString()} ${what}: ${code}`);
      codes.length = Math.min(codes.length, MOST_CODES);
      event(`${what}: ${code}`);
    },
    codes: () => [...codes],
  };
}

/** Appends to a file that only its owner may read. Rotates the file first if it is large. */
function append(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
  let handle = openSync(file, flags, 0o600);
  try {
    if (fstatSync(handle).size + text.length > MOST_BYTES) {
      closeSync(handle);
      for (let old = OLD_ONES - 1; old >= 0; old--) moveIfThere(old === 0 ? file : `${file}.${old}`, `${file}.${old + 1}`);
      handle = openSync(file, flags, 0o600);
    }
    // A file from an older version or a copied profile may be readable by other users, so restrict it.
    if (process.platform !== 'win32') fchmodSync(handle, 0o600);
    writeSync(handle, text);
  } finally {
    closeSync(handle);
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // There is no such log yet.
  }
}

/**
 * Returns an error's kind and the file name and position of each call on its stack. Messages and folders are left out, because they may
 * contain names.
 */
function placesOf(error: unknown): string {
  const text = error instanceof Error ? defectText(error) : String(error);
  const name = error instanceof Error ? error.name : (/^layerscope: INTERNAL: (\w{1,40}Error)\b/.exec(text)?.[1] ?? typeof error);
  const places = text.split('\n').flatMap((line) => /^\s+at (?:.* \()?(.*?)([^\\/()]+:\d+:\d+)\)?$/.exec(line)?.[2] ?? []);
  return [name, ...places].join(' < ').replaceAll(/[^\x20-\x7e]/g, '?');
}
