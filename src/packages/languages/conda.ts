import { asObject, asSize, asText, asTexts, parseJson } from '#format/image';
import { type FoundPackage, foundPackage, NO_FILES } from '../package.ts';
import { pathsFrom } from './pypi.ts';

/**
 * A document may have this many times the usual maximum number of values, because documents of large packages list tens of thousands of
 * files, each with several values.
 */
const MANY_VALUES = 4;

/** Parses a document in `conda-meta`. `prefix`: the folder that contains `conda-meta`. Throws BAD_MANIFEST, TOO_LARGE. */
export function parseCondaMeta(bytes: Uint8Array, prefix: Uint8Array): FoundPackage | null {
  const fields = asObject(parseJson(bytes, 'conda-meta', MANY_VALUES));
  const files = { paths: pathsFrom(prefix, asTexts(fields?.files)), folders: NO_FILES.folders };
  return foundPackage('conda', asText(fields?.name) ?? '', asText(fields?.version) ?? '', {
    arch: asText(fields?.subdir),
    license: asText(fields?.license),
    statedBytes: asSize(fields?.installed_size),
    files,
  });
}
