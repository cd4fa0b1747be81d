import type { ArchiveReader } from '#archive';
import type { EngineListing, ImageLook, ListedEngine } from '#contract';
import { machinePlatform, platformRank } from '#format/image';
import { looksLikeFile, parseImageWord, parseReference } from '#format/reference';
import { displayText, LayerscopeError } from '#model';
import type { ImageSource, SourceWord } from '#source';
import type { Library } from '../library/library.ts';
import { listEngine } from './list-engine.ts';
import { lookNamed, openNamed, sourceName } from './open-named.ts';

export interface NamedImagesOptions {
  /** Finds the sources. Called for each request, because engines start and stop. */
  readonly findSources: () => readonly ImageSource[];
  /** The library's reader. */
  readonly reader: ArchiveReader;
  readonly library: Library;
}

interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Images by name, for the window. No source is contacted before a method is called. */
export interface NamedImages {
  /** Lists an engine's images. Throws CANCELLED. */
  list(engine: ListedEngine, options?: CallOptions): Promise<EngineListing>;
  /** Finds the source that has an image. Throws USAGE for an invalid image word, and what {@link lookNamed} throws. */
  look(reference: string, options?: CallOptions): Promise<ImageLook>;
  /**
   * Starts a job that opens an image in the library, and calls `onOpened` once a source has opened it. Returns the job's id. Throws USAGE
   * for an invalid image word.
   */
  open(reference: string, platform: string | null, onOpened?: () => void): string;
}

export function createNamedImages({ findSources, reader, library }: NamedImagesOptions): NamedImages {
  return {
    async list(engine, { signal } = {}) {
      const { images, total, places, problems } = await listEngine(engine, findSources(), { signal });
      const shown = images.map(({ name, reference, sizeBytes, created, platform }) => ({ name, reference, sizeBytes, created, platform }));
      return { images: shown, total, places, problems };
    },
    async look(reference, { signal } = {}) {
      const { source, platforms } = await lookNamed(parseSourceWord(reference), findSources(), { reader, signal });
      return { source: sourceName(source), platforms: ownFirst(platforms.map(displayText)) };
    },
    open(reference, platform, onOpened = () => {}) {
      const word = parseSourceWord(reference);
      return library.open({
        path: null,
        title: reference,
        read: async (own, options) => {
          const { archive } = await openNamed(word, findSources(), { ...options, reader: own, platform: platform ?? undefined });
          onOpened();
          return archive;
        },
      });
    },
  };
}

/** Parses an image word for an engine or a registry. Throws USAGE for anything else, with the reason. */
export function parseSourceWord(text: string): SourceWord {
  const word = parseImageWord(text);
  if (word.kind === 'store') throw new LayerscopeError('USAGE', `${displayText(text)} is in a store, not in an engine or a registry`);
  if (word.kind !== 'file') return word;
  if (looksLikeFile(text)) throw new LayerscopeError('USAGE', `${displayText(text)} is a file’s name, not an image’s`);
  parseReference(text);
  throw new LayerscopeError('USAGE', `${displayText(text)} is not an image’s name`);
}

/** Returns the platforms, with this machine's first. */
function ownFirst(platforms: readonly string[]): readonly string[] {
  const own = machinePlatform(process.platform, process.arch);
  const rank = (platform: string): number => platformRank(platform, own) ?? Number.MAX_SAFE_INTEGER;
  return [...platforms].sort((a, b) => rank(a) - rank(b));
}
