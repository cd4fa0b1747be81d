import { asObject, asText, type JsonObject, parseJson } from '#format/image';
import { type FoundPackage, FoundPackages, foundPackage, NO_FILES } from '../package.ts';
import { PathListBuilder, pathIn } from '../path-list.ts';

/** Maximum number of packages in a file. */
const MAX_PACKAGES = 20_000;
/** Maximum number of assets in a package. */
const MAX_ASSETS = 20_000;

/** Parses a `NAME.deps.json` from .NET. Leaves out projects, such as the program itself. Throws BAD_MANIFEST, TOO_LARGE. */
export function parseDepsJson(bytes: Uint8Array, folder: Uint8Array): FoundPackage[] {
  const document = asObject(parseJson(bytes, 'deps.json'));
  const librariesOf = librariesByKey(asObject(document?.targets) ?? {});
  const found = new FoundPackages();
  for (const [key, library] of Object.entries(asObject(document?.libraries) ?? {})) {
    const slash = key.indexOf('/');
    if (slash <= 0 || asText(asObject(library)?.type)?.toLowerCase() !== 'package') continue;
    if (found.all.length === MAX_PACKAGES) break;
    const paths = new PathListBuilder();
    let left = MAX_ASSETS;
    for (const inTarget of librariesOf.get(key) ?? []) {
      for (const asset of assetsOf(inTarget)) if (left-- > 0) paths.add(pathIn(folder, asset));
    }
    const files = { paths: paths.finish(), folders: NO_FILES.folders };
    found.add(foundPackage('nuget', key.slice(0, slash), key.slice(slash + 1), { files }));
  }
  return found.all;
}

/** Maps each library to its entries in the targets. */
function librariesByKey(targets: JsonObject): ReadonlyMap<string, readonly JsonObject[]> {
  const found = new Map<string, JsonObject[]>();
  for (const target of Object.values(targets)) {
    for (const [key, value] of Object.entries(asObject(target) ?? {})) {
      const library = asObject(value);
      const known = found.get(key);
      if (library === null) continue;
      if (known === undefined) found.set(key, [library]);
      else known.push(library);
    }
  }
  return found;
}

/** Yields where a published program keeps a package's assets: in its own folder, except for those for other systems and languages. */
function* assetsOf(library: JsonObject): Generator<string> {
  const keys = (field: string): string[] => Object.keys(asObject(library[field]) ?? {}).filter((name) => !name.includes('\0'));
  for (const field of ['runtime', 'native']) for (const asset of keys(field)) yield lastPart(asset);
  for (const asset of keys('runtimeTargets')) yield asset;
  for (const asset of keys('resources')) yield asset.split('/').slice(-2).join('/');
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
