// Chisel cuts Debian packages into slices. Its manifest is zstd-compressed JSON Lines: packages, slices (`NAME_SLICE`), paths, and which
// slice contains which path. Source: canonical/chisel, public/manifest.
import { asObject, asText, parseJson } from '#format/image';
import { encodeUtf8 } from '#model';
import { checkCount, type FoundPackage, FoundPackages, foundPackage, NO_FILES, withoutZeroEpoch } from '../package.ts';
import { PathListBuilder } from '../path-list.ts';
import type { Inflaters } from '../seen-files.ts';
import { linesOf, textOf } from '../text.ts';

const MAX_PLAIN_BYTES = 64 * 1024 * 1024;
/** Maximum number of paths. A path may be in many slices of one package, but is listed only once per package. */
const MAX_PATHS = 1_000_000;

/** Parses a `manifest.wall`. Null if it can't be decompressed. Throws BAD_MANIFEST, TOO_LARGE. */
export function parseChiselManifest(bytes: Uint8Array, { inflateZstd }: Inflaters): FoundPackage[] | null {
  const plain = inflateZstd(bytes, MAX_PLAIN_BYTES);
  if (plain === null) return null;
  const packages = new Map<string, { readonly version: string; readonly arch: string | null; readonly paths: Set<string> }>();
  let paths = 0;
  for (const line of linesOf(textOf(plain))) {
    if (line === '') continue;
    const entry = asObject(parseJson(encodeUtf8(line), 'a line of the manifest'));
    if (entry?.kind === 'package') {
      const name = asText(entry.name);
      const version = asText(entry.version);
      checkCount(packages.size + 1);
      if (name !== null && version !== null) packages.set(name, { version, arch: asText(entry.arch), paths: new Set() });
    } else if (entry?.kind === 'content') {
      const owner = packages.get(asText(entry.slice)?.split('_')[0] ?? '');
      const path = asText(entry.path);
      if (owner !== undefined && path !== null && !path.includes('\0') && ++paths <= MAX_PATHS) owner.paths.add(path);
    }
  }
  const found = new FoundPackages();
  for (const [name, { version: stated, arch, paths: own }] of packages) {
    const list = new PathListBuilder();
    for (const path of own) list.add(path);
    const version = withoutZeroEpoch(stated);
    const files = { paths: list.finish(), folders: NO_FILES.folders };
    found.add(foundPackage('deb', name, version, { arch, status: 'installed', source: name, sourceVersion: version, files }));
  }
  return found.all;
}
