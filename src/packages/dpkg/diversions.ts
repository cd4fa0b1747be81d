import { compareBytes } from '#model';
import { PathListBuilder, pathsOf } from '../path-list.ts';
import { textOf } from '../text.ts';

/** A path that dpkg moved aside for another package. */
interface Diversion {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** The package whose own file is at `from`; `:` if the administrator made the diversion. */
  readonly by: string;
}

const LINE_FEED = 0x0a;

/** Reads the file `diversions`: three lines each. */
export function parseDiversions(bytes: Uint8Array): readonly Diversion[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  const diversions: Diversion[] = [];
  for (let at = 0; at + 3 <= lines.length; at += 3) {
    const [from, to, by] = lines.slice(at, at + 3) as [Uint8Array, Uint8Array, Uint8Array];
    diversions.push({ from, to, by: textOf(by) });
  }
  return diversions;
}

/** Where the package's paths really are. Returns the list itself if none was diverted, as of nearly every package. */
export function divertedPaths(paths: Uint8Array, name: string, diversions: readonly Diversion[]): Uint8Array {
  // Of several for one path the last one counts.
  const others = diversions.filter(({ by }) => by !== name).reverse();
  // Few paths are as long as one that was diverted, so the others aren't compared.
  const lengths = new Set(others.map(({ from }) => from.length));
  const placeOf = (path: Uint8Array): Uint8Array | null =>
    lengths.has(path.length) ? (others.find(({ from }) => compareBytes(from, path) === 0)?.to ?? null) : null;
  let found = false;
  for (const path of pathsOf(paths)) found ||= placeOf(path) !== null;
  if (!found) return paths;
  const list = new PathListBuilder();
  for (const path of pathsOf(paths)) list.add(placeOf(path) ?? path);
  return list.finish();
}
