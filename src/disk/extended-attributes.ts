// Reads and sets extended attributes, which Node.js can't, with the programs of the attr package if the system has them (Linux only). The
// programs never run with a folder of an image as their working directory, and they reach entries through descriptors that they inherit.
// Values are bytes, one per character.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { findProgram } from '#files';
import { LayerscopeError } from '#model';
import { allow, READ, restore } from './access.ts';
import type { HeldEntry } from './held-entry.ts';

export type Attributes = readonly (readonly [name: string, value: string])[];

/**
 * Attributes that describe the system where a file is stored rather than the file; never part of a layer. Source: umoci, pkg/system and
 * oci/layer.
 */
const SYSTEM_ATTRIBUTES: ReadonlySet<string> = new Set(['security.selinux', 'system.nfs4_acl', 'btrfs.compression']);
/** Maximum length of the text passed to or printed by a program at once. */
const MAX_TEXT = 16 * 1024 * 1024;
const MAX_INPUT = 4 * 1024 * 1024;
/** The first descriptor that a program inherits after the standard ones. */
const FIRST = 3;

/**
 * Runs a program of the attr package. Null if this system doesn't have it. Throws TOO_LARGE if it prints more than {@link MAX_TEXT}, or if
 * the system can't pass it that many descriptors.
 */
function run(
  program: 'getfattr' | 'setfattr',
  words: readonly string[],
  descriptors: readonly number[],
  input = '',
): SpawnSyncReturns<string> | null {
  const file = process.platform === 'linux' ? findProgram(program) : null;
  if (file === null) return null;
  const stdio = ['pipe' as const, 'pipe' as const, 'pipe' as const, ...descriptors];
  const done = spawnSync(file, words, { cwd: '/', stdio, input, encoding: 'latin1', maxBuffer: MAX_TEXT });
  const { code } = (done.error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOBUFS') throw new LayerscopeError('TOO_LARGE', `${program}: more than ${MAX_TEXT} bytes of extended attributes`);
  if (code === 'EMFILE' || code === 'EINVAL')
    throw new LayerscopeError('TOO_LARGE', `${program}: more descriptors than a process may have`);
  return done.error === undefined ? done : null;
}

function inheritedPath(index: number): string {
  return `/proc/self/fd/${FIRST + index}`;
}

/** Quotes names as the attr programs do: anything but plain characters as three octal digits. */
function quoted(bytes: string): string {
  return bytes.replace(/[^A-Za-z0-9_./-]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/**
 * Sets attributes of entries below a root; for a symlink, those of the link itself. No path may go through a link. Returns how many could
 * not be set, because the user lacks the rights, the file system lacks attributes, or the system lacks `setfattr`.
 */
export function setAttributes(root: string, entries: readonly { readonly path: string; readonly attributes: Attributes }[]): number {
  let failed = 0;
  let count = 0;
  let text = '';
  const flush = (): void => {
    if (count > 0) failed += setByText(root, text, count);
    count = 0;
    text = '';
  };
  for (const { path, attributes } of entries) {
    if (attributes.length === 0) continue;
    text += `# file: ${quoted(`${inheritedPath(0)}/${path}`)}\n`;
    for (const [name, value] of attributes) {
      text += `${quoted(Buffer.from(name).toString('latin1'))}=0s${Buffer.from(value, 'latin1').toString('base64')}\n`;
      count++;
    }
    text += '\n';
    if (text.length > MAX_INPUT) flush();
  }
  flush();
  return failed;
}

/** Returns how many of `count` attributes could not be set. */
function setByText(root: string, text: string, count: number): number {
  if (process.platform !== 'linux') return count;
  const descriptor = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const done = run('setfattr', ['-h', '--restore=-'], [descriptor], text);
    if (done === null) return count;
    if (done.status === 0) return 0;
    // setfattr prints a line for each failure and continues.
    const failed = done.stderr.split('\n').filter((line) => line !== '').length;
    return done.status === null || failed === 0 ? count : Math.min(failed, count);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads the attributes of entries, in order; null if the system can't. Entries whose modes exclude this user are temporarily made readable.
 * Throws TOO_LARGE if a single entry has more than {@link MAX_TEXT}. Pass a few hundred entries at most, because the program inherits a
 * descriptor for each of them.
 */
export function readAttributes(entries: readonly HeldEntry[]): (Attributes | null)[] {
  const found: (Attributes | null)[] = entries.map(() => null);
  const todo: (readonly [start: number, end: number])[] = [[0, entries.length]];
  for (let range = todo.pop(); range !== undefined; range = todo.pop()) {
    const [start, end] = range;
    try {
      readRange(entries.slice(start, end), (index, attributes) => {
        found[start + index] = attributes;
      });
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code !== 'TOO_LARGE' || end - start < 2) throw error;
      const middle = (start + end) >> 1;
      todo.push([start, middle], [middle, end]);
    }
  }
  return found;
}

function readRange(entries: readonly HeldEntry[], onFound: (index: number, attributes: Attributes) => void): void {
  const descriptors = entries.map(({ descriptor }) => descriptor).filter((descriptor) => descriptor !== null);
  if (descriptors.length === 0 || descriptors.length < entries.length) return;
  const modes = entries.map((held) => (held.stats.isFile() || held.stats.isDirectory() ? allow(held, READ) : null));
  try {
    const words = ['-d', '-m', '-', '-e', 'base64', '--absolute-names', '--', ...descriptors.map((_, index) => inheritedPath(index))];
    const done = run('getfattr', words, descriptors);
    if (done === null) return;
    for (let index = 0; index < entries.length; index++) onFound(index, []);
    for (const block of done.stdout.split('\n\n')) parseBlock(block, onFound);
  } finally {
    entries.forEach((held, index) => {
      restore(held, modes[index] ?? null);
    });
  }
}

/** Parses what `getfattr` prints for one entry. */
function parseBlock(block: string, onFound: (index: number, attributes: Attributes) => void): void {
  const [first = '', ...lines] = block.split('\n').filter((line) => line !== '');
  const number = /^# file: \/proc\/self\/fd\/(\d+)$/.exec(first)?.[1];
  if (number === undefined) return;
  const attributes: [string, string][] = [];
  for (const line of lines) {
    // `=` is quoted in names, so the first one ends the name. If there is none, the value is empty.
    const equals = line.indexOf('=');
    const name = Buffer.from(unquoted(equals < 0 ? line : line.slice(0, equals)), 'latin1').toString();
    const value = equals < 0 ? '' : Buffer.from(line.slice(equals + 1).replace(/^0s/, ''), 'base64').toString('latin1');
    if (!SYSTEM_ATTRIBUTES.has(name)) attributes.push([name, value]);
  }
  onFound(
    Number(number) - FIRST,
    attributes.sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
