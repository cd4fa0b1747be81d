// Images that engines keep on disk in their own forms: taken apart into files, or as blobs without an index.

import { closeSync } from 'node:fs';
import { LayerscopeError } from '#model';
import { fileIdentity, openFile, SourceFile, systemError } from '../blob/source-file.ts';
import { FolderMembers } from '../members/folder-members.ts';
import { type MemberStore, readHead, type StoredRange } from '../members/member-store.ts';
import { type NewPath, OverlayMembers } from '../members/overlay-members.ts';
import type { ContentFolder, ImageParts, LayerParts } from '../source-types.ts';
import type { ArchiveLayer, IndexedLayer } from '../types.ts';
import { ImageList } from './image-list.ts';
import { addByIndex, type OpenedArchive, openedList } from './open-archive.ts';
import { rangeSource } from './range-source.ts';

const CONFIG = 'config';
/** A tar is assumed to be this many times as long as its gzipped metadata. Measured: 30 to 300. */
const TAR_BYTES_A_BYTE = 32;

/** Opens the image that an index names in a folder of blobs. Throws BAD_MANIFEST, NOT_FOUND, PERMISSION, IO. */
export function openContent({ folder, index, format }: ContentFolder, newPath: NewPath): OpenedArchive {
  const store = new OverlayMembers(new FolderMembers(folder), newPath);
  store.add('index.json', index);
  const list = new ImageList(store);
  addByIndex(list, store);
  return openedList(format, list, store);
}

/**
 * Returns the layers of an image in parts, for indexing. The length of a layer's tar is unknown until its metadata has been read. A layer
 * whose metadata is missing has no blob. Throws PERMISSION, IO.
 */
export function layersOfParts({ layers }: ImageParts): readonly ArchiveLayer[] {
  return layers.map((parts, index) => {
    const range = parts === null ? null : splitRange(parts, null);
    return {
      index,
      digest: null,
      diffId: null,
      mediaType: null,
      createdBy: null,
      status: range === null ? 'missing' : 'present',
      compression: 'none',
      blobBytes: range?.length ?? 0,
      urls: [],
      blob: range === null ? null : rangeSource(range, 'none', null),
    };
  });
}

/** Opens an image in parts. `indexed` are the layers of {@link layersOfParts} once indexed. Throws NOT_FOUND, PERMISSION, IO, TOO_LARGE. */
export function openParts(parts: ImageParts, indexed: readonly (IndexedLayer | null)[]): OpenedArchive {
  const { format, names, configDigest, manifestDigest, layers } = parts;
  const store = new OverlayMembers(new PartsMembers(parts, indexed), null);
  const list = new ImageList(store);
  list.add({
    names,
    platform: null,
    configDigest,
    manifestDigest,
    layers: layers.map((_, index) => ({ name: layerName(index), digest: null, mediaType: null, size: null, urls: [] })),
    attestations: [],
    config: list.readConfig({ name: CONFIG, digest: configDigest, size: null, isImageConfig: true }),
    isImageConfig: true,
  });
  return openedList(format, list, store);
}

function layerName(index: number): string {
  return `layer ${index}`;
}

/** Presents the config and the layers' tars as members of an archive. */
class PartsMembers implements MemberStore {
  readonly #ranges = new Map<string, StoredRange>();

  constructor({ configPath, layers }: ImageParts, indexed: readonly (IndexedLayer | null)[]) {
    const config = wholeRange(configPath);
    if (config !== null) this.#ranges.set(CONFIG, config);
    for (const [index, parts] of layers.entries()) {
      const range = parts === null ? null : splitRange(parts, indexed[index]?.tarBytes ?? 0);
      if (range !== null) this.#ranges.set(layerName(index), range);
    }
  }

  find(name: string): StoredRange | null {
    return this.#ranges.get(name) ?? null;
  }

  names(): Iterable<string> {
    return this.#ranges.keys();
  }

  /** A split layer is never compressed, so its first bytes need no check. */
  head(range: StoredRange, count: number): Uint8Array {
    if (range.split !== undefined) return new Uint8Array(0);
    using file = new SourceFile(range.path, range.identity);
    const bytes = readHead(file, range.start, Math.min(count, range.length));
    file.refuseChanged();
    return bytes;
  }
}

/** Returns the range of a whole file; null if there is no such file. */
function wholeRange(path: string): StoredRange | null {
  try {
    const { descriptor, stats } = openFile(path);
    closeSync(descriptor);
    const identity = fileIdentity(stats);
    return { path, start: 0, length: Number(stats.size), identity, key: `${path}:${identity}` };
  } catch (error) {
    const converted = systemError(error, path);
    if (converted.code === 'NOT_FOUND') return null;
    throw converted;
  }
}

/** Returns the range of a split layer's tar. `tarBytes` is the length of the tar; null if unknown, to estimate it. */
function splitRange({ metadata, folder }: LayerParts, tarBytes: number | null): StoredRange | null {
  const range = wholeRange(metadata);
  if (range === null) return null;
  if (folder === '') throw new LayerscopeError('INTERNAL', 'a split layer without a folder');
  return { ...range, length: tarBytes ?? range.length * TAR_BYTES_A_BYTE, split: { folder }, key: `${range.key}:${folder}` };
}
