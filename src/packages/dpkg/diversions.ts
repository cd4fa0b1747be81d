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

/** Where the package's paths really are. Returns the list itself if none was diverted. */
export function divertedPaths(paths: Uint8Array, name: string, diversions: readonly Diversion[]): Uint8Array {
  const others = diversions.filter(({ by }) => by !== name);
  if (others.length === 0) return paths;
  const byFrom = new Map(others.map((diversion) => [textOf(diversion.from), diversion]));
  let found = false;
  const list = new PathListBuilder();
  for (const path of pathsOf(paths)) {
    const diversion = byFrom.get(textOf(path));
    const isDiverted = diversion !== undefined && compareBytes(diversion.from, path) === 0;
    if (isDiverted) found = true;
    list.add(isDiverted ? diversion.to : path);
  }
  return found ? list.finish() : paths;
}
