import { LayerscopeError } from '#model';
import { PathListBuilder, pathsOf } from '../path-list.ts';
import { textOf } from '../text.ts';

/** A path that dpkg renamed to make way for another package. */
interface Diversion {
  readonly to: Uint8Array;
  /** The package whose own file is at the path; `:` if the administrator made the diversion. */
  readonly by: string;
}

/**
 * The diversions of a path that take effect: for most packages, the last one; for the package that made it, the last one that any other
 * package made.
 */
interface Diverted {
  readonly last: Diversion;
  readonly lastByOther: Diversion | null;
}

/** Diversions by path. */
export interface Diversions {
  /** Lengths of the diverted paths. Most other paths have a different length, and so don't have to be looked up. */
  readonly lengths: ReadonlySet<number>;
  readonly byPath: ReadonlyMap<string, Diverted>;
}

const LINE_FEED = 0x0a;
/** Maximum number of diversions. A desktop has a hundred or so. */
const MAX_DIVERSIONS = 100_000;

// Maps each byte to one character.
const letterPerByte = new TextDecoder('latin1');

/** Parses the file `diversions`, which has three lines per diversion. Throws TOO_LARGE. */
export function parseDiversions(bytes: Uint8Array): Diversions {
  const lengths = new Set<number>();
  const byPath = new Map<string, Diverted>();
  const lines: Uint8Array[] = [];
  let count = 0;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
    if (lines.length < 3) continue;
    if (++count > MAX_DIVERSIONS) throw new LayerscopeError('TOO_LARGE', `more than ${MAX_DIVERSIONS} diversions`);
    const [from, to, by] = lines.splice(0) as [Uint8Array, Uint8Array, Uint8Array];
    const path = letterPerByte.decode(from);
    lengths.add(from.length);
    byPath.set(path, withLast(byPath.get(path), { to, by: textOf(by) }));
  }
  return { lengths, byPath };
}

function withLast(known: Diverted | undefined, last: Diversion): Diverted {
  if (known === undefined) return { last, lastByOther: null };
  return { last, lastByOther: known.last.by === last.by ? known.lastByOther : known.last };
}

/** Returns the actual paths of a package. Returns the same list if none was diverted, as is nearly always the case. */
export function divertedPaths(paths: Uint8Array, name: string, { lengths, byPath }: Diversions): Uint8Array {
  const placeOf = (path: Uint8Array): Uint8Array | null => {
    const found = lengths.has(path.length) ? byPath.get(letterPerByte.decode(path)) : undefined;
    const diversion = found?.last.by === name ? found.lastByOther : found?.last;
    return diversion?.to ?? null;
  };
  let isDiverted = false;
  for (const path of pathsOf(paths)) isDiverted ||= placeOf(path) !== null;
  if (!isDiverted) return paths;
  const list = new PathListBuilder();
  for (const path of pathsOf(paths)) list.add(placeOf(path) ?? path);
  return list.finish();
}
