// SBOMs of an image, and how they differ from the packages that are in it.
import path from 'node:path';
import type { ArchiveImage } from '#archive';
import { readSettings } from '#files';
import { compareSbom, parseSbom, parseStatement, type Sbom, type SbomDifferences } from '#format/attestation';
import { parseJson } from '#format/image';
import { displayText, isCancelled, LayerscopeError } from '#model';
import { readStatement } from './image-provenance.ts';

const MAX_SBOM_BYTES = 64 * 1024 * 1024;
/** How many times the usual number of values a document may have. */
const MANY_VALUES = 16;

/** An SBOM and where it is: a file's name, or the digest of a statement. */
export interface FoundSbom {
  readonly source: string;
  readonly sbom: Sbom;
}

/** Reads the SBOMs attached to an image. `onProblem`: called for those that can't be read. Throws CANCELLED. */
export async function attachedSboms(
  image: ArchiveImage,
  { signal, onProblem }: { readonly signal?: AbortSignal; readonly onProblem: (error: LayerscopeError) => void },
): Promise<readonly FoundSbom[]> {
  const found: FoundSbom[] = [];
  for (const attestation of image.attestations) {
    if (attestation.status !== 'present') continue;
    try {
      const statement = await readStatement(attestation, signal);
      const sbom = statement === null ? null : parseSbom(statement.predicate);
      if (sbom !== null) found.push({ source: attestation.digest ?? '', sbom });
    } catch (error) {
      if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
      onProblem(error);
    }
  }
  return found;
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

/** Compares an SBOM with the packages found in the image. `types`: those that were looked for. */
export function sbomDifferences(
  { sbom }: FoundSbom,
  installed: Parameters<typeof compareSbom>[1],
  types: Iterable<string>,
): SbomDifferences {
  return compareSbom(sbom.packages, installed, new Set(types));
}
