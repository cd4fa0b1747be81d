import { asObject, asText, parseJson } from '#format/image';
import { type FoundPackage, foundPackage, NO_FILES } from '../package.ts';
import { onePath } from '../path-list.ts';

/**
 * Parses a `package.json`. `folder`: the folder that contains it, which belongs to the package. Null without name and version. Throws
 * BAD_MANIFEST.
 */
export function parsePackageJson(bytes: Uint8Array, folder: Uint8Array): FoundPackage | null {
  const fields = asObject(parseJson(bytes, 'package.json'));
  const license = asText(fields?.license) ?? asText(asObject(fields?.license)?.type);
  const files = { paths: NO_FILES.paths, folders: onePath(folder) };
  return foundPackage('npm', asText(fields?.name) ?? '', asText(fields?.version) ?? '', { license, files });
}
