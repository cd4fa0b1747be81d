// What is said of paths that lead to nothing, and of the links that were followed. Paths are safe to show (displayPath), without a
// leading slash.
import { ENTRY_TYPES, type EntryType } from '#model';

const TYPE_WORDS: Readonly<Record<EntryType, string>> = {
  file: 'a file',
  directory: 'a directory',
  symlink: 'a symbolic link',
  hardlink: 'a hard link to nothing',
  character: 'a character device',
  block: 'a block device',
  fifo: 'a named pipe',
  global: 'a global header',
  other: 'an entry of unknown type',
};

/** `a block device`. `type`: a code of TYPE; a hard link is one that leads to no file. */
export function typeInWords(type: number): string {
  return TYPE_WORDS[ENTRY_TYPES[type] ?? 'other'];
}

/** A symbolic link on the way. */
export interface Hop {
  readonly path: string;
  /** As the link has it; empty where it leads nowhere. */
  readonly target: string;
  /** How many names of the whole path come behind what the link leads to. */
  readonly behind: number;
}

/** Of a longer chain the first and the last are named. */
const FIRST_HOPS = 6;
const LAST_HOPS = 3;

function hopInWords({ path, target }: Hop): string {
  return target === '' ? `${path} is a link with an empty target` : `${path} is a link to ${target}`;
}

/** `a is a link to b, b is a link to c`; the path that was asked for stands before it, unless the first link is it. */
export function hopsInWords(typed: string, hops: readonly Hop[]): string {
  const words = hops.map(hopInWords);
  const hidden = words.length - FIRST_HOPS - LAST_HOPS;
  if (hidden > 1) words.splice(FIRST_HOPS, hidden, `${hidden} more links`);
  return `${hops[0]?.path === typed ? '' : `${typed}: `}${words.join(', ')}`;
}

/** `a: a loop of links: a is a link to b, b is a link to a`. */
export function loopInWords(typed: string, loop: readonly Hop[]): string {
  return `${typed}: a loop of links: ${hopsInWords(loop[0]?.path ?? '', loop)}`;
}

/** A link's target as a path: without the slash before it and what stands for nothing. */
function plainTarget(target: string): string {
  return target
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
}

/** Why there is nothing: `a is a link to b, which isn't in the image as seen at layer 3`. `hops`: the links that led to what is missing. */
export function missingInWords(about: {
  readonly typed: string;
  readonly missing: string;
  readonly layer: number;
  readonly hops: readonly Hop[];
  /** `b is a file, not a directory`, where that is why. */
  readonly obstacle: string | null;
}): string {
  const { typed, missing, layer, hops, obstacle } = about;
  const view = `in the image as seen at layer ${layer}`;
  const last = hops.at(-1);
  if (last === undefined) {
    const reason = obstacle ?? (missing === typed ? null : `it leads to ${missing}`);
    return `no ${typed} ${view}${reason === null ? '' : `: ${reason}`}`;
  }
  const way = hopsInWords(typed, hops);
  if (obstacle !== null) return `${way}, but ${obstacle}`;
  return `${way}, ${plainTarget(last.target) === missing ? 'which' : `and ${missing}`} isn't ${view}`;
}
