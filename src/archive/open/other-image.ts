// An image from an engine's disk, opened another way because some of its layers' parts are damaged or can't be read.
import { accessSync, constants } from 'node:fs';
import { asLayerscopeError, finding, isCancelled, LayerscopeError, type SourceReport } from '#model';
import type { ImageParts } from '../source-types.ts';
import type { Archive, ArchiveLayer, IndexedLayer, Progress } from '../types.ts';

interface Control {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The same image from another source, opened when it is first needed and at most once. */
export class OtherImage {
  readonly #parts: ImageParts;
  #opened: Promise<Archive | null> | null = null;
  #reason: string | null = null;

  constructor(parts: ImageParts) {
    this.#parts = parts;
  }

  /** Why the image was opened another way; null if it wasn't. */
  get reason(): string | null {
    return this.#reason;
  }

  /**
   * Opens the image, or returns it if it is open already; null if there is no other way. `reason` is a clause about what is wrong. Throws
   * CANCELLED.
   */
  async open(reason: string, control: Control): Promise<Archive | null> {
    this.#opened ??= this.#open(reason, control);
    return this.#opened.catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
  }

  async #open(reason: string, control: Control): Promise<Archive | null> {
    const { instead, configDigest, layers } = this.#parts;
    try {
      const archive = (await instead?.(reason, control)) ?? null;
      const [image] = archive?.images ?? [];
      if (archive === null) return null;
      if (image?.configDigest === configDigest && image.layers.length === layers.length) {
        this.#reason = reason;
        return archive;
      }
      await archive[Symbol.asyncDispose]();
      return null;
    } catch (error) {
      if (isCancelled(error)) throw error;
      return null;
    }
  }

  /** Returns a layer of the other image; null if there is none. Throws CANCELLED. */
  async layer({ index }: Pick<ArchiveLayer, 'index'>, reason: string, control: Control): Promise<ArchiveLayer | null> {
    const archive = await this.open(`layer ${index}: ${reason}`, control);
    const found = archive?.images[0]?.layers[index];
    return found === undefined || found.blob === null ? null : found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const archive = await this.#opened?.catch(() => null);
    await archive?.[Symbol.asyncDispose]();
  }
}

/** What keeps an image from being read from its parts. */
export interface PartsProblem {
  /** What is wrong, as a clause. */
  readonly reason: string;
  /** Whether the files on disk are damaged. If not, this user isn't allowed to read them. */
  readonly isDamage: boolean;
}

/** Returns what is wrong with an image's layers on disk; null if nothing is, as far as can be told without reading every file. */
export function partsProblem({ layers }: ImageParts, indexed: readonly (IndexedLayer | null)[]): PartsProblem | null {
  for (const [index, parts] of layers.entries()) {
    const layer = indexed[index];
    if (parts === null || !layer) return { reason: `layer ${index} is not on the disk`, isDamage: true };
    if (layer.status === 'damaged')
      return { reason: `layer ${index} is damaged on the disk: ${layer.findings.at(-1)?.message ?? ''}`, isDamage: true };
    try {
      accessSync(parts.folder, constants.R_OK | constants.X_OK);
    } catch (error) {
      const isDamage = asLayerscopeError(error).code !== 'PERMISSION';
      return { reason: `the files of layer ${index} ${isDamage ? 'are not on the disk' : 'can’t be read from the disk'}`, isDamage };
    }
  }
  return null;
}

/** Returns the other image with the names that it has on disk, and with the reason. */
export function inPlaceOf({ names, title }: ImageParts, other: Archive, { reason, isDamage }: PartsProblem): Archive {
  if (other.source === undefined) throw new LayerscopeError('INTERNAL', 'an engine’s image without a source');
  const named = names.length === 0 ? {} : { names, tags: names };
  const damage = isDamage ? [finding('changed-on-disk', `${reason}: the image was read through the engine instead`)] : [];
  return {
    ...other,
    title,
    source: withFallback(other.source, () => reason),
    images: other.images.map((image) => ({ ...image, ...named })),
    findings: [...other.findings, ...damage],
  };
}

/** Adds the reason for reading an image another way, as soon as there is one. */
export function withFallback(source: SourceReport, reason: () => string | null): SourceReport {
  const { kind, host, reference, digest } = source;
  return {
    kind,
    host,
    reference,
    digest,
    get fetchedBytes() {
      return source.fetchedBytes;
    },
    get requests() {
      return source.requests;
    },
    get verified() {
      return source.verified;
    },
    get fallback() {
      return reason() ?? undefined;
    },
  };
}
