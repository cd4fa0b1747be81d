// Intercepts Node's file calls in this process: to count calls, make a call fail, or end the process or change a file at a call.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

// biome-ignore lint/suspicious/noExplicitAny: every call of node:fs has its own signature.
type Call = (...args: any[]) => any;

/** Calls that may need disk space. */
export const NEEDS_ROOM: readonly string[] = [
  'open',
  'write',
  'writev',
  'writeFile',
  'appendFile',
  'mkdir',
  'mkdtemp',
  'rename',
  'link',
  'symlink',
];
/** Calls that change files on disk. */
export const CHANGES: readonly string[] = [
  ...NEEDS_ROOM,
  'rm',
  'rmdir',
  'unlink',
  'truncate',
  'ftruncate',
  'chmod',
  'fchmod',
  'utimes',
  'sync',
  'datasync',
];

const HANDLE_CALLS = ['write', 'writev', 'writeFile', 'appendFile', 'truncate', 'chmod', 'utimes', 'sync', 'datasync', 'read'];
const WRITING = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT;

function isForReading(flags: unknown): boolean {
  return flags === undefined || flags === 'r' || (typeof flags === 'number' && (flags & WRITING) === 0);
}

/**
 * Runs `before` before each call with one of these names (without `Sync`); if it throws, the call fails with that error. Opening a file
 * only for reading doesn't trigger `before`. Dispose of the result to stop.
 */
export async function beforeFileCalls(
  names: readonly string[],
  before: (name: string, args: readonly unknown[]) => void,
): Promise<Disposable> {
  const undo: (() => void)[] = [];
  const put = (target: object, key: string, make: (original: Call) => Call): void => {
    const known = target as Record<string, Call>;
    const original = known[key];
    if (original === undefined) return;
    known[key] = make(original);
    undo.push(() => {
      known[key] = original;
    });
  };
  const isMeant = (name: string, args: readonly unknown[]): boolean => name !== 'open' || !isForReading(args[1]);
  for (const name of names) {
    put(fs, `${name}Sync`, (original) => (...args) => {
      if (isMeant(name, args)) before(name, args);
      return original.apply(fs, args);
    });
    put(fs.promises, name, (original) => async (...args) => {
      if (isMeant(name, args)) before(name, args);
      return original.apply(fs.promises, args);
    });
    // Of the functions with callbacks, the program uses only these two.
    if (name !== 'write' && name !== 'read') continue;
    put(fs, name, (original) => (...args) => {
      try {
        before(name, args);
      } catch (error) {
        setImmediate(args.at(-1), error);
        return;
      }
      original.apply(fs, args);
    });
  }
  const prototype = await handlePrototype();
  for (const name of HANDLE_CALLS.filter((known) => names.includes(known))) {
    put(
      prototype,
      name,
      (original) =>
        async function (this: unknown, ...args) {
          before(name, args);
          return original.apply(this, args);
        },
    );
  }
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      for (const each of undo.reverse()) each();
      syncBuiltinESMExports();
    },
  };
}

async function handlePrototype(): Promise<object> {
  await using handle = await fs.promises.open(path.join(tmpdir()), 'r');
  return Object.getPrototypeOf(handle) as object;
}

/** Returns ENOSPC as the system reports it. */
export function noSpace(name: string): Error {
  return Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC', errno: -28, syscall: name });
}
