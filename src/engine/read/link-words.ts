// Messages about paths that lead nowhere, with the links that were followed. Paths are safe to show (displayPath) and have no leading
// slash.
import { ENTRY_TYPES, type EntryType } from '#model';

const TYPE_WORDS: Readonly<Record<EntryType, string>> = {
  file: 'a file',
  directory: 'a directory',
  symlink: 'a symbolic link',
  hardlink: 'a broken hard link',
  character: 'a character device',
  block: 'a block device',
  fifo: 'a named pipe',
  global: 'a global header',
  other: 'an entry of unknown type',
};

/** Describes a code of TYPE: `a block device`. A hard link here is always a dangling one. */
export function typeInWords(type: number): string {
  return TYPE_WORDS[ENTRY_TYPES[type] ?? 'other'];
}

/** A symbolic link that was followed. */
export interface Hop {
  readonly path: string;
  /** Target as stored in the link; may be empty. */
  readonly target: string;
  /** Number of path components still to follow when the link was resolved. */
  readonly behind: number;
}

/** How many links a message names at the start and at the end of a chain; those in between are only counted. */
const FIRST_HOPS = 6;
const LAST_HOPS = 3;

function hopInWords({ path, target }: Hop): string {
  return target === '' ? `${path} is a link with an empty target` : `${path} is a link to ${target}`;
}

/** Formats `a is a link to b, b is a link to c`, preceded by the requested path unless that is the first link. */
export function hopsInWords(typed: string, hops: readonly Hop[]): string {
  const words = hops.map(hopInWords);
  const hidden = words.length - FIRST_HOPS - LAST_HOPS;
  if (hidden > 1) words.splice(FIRST_HOPS, hidden, `${hidden} more links`);
  return `${hops[0]?.path === typed ? '' : `${typed}: `}${words.join(', ')}`;
}

/** Formats `a: a loop of links: a is a link to b, b is a link to a`. */
export function loopInWords(typed: string, loop: readonly Hop[]): string {
  return `${typed}: a loop of links: ${hopsInWords(loop[0]?.path ?? '', loop)}`;
}

/** Returns a link's target as a path without a leading slash, empty components or `.`. */
function plainTarget(target: string): string {
  return target
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/');
}

/** Explains a missing path: `a is a link to b, which isn't in the image as seen at layer 3`. `hops` are the links that led to it. */
export function missingInWords(about: {
  readonly typed: string;
  readonly missing: string;
  readonly layer: number;
  readonly hops: readonly Hop[];
  /** The reason, such as `b is a file, not a directory`; null if the path simply doesn't exist. */
  readonly obstacle: string | null;
  /** What other layers do to the path, such as `layer 4 removed it`; null if no layer ever has it. */
  readonly elsewhere: string | null;
  /** Whether the search was to include layers above `layer`. */
  readonly inAnyLayer: boolean;
}): string {
  const { typed, missing, layer, hops, obstacle, elsewhere, inAnyLayer } = about;
  const where = inAnyLayer && elsewhere === null ? 'in any layer' : `in the image as seen at layer ${layer}`;
  const view = elsewhere === null ? where : `${where}: ${elsewhere}`;
  const last = hops.at(-1);
  if (last === undefined) {
    const reasons =
      obstacle !== null
        ? [obstacle]
        : [...(missing === typed ? [] : [`it leads to ${missing}`]), ...(elsewhere === null ? [] : [elsewhere])];
    return [`no ${typed} ${where}`, ...reasons].join(': ');
  }
  const way = hopsInWords(typed, hops);
  if (obstacle !== null) return `${way}, but ${obstacle}`;
  return `${way}, ${plainTarget(last.target) === missing ? 'which' : `and ${missing}`} isn't ${view}`;
}
