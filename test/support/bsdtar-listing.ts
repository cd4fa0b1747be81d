// Reads bsdtar's listings of a tar: `-tv` has every member in order, `--format=mtree` the exact time of the last member with each path.
import { runTool, type ToolOptions } from './tools.ts';

export interface ListedMember {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** A link's target; null for other members. Hard links name a member of the tar. */
  readonly link: string | null;
}

const TYPES: Readonly<Record<string, string>> = {
  '-': 'file',
  d: 'directory',
  l: 'symlink',
  h: 'hardlink',
  c: 'character',
  b: 'block',
  p: 'fifo',
};

const LINE = /^([-dlhcbp])(\S{9})\s+\d+ (\d+)\s+(\d+)\s+(\d+(?:,\d+)?) \w{3} [ \d]\d (?: \d{4}|\d\d:\d\d) (.*)$/;

/** Decodes a name to latin-1 (one character per byte). `\303` and `\\` are escapes. */
function unescapeName(text: string): string {
  const bytes = text.replace(/[^\0-\x7f]+/gu, (run) => Buffer.from(run).toString('latin1'));
  return bytes.replace(/\\(?:([0-7]{3})|(.))/gs, (_, octal: string | undefined, letter: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' }[letter] ?? letter;
  });
}

function modeOf(letters: string): number {
  let mode = 0;
  for (let bit = 0; bit < 9; bit++) {
    const letter = letters[bit] ?? '-';
    if (letter !== '-' && letter !== 'S' && letter !== 'T') mode |= 0o400 >> bit;
    if (/[sS]/.test(letter)) mode |= bit === 2 ? 0o4000 : 0o2000;
    if (/[tT]/.test(letter)) mode |= 0o1000;
  }
  return mode;
}

/** Returns the members in the order of bsdtar's list; names have no trailing `/`. */
export function bsdtarMembers(file: string, options?: ToolOptions): ListedMember[] {
  const lines = runTool('bsdtar', ['--numeric-owner', '-tvf', file], options).toString().split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [, letter = '', letters = '', uid = '', gid = '', size = '', rest = ''] = LINE.exec(line) ?? [];
      const type = TYPES[letter];
      if (type === undefined) throw new Error(`bsdtar says: ${line}`);
      const mark = { symlink: ' -> ', hardlink: ' link to ' }[type];
      const [name = '', link] = mark === undefined ? [rest] : rest.split(mark);
      return {
        name: unescapeName(name).replace(/\/+$/, ''),
        type,
        mode: modeOf(letters),
        uid: Number(uid),
        gid: Number(gid),
        size: size.includes(',') ? 0 : Number(size),
        link: link === undefined ? null : unescapeName(link),
      };
    });
}

/** Returns nanoseconds since 1970 by path (latin-1, without `./`), from the last member with each path. */
export function bsdtarTimes(file: string, options?: ToolOptions): Map<string, bigint> {
  const text = runTool('bsdtar', ['-cf', '-', '--format=mtree', '--options=!all,type,time', `@${file}`], options).toString();
  const times = new Map<string, bigint>();
  for (const line of text.split('\n')) {
    const [, name, seconds = '0', nanos = '0'] = /^(\S+) (?:\S+ )*time=(-?\d+)\.(\d+)/.exec(line) ?? [];
    if (name === undefined) continue;
    // bsdtar prints nanoseconds without leading zeros.
    times.set(unescapeName(name).replace(/^(\.?\/)+/, ''), BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  }
  return times;
}
