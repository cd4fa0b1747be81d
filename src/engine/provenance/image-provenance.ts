import type { ArchiveImage } from '#archive';
import type { LayerSource, WhyReport } from '#contract';
import { createRest } from '#engine/turns';
import {
  isAbout,
  isProvenanceType,
  LayerOrigins,
  matchDockerfile,
  NO_ORIGIN,
  type Provenance,
  parseProvenance,
  type Statement,
} from '#format/attestation';
import type { LayerscopeError, Rest } from '#model';
import { walkStatements } from './walk-statements.ts';

/** An image's provenance, and which part of the build it gives for each layer. */
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

  /** Whether there is provenance, and whether it names lines of a Dockerfile, as BuildKit's does in mode `max`. */
  get kind(): WhyReport['provenance'] {
    if (this.provenance === null) return 'none';
    return this.provenance.steps?.file ? 'with-lines' : 'without-lines';
  }

  /** Throws TOO_LARGE; see {@link LayerOrigins}. */
  async of(layer: number, rest: Rest): Promise<Pick<LayerSource, 'dockerfile' | 'base'>> {
    return (await this.#origins?.of(layer, rest)) ?? NO_ORIGIN;
  }
}

/**
 * Reads an image's provenance from the attached statements that name the image as their subject: the first one with the build's steps,
 * otherwise the first. Statements that can't be read are passed to `onProblem` and skipped. Throws CANCELLED.
 */
export async function readProvenance(
  image: ArchiveImage,
  { signal, onProblem }: { readonly signal?: AbortSignal | undefined; readonly onProblem?: (error: LayerscopeError) => void } = {},
): Promise<ImageProvenance> {
  const { attestations, manifestDigest } = image;
  const isWanted = ({ predicateType }: { predicateType: string | null }): boolean => isProvenanceType(predicateType);
  const about = (statement: Statement): Provenance | null =>
    manifestDigest !== null && isAbout(statement, manifestDigest) ? parseProvenance(statement) : null;
  let first: Provenance | null = null;
  for await (const { value, problem } of walkStatements(attestations, about, { signal, isWanted })) {
    if (problem !== null) onProblem?.(problem);
    if (value !== null && value.steps !== null) return new ImageProvenance(image, value);
    first ??= value;
  }
  return new ImageProvenance(image, first);
}

/** A Dockerfile that the user provided. */
export interface GivenDockerfile {
  readonly name: string;
  readonly text: string;
}

/** Finds where a layer comes from. Throws TOO_LARGE, CANCELLED. */
export type SourceOf = (layer: number) => Promise<LayerSource>;

/**
 * Returns a function that finds where a layer of an image comes from. The lines of `dockerfile` are matched to the history, as a guess.
 * Yields to the event loop. Throws CANCELLED.
 */
export async function layerSources(
  image: Pick<ArchiveImage, 'layers'>,
  provenance: ImageProvenance,
  { dockerfile = null, signal }: { readonly dockerfile?: GivenDockerfile | null; readonly signal?: AbortSignal } = {},
): Promise<SourceOf> {
  const rest = createRest(signal);
  const commands = image.layers.map(({ createdBy }) => createdBy);
  const guesses = dockerfile === null ? null : await matchDockerfile(dockerfile.text, commands, rest);
  return async (layer) => {
    await rest();
    const source = { createdBy: commands[layer] ?? null, ...(await provenance.of(layer, rest)) };
    if (dockerfile === null || guesses === null) return source;
    const guess = guesses[layer] ?? null;
    return { ...source, guess: guess === null ? null : { file: dockerfile.name, by: 'text', ...guess } };
  };
}
