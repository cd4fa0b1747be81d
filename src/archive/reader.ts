import { statSync } from 'node:fs';
import { displayText, LayerscopeError } from '#model';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import { type IndexedBlob, indexBlob } from './index-layer.ts';
import { readHead } from './member-store.ts';
import { type OpenedArchive, openImageTar, openLayoutFolder, openSingleLayer, titleOf, wholeFile } from './open-archive.ts';
import { kindOfTar, OuterScan } from './outer-scan.ts';
import { SourceFile, systemError } from './source-file.ts';
import { TarMembers } from './tar-members.ts';
import { feedFromFile } from './tar-source.ts';
import type { Archive, ArchiveLayer, BlobSource, IndexedLayer, Reader, ReaderOptions } from './types.ts';
import { callerControl } from './work-control.ts';

type OpenOptions = NonNullable<Parameters<Reader['open']>[1]>;
type IndexLayersOptions = NonNullable<Parameters<Reader['indexLayers']>[1]>;

/** See {@link Reader}. */
export function createReader(options: ReaderOptions): Reader {
  return new FileReader(options);
}

class FileReader implements Reader {
  constructor(_options: ReaderOptions) {}

  async open(path: string, options: OpenOptions = {}): Promise<Archive> {
    let isFolder: boolean;
    try {
      isFolder = statSync(path).isDirectory();
    } catch (error) {
      throw systemError(error, path);
    }
    const title = titleOf(path);
    if (isFolder) return this.#archive(openLayoutFolder(path), title);
    using file = new SourceFile(path);
    return this.#archive(await this.#openTar(file, file.identity, title, options), title);
  }

  async #openTar(file: SourceFile, key: string, title: string, { signal }: OpenOptions): Promise<OpenedArchive> {
    const compression = detectCompression(readHead(file, 0, MAGIC_BYTES));
    const scan = new OuterScan();
    try {
      await feedFromFile({ file, start: 0, length: file.size }, scan.indexer.reader, callerControl(signal));
    } catch (error) {
      scan.indexer.fail(error);
    }
    const layer = scan.finish(file.size, null);
    if (scan.members.count === 0 && scan.indexer.problem !== null) {
      throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(title)} is neither an image archive nor a layer tar`);
    }
    const kind = kindOfTar(scan, file, layer.status === 'present');
    if (kind === 'layer') return openSingleLayer(wholeFile(file.path, file.size, compression, key, file.identity), title);
    return openImageTar(kind, new TarMembers(scan.members.members, file, `${file.path}:${key}`, file.identity), []);
  }

  #archive(opened: OpenedArchive, title: string): Archive {
    return { ...opened, title, async [Symbol.asyncDispose]() {} };
  }

  openStream(): Promise<Archive> {
    throw new LayerscopeError('UNSUPPORTED', 'not yet');
  }

  async indexLayers(layers: readonly ArchiveLayer[], options: IndexLayersOptions = {}): Promise<readonly (IndexedLayer | null)[]> {
    const done = new Map<BlobSource, IndexedBlob>();
    const results: (IndexedLayer | null)[] = [];
    for (const layer of layers) {
      let indexed: IndexedLayer | null = null;
      if (layer.blob !== null) {
        const blob =
          done.get(layer.blob) ??
          (await indexBlob(layer.blob, { verify: options.verify ?? false, diffIdAlgorithm: 'sha256' }, callerControl(options.signal)));
        done.set(layer.blob, blob);
        indexed = blob.layer;
      }
      options.onLayer?.(layer, indexed);
      results.push(indexed);
    }
    return results;
  }

  // biome-ignore lint/correctness/useYield: not yet
  async *readBody(): AsyncGenerator<Uint8Array> {
    throw new LayerscopeError('UNSUPPORTED', 'not yet');
  }

  readHeader(): never {
    throw new LayerscopeError('UNSUPPORTED', 'not yet');
  }

  // biome-ignore lint/correctness/useYield: not yet
  async *listRaw(): AsyncGenerator<never> {
    throw new LayerscopeError('UNSUPPORTED', 'not yet');
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
