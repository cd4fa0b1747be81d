// `packages --sbom`: compares an SBOM with the packages in the image.
import { attachedSboms, type FoundSbom, readSbomFile, sbomDifferences } from '#engine';
import { type ImagePackages, PACKAGE_TYPES } from '#engine/packages';
import { displayText, jsonText, LayerscopeError, plural } from '#model';
import type { Context } from './context.ts';
import type { loadChosen } from './load-input.ts';

/** The value of `--sbom` that selects the SBOMs attached to the image. */
const ATTACHED = 'attached';

type Loaded = Awaited<ReturnType<typeof loadChosen>>;

/**
 * Yields the comparison as text, or as JSON Lines. Throws NOT_FOUND if no SBOM is attached to the image, and the errors of reading a file.
 */
export async function* sbomLines(
  { signal, style, warn }: Context,
  {
    loaded,
    packages,
    value,
    json,
  }: { readonly loaded: Loaded; readonly packages: ImagePackages; readonly value: string; readonly json: boolean },
): AsyncGenerator<string> {
  const sboms =
    value === ATTACHED ? attachedSboms(loaded.image, { signal, onProblem: ({ message }) => warn(message) }) : [readSbomFile(value)];
  let hasAny = false;
  for await (const found of sboms) {
    hasAny = true;
    yield* json ? jsonLines(found, packages) : textLines(found, packages, style);
  }
  if (!hasAny) throw new LayerscopeError('NOT_FOUND', 'the image has no SBOM attached: name a file with --sbom');
}

function* jsonLines(found: FoundSbom, packages: ImagePackages): Generator<string> {
  const { onlyStated, onlyFound, otherVersion, same, notCompared } = differences(found, packages);
  const { source, sbom } = found;
  yield `${jsonText({ kind: 'sbom', source, format: sbom.format, packages: sbom.packages.length, same, notCompared })}\n`;
  for (const { type, name, version } of onlyStated) yield `${jsonText({ kind: 'sbom-only', type, name, version })}\n`;
  for (const { type, name, version } of onlyFound) yield `${jsonText({ kind: 'image-only', type, name, version })}\n`;
  for (const { type, name, stated, found: versions } of otherVersion)
    yield `${jsonText({ kind: 'other-version', type, name, sbom: stated, image: versions })}\n`;
}

function* textLines(found: FoundSbom, packages: ImagePackages, style: Context['style']): Generator<string> {
  const { onlyStated, onlyFound, otherVersion, same, notCompared } = differences(found, packages);
  const { source, sbom } = found;
  const skipped = notCompared === 0 ? '' : `, ${plural(notCompared, 'entry', 'entries')} of types that are not searched for`;
  yield `${style.bold(`SBOM ${source}`)}: ${sbom.format}, ${plural(same, 'package')} as in the image${skipped}\n`;
  const named = ({ type, name, version }: { type: string; name: string; version: string | null }): string =>
    displayText(`${type} ${name} ${version ?? ''}`.trimEnd());
  for (const each of onlyStated) yield `  ${style.removed('−')} ${named(each)}  ${style.dim('in the SBOM only')}\n`;
  for (const each of onlyFound) yield `  ${style.added('+')} ${named(each)}  ${style.dim('in the image only')}\n`;
  for (const { type, name, stated, found: versions } of otherVersion)
    yield `  ${style.modified('~')} ${displayText(`${type} ${name}`)}  ${displayText(`SBOM ${stated.join(', ')}; image ${versions.join(', ')}`)}\n`;
}

function differences(found: FoundSbom, packages: ImagePackages): ReturnType<typeof sbomDifferences> {
  return sbomDifferences(found, packages.installed(), PACKAGE_TYPES);
}
