// The elevated process's arguments, the only input that it trusts without proof:
//
//   --driver-host --driver=windowsfilter --driver-home=C:\… --driver-pipe=layerscope-… --driver-parent=1234 --driver-secret=64 hex digits
//
// All are required, in this order, and nothing may follow them.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { LayerscopeError } from '#model';
import type { DriverName } from '../../driver.ts';

const DRIVER_HOST = '--driver-host';

const MAX_HOME_UNITS = 4_096;
/** Process ids have 32 bits; 0 is the idle process. */
const MAX_PROCESS_ID = 0xffff_ffff;

/** Drivers that need an administrator's rights. */
export type ElevatedDriverName = Exclude<DriverName, 'portable'>;

export interface HostArguments {
  readonly driver: ElevatedDriverName;
  /** Absolute, on a drive. */
  readonly home: string;
  /** Name without `\\.\pipe\`. */
  readonly pipe: string;
  readonly parentProcessId: number;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** Makes an unguessable name. If the name were known, another process could create the pipe first and impersonate this one. */
export function newPipeName(): string {
  return `layerscope-driver-${randomBytes(16).toString('hex')}`;
}

export function isPipeName(name: string): boolean {
  return /^layerscope-driver-[0-9a-f]{32}$/.test(name);
}

/**
 * Whether a path can be the home of an elevated driver: absolute, on a drive, normalized. Shares are refused, because their server would
 * receive an administrator's credentials; \\?\ and device paths are refused too.
 */
export function isElevatedHome(home: string): boolean {
  if (home.length > MAX_HOME_UNITS || !/^[A-Za-z]:\\/.test(home)) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
  if (/[\0-\x1f<>"|?*:/]/.test(home.slice(2))) return false;
  return path.win32.normalize(home) === home;
}

export function isDriverHost(argv: readonly string[]): boolean {
  return argv.includes(DRIVER_HOST);
}

/** Formats arguments for {@link parseHostArguments}. */
export function formatHostArguments({ driver, home, pipe, parentProcessId, secret }: HostArguments): readonly string[] {
  return [
    DRIVER_HOST,
    `--driver=${driver}`,
    `--driver-home=${home}`,
    `--driver-pipe=${pipe}`,
    `--driver-parent=${parentProcessId}`,
    `--driver-secret=${Buffer.from(secret).toString('hex')}`,
  ];
}

/**
 * Parses the whole process's `argv`, ignoring everything before `--driver-host`. Throws USAGE with the reason, never quoting the secret.
 */
export function parseHostArguments(argv: readonly string[]): HostArguments {
  const at = argv.indexOf(DRIVER_HOST);
  const words = at < 0 ? [] : argv.slice(at + 1);
  const [driver, home, pipe, parent, secret] = [
    '--driver=',
    '--driver-home=',
    '--driver-pipe=',
    '--driver-parent=',
    '--driver-secret=',
  ].map((key, index) => {
    const word = words[index];
    if (word === undefined || !word.startsWith(key)) throw wrong(`argument ${index + 1} of the driver's process is not ${key}…`);
    return word.slice(key.length);
  }) as [string, string, string, string, string];
  if (words.length > 5) throw wrong("more arguments than the driver's process takes");
  if (driver !== 'windowsfilter' && driver !== 'windowsdiff') throw wrong('not a driver that runs elevated');
  if (!isElevatedHome(home)) throw wrong("the store's folder is not an absolute path on a drive");
  if (!isPipeName(pipe)) throw wrong("not the name of a driver's pipe");
  if (!/^[1-9][0-9]{0,9}$/.test(parent) || Number(parent) > MAX_PROCESS_ID) throw wrong('not a process id');
  if (!/^[0-9a-f]{64}$/.test(secret)) throw wrong('not a 32-byte secret');
  return { driver, home, pipe, parentProcessId: Number(parent), secret: Buffer.from(secret, 'hex') };
}

function wrong(what: string): LayerscopeError {
  return new LayerscopeError('USAGE', what);
}
