// SBOMs of an image, and how they differ from the packages in it.
import path from 'node:path';
import type { ArchiveImage } from '#archive';
import { readSettings } from '#files';
import { compareSbom, parseSbom, parseStatement, type Sbom, type SbomDifferences, type Statement } from '#format/attestation';
import { parseJson } from '#format/image';
import { displayText, LayerscopeError } from '#model';
import { walkStatements } from './walk-statements.ts';

const MAX_SBOM_BYTES = 64 * 1024 * 1024;
/** A document may contain this many times the number of values that JSON is usually limited to. */
const MANY_VALUES = 8;

/** An SBOM and where it was found: a file's name, or the digest of a statement. */
export interface FoundSbom {
  readonly source: string;
  readonly sbom: Sbom;
}

/**
 * Yields the SBOMs attached to an image as they are read, so that no two need to be in memory. `onProblem` is called for those that can't
 * be read. Throws CANCELLED.
 */
export async function* attachedSboms(
  image: ArchiveImage,
  { signal, onProblem }: { readonly signal?: AbortSignal; readonly onProblem: (error: LayerscopeError) => void },
): AsyncGenerator<FoundSbom> {
  const parse = ({ predicate }: Statement): Sbom | null => parseSbom(predicate);
  for await (const { attestation, value, problem } of walkStatements(image.attestations, parse, { signal })) {
    if (problem !== null) onProblem(problem);
    if (value !== null) yield { source: attestation.digest ?? '', sbom: value };
  }
}

/**
 * Reads an SBOM from a file: SPDX 2 or CycloneDX in JSON, by itself or as a statement's predicate. Throws NOT_FOUND, PERMISSION, IO,
 * TOO_LARGE, BAD_MANIFEST.
 */
export function readSbomFile(file: string): FoundSbom {
  const name = displayText(path.basename(file));
  const bytes = readSettings(file, MAX_SBOM_BYTES);
  if (bytes === null) throw new LayerscopeError('NOT_FOUND', `${displayText(file)} does not exist`);
  const document = parseJson(bytes, name, MANY_VALUES);
  const sbom = parseSbom(document) ?? parseSbom(parseStatement(document)?.predicate);
  if (sbom === null) throw new LayerscopeError('BAD_MANIFEST', `${name} is neither SPDX 2 nor CycloneDX in JSON`);
  return { source: name, sbom };
}

/** Compares an SBOM with the packages found in the image. `types` are the package types that were searched for. */
export function sbomDifferences(
  { sbom }: FoundSbom,
  installed: Parameters<typeof compareSbom>[1],
  types: Iterable<string>,
): SbomDifferences {
  return compareSbom(sbom.packages, installed, new Set(types));
}
