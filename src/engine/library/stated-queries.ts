// The window's queries about where things come from, and about what an archive has besides images.
import { type ArchiveArtifact, type ArchiveImage, readBlobPart } from '#archive';
import type { ArtifactFileReport, ContentPage, DockerfileReport, ImageRef, InputOf, LayerSource, StatedReport, WhyReport } from '#contract';
import { ownersOf } from '#engine/packages';
import { splitPath } from '#format/path';
import { LayerscopeError } from '#model';
import { type GivenDockerfile, type ImageProvenance, layerSources, readProvenance } from '../provenance/image-provenance.ts';
import { readStated } from '../provenance/read-stated.ts';
import { whyPath } from '../provenance/why-path.ts';
import { type ImageQueriesOptions, withImage } from './image-queries.ts';

const MAX_LISTED_FILES = 1_000;
/** Maximum length of a layer's Dockerfile lines in a report, in UTF-16 units. */
const MAX_TEXT = 16_384;

/** Methods throw NOT_FOUND if the archive, image, artifact or path doesn't exist, and CANCELLED. */
export interface StatedQueries {
  /** Returns where a path (raw bytes) comes from. If a Dockerfile is given, its lines are matched to the history, as a guess. */
  origin(ref: ImageRef, path: Uint8Array, dockerfile: GivenDockerfile | null, signal: AbortSignal): Promise<WhyReport>;
  /** Reads what is attested about an image. */
  stated(ref: ImageRef, signal: AbortSignal): Promise<readonly StatedReport[]>;
  artifactFiles(archiveId: string, artifact: number): readonly ArtifactFileReport[];
  /** Reads part of an artifact's file, as stored. Throws BLOB_MISSING. */
  artifactContent(input: InputOf<'artifact.content'>, signal: AbortSignal): Promise<ContentPage>;
}

export function createStatedQueries(find: ImageQueriesOptions['find']): StatedQueries {
  /** The provenance of each image, once read. */
  const known = new WeakMap<ArchiveImage, ImageProvenance>();
  const provenanceOf = async (image: ArchiveImage, signal: AbortSignal): Promise<ImageProvenance> => {
    const provenance = known.get(image) ?? (await readProvenance(image, { signal }));
    known.set(image, provenance);
    return provenance;
  };
  const artifactOf = (archiveId: string, index: number): ArchiveArtifact => {
    const artifact = find(archiveId).archive.artifacts[index];
    if (artifact === undefined) throw new LayerscopeError('NOT_FOUND', `no artifact ${index}`);
    return artifact;
  };
  return {
    origin: async (ref, path, dockerfile, signal) =>
      withImage(find, ref, [], signal, async (loaded, use) => {
        const provenance = await provenanceOf(loaded.image, use);
        const sourceOf = await layerSources(loaded.image, provenance, { dockerfile, signal: use });
        return whyPath(loaded, splitPath(path), {
          sourceOf: async (layer) => shortened(await sourceOf(layer)),
          ownersOf: (owned, layer) => ownersOf(loaded, owned, layer, { signal: use }),
          provenance,
        });
      }),
    stated: async ({ archiveId, image }, signal) => {
      const open = find(archiveId);
      const known = open.archive.images[image];
      if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
      return open.use(signal, (use) => readStated(known.attestations, use));
    },
    artifactFiles: (archiveId, index) =>
      artifactOf(archiveId, index)
        .files.slice(0, MAX_LISTED_FILES)
        .map(({ name, mediaType, digest, size, source }) => ({ name, mediaType, digest, size, isHere: source !== null })),
    artifactContent: async ({ archiveId, artifact, file, offset, length }, signal) => {
      const source = artifactOf(archiveId, artifact).files[file]?.source;
      if (source === undefined) throw new LayerscopeError('NOT_FOUND', `artifact ${artifact} has no file ${file}`);
      if (source === null) throw new LayerscopeError('BLOB_MISSING', `file ${file} of artifact ${artifact} is not in the archive`);
      const bytes = await find(archiveId).use(signal, (use) => readBlobPart(source, offset, length, use));
      return { offset, totalBytes: source.length, bytes };
    },
  };
}

/** Truncates very long strings, so that the report fits into a message. */
function shortened({ createdBy, dockerfile, guess, ...rest }: LayerSource): LayerSource {
  return {
    ...rest,
    createdBy: createdBy?.slice(0, MAX_TEXT) ?? null,
    dockerfile: dockerfile === null ? null : { ...dockerfile, ...textsOf(dockerfile) },
    ...(guess === undefined ? {} : { guess: guess === null ? null : { ...guess, ...textsOf(guess) } }),
  };
}

function textsOf({ text, fromText }: Pick<DockerfileReport, 'text' | 'fromText'>): Pick<DockerfileReport, 'text' | 'fromText'> {
  return { text: text.slice(0, MAX_TEXT), fromText: fromText.slice(0, MAX_TEXT) };
}
