import type { ArchiveAttestation, ArchiveImage } from '#archive';
import type { LayerSource } from '#contract';
import {
  isAbout,
  isProvenanceType,
  LayerOrigins,
  matchDockerfile,
  NO_ORIGIN,
  type Provenance,
  parseProvenance,
  parseStatement,
  type Statement,
} from '#format/attestation';
import { parseJson } from '#format/image';
import { isCancelled, LayerscopeError } from '#model';
import { readWhole } from './read-whole.ts';

/** Size limit of a statement. A provenance takes some megabytes at most; only SBOMs with every file of a large image are larger. */
const MAX_STATEMENT_BYTES = 32 * 1024 * 1024;
/** How many times the usual number of values a document may have. */
const MANY_VALUES = 8;

/**
 * Reads a statement; null if it is missing. Throws TOO_LARGE, BAD_MANIFEST if it isn't a statement, DIGEST_MISMATCH if its content doesn't
 * have its digest, IO, CANCELLED.
 */
export async function readStatement({ source, digest }: ArchiveAttestation, signal?: AbortSignal): Promise<Statement | null> {
  if (source === null) return null;
  const bytes = await readWhole(source, MAX_STATEMENT_BYTES, signal);
  const statement = parseStatement(parseJson(bytes, `statement ${digest}`, MANY_VALUES));
  if (statement === null) throw new LayerscopeError('BAD_MANIFEST', `${digest} is not a statement`);
  return statement;
}

/** The build that an image's provenance describes, by layer. */
export class ImageProvenance {
  readonly #origins: LayerOrigins | null;
  readonly provenance: Provenance | null;

  constructor(image: Pick<ArchiveImage, 'layers'>, provenance: Provenance | null) {
    this.provenance = provenance;
    const steps = provenance?.steps ?? null;
    this.#origins =
      steps === null
        ? null
        : new LayerOrigins(
            steps,
            image.layers.map(({ digest }) => digest),
          );
  }

  /** Throws TOO_LARGE; see {@link LayerOrigins}. */
  of(layer: number): Pick<LayerSource, 'dockerfile' | 'base'> {
    return this.#origins?.of(layer) ?? NO_ORIGIN;
  }
}

/**
 * Reads the provenance that is attached to an image and about it: the first with the build's steps, or else the first. What can't be read
 * is passed to `onProblem` and skipped. Throws CANCELLED.
 */
export async function readProvenance(
  image: ArchiveImage,
  { signal, onProblem }: { readonly signal?: AbortSignal | undefined; readonly onProblem?: (error: LayerscopeError) => void } = {},
): Promise<ImageProvenance> {
  let first: Provenance | null = null;
  for (const attestation of image.attestations) {
    if (attestation.status !== 'present' || !isProvenanceType(attestation.predicateType)) continue;
    try {
      const statement = await readStatement(attestation, signal);
      if (statement === null || image.manifestDigest === null || !isAbout(statement, image.manifestDigest)) continue;
      const provenance = parseProvenance(statement);
      if (provenance !== null && provenance.steps !== null) return new ImageProvenance(image, provenance);
      first ??= provenance;
    } catch (error) {
      if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
      onProblem?.(error);
    }
  }
  return new ImageProvenance(image, first);
}

/** A Dockerfile that the user provided. */
export interface GivenDockerfile {
  readonly name: string;
  readonly text: string;
}

/**
 * Returns where each layer of an image comes from, found when it is asked for. `dockerfile`: its lines are matched to the history, as a
 * guess.
 */
export function layerSources(
  image: Pick<ArchiveImage, 'layers'>,
  provenance: ImageProvenance,
  dockerfile: GivenDockerfile | null = null,
): (layer: number) => LayerSource {
  const commands = image.layers.map(({ createdBy }) => createdBy);
  const guesses = dockerfile === null ? null : matchDockerfile(dockerfile.text, commands);
  return (layer) => {
    const source = { createdBy: commands[layer] ?? null, ...provenance.of(layer) };
    if (dockerfile === null || guesses === null) return source;
    const guess = guesses[layer] ?? null;
    return { ...source, guess: guess === null ? null : { file: dockerfile.name, by: 'text', ...guess } };
  };
}
