// Reads what a layer of a portable store contains: its tar, its blob, its changes, its files.
import { algorithmOf, copyBlob, Digester, plainTarOf, readBlob } from '#archive';
import { buildStack, changesOf } from '#changes';
import { tarOfChanges } from '#disk';
import { type LayerTable, layerFigures } from '#format/layer';
import { displayPath, displayText, KIND, LayerscopeError, rowPath, throwIfCancelled } from '#model';
import type { CallOptions, DriverChange, GraphDriver, LayerFiles } from '../driver.ts';
import { contentOf } from './layer-blob.ts';
import { readChecked } from './mount-chain.ts';
import type { MountFolders } from './mount-folders.ts';
import { onDisk } from './own-files.ts';
import type { PortableHome } from './portable-home.ts';
import { type TreeChange, treeChanges } from './tree-diff.ts';

/**
 * Reads the layers of a home. Checks a blob's digest while reading it. A read-write layer has no blob; its content is what was written into
 * its mount.
 */
export class LayerContents {
  readonly #home: PortableHome;
  readonly #folders: MountFolders;

  constructor(home: PortableHome, folders: MountFolders) {
    this.#home = home;
    this.#folders = folders;
  }

  /** See {@link GraphDriver}. */
  async *diff(id: string, options: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const record = await this.#home.layers.read(id);
    throwIfCancelled(options.signal);
    if (record.readWrite) {
      yield* tarOfChanges(this.#folders.writtenRoot(id), await this.#written(id, options), options.signal);
      return;
    }
    if (record.blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    const { digest, diffId } = record.blob;
    const packed = new Digester(algorithmOf(digest));
    // An uncompressed blob's diffID is its digest, so it is hashed only once.
    const plain = diffId === null || diffId === digest ? null : new Digester(algorithmOf(diffId));
    const pieces = plainTarOf(this.#home.blob(digest), { signal: options.signal, onPacked: (bytes) => packed.update(bytes) });
    for await (const bytes of pieces) {
      plain?.update(bytes);
      yield bytes;
    }
    refuseOther(id, 'blob', digest, packed);
    if (plain !== null && diffId !== null) refuseOther(id, 'diffID', diffId, plain);
  }

  /** Yields a layer's blob as stored, or a read-write layer's diff. */
  async *readBlob(id: string, options: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { blob, readWrite } = await this.#home.layers.read(id);
    if (readWrite) yield* this.diff(id, options);
    else if (blob === null) throw new LayerscopeError('NOT_FOUND', `layer ${id} is empty: nothing was applied to it`);
    else yield* readBlob(this.#home.blob(blob.digest), options);
  }

  /** Copies a layer's blob to a new file and returns its size; null if the layer has none. */
  async writeBlob(id: string, file: string, options: CallOptions): Promise<{ readonly bytes: number } | null> {
    const { blob } = await this.#home.layers.read(id);
    if (blob === null) return null;
    return { bytes: (await copyBlob(this.#home.blob(blob.digest), file, options)).size };
  }

  /** Returns what has changed in a read-write layer. */
  async #written(id: string, { signal }: CallOptions): Promise<TreeChange[]> {
    const snapshot = await this.#folders.snapshot(id);
    return snapshot === null ? [] : onDisk(() => treeChanges(this.#folders.writtenRoot(id), snapshot, signal));
  }

  /** See {@link GraphDriver}. */
  async *changes(id: string, options: CallOptions): AsyncGenerator<DriverChange, void, undefined> {
    const record = await this.#home.layers.read(id);
    throwIfCancelled(options.signal);
    if (record.readWrite) {
      for (const { kind, path: changed, entry } of await this.#written(id, options)) {
        const file = entry?.kind === 'file' ? { file: { sizeBytes: entry.size, times: `${entry.mtimeNs} ${entry.ctimeNs}` } } : {};
        yield { kind, path: displayPath(Buffer.from(changed, 'latin1')), ...file };
      }
      return;
    }
    const layers = [...(await this.#home.layers.parents(id, record)).reverse().map((parent) => parent.record), record];
    const tables: (LayerTable | null)[] = [];
    for (const { blob } of layers) tables.push(blob === null ? null : await this.#tableOf(blob.digest, options));
    const rows = changesOf(buildStack(tables), tables.length - 1, tables.length - 1);
    for (let row = 0; row < rows.length; row++) {
      const mark = rows.kind[row];
      if (mark === KIND.added) yield { kind: 'added', path: displayPath(rowPath(rows, row)) };
      else if (mark === KIND.modified) yield { kind: 'modified', path: displayPath(rowPath(rows, row)) };
      else if (mark === KIND.removed) yield { kind: 'removed', path: displayPath(rowPath(rows, row)) };
    }
  }

  async #tableOf(digest: string, { signal }: CallOptions): Promise<LayerTable> {
    return (await readChecked(digest, this.#home, signal)).indexed.table;
  }

  /** See {@link GraphDriver}. */
  async diffSize(id: string, options: CallOptions): Promise<number> {
    const record = await this.#home.layers.read(id);
    throwIfCancelled(options.signal);
    if (!record.readWrite) {
      if (record.blob === null) return 0;
      return record.blob.fileBytes ?? layerFigures(await this.#tableOf(record.blob.digest, options)).fileBytes;
    }
    const seen = new Set<string>();
    let total = 0;
    for (const { entry } of await this.#written(id, options)) {
      if (entry === null || entry.kind !== 'file' || seen.has(entry.identity)) continue;
      if (entry.links > 1) seen.add(entry.identity);
      total += entry.size;
    }
    return total;
  }

  /** See {@link GraphDriver}. */
  async files(id: string): Promise<LayerFiles> {
    const record = await this.#home.layers.read(id);
    const blob = record.blob === null ? null : await this.#home.readWhole(record.blob.digest);
    return {
      async *open(name) {
        if (blob === null) throw new LayerscopeError('NOT_FOUND', `no file ${displayText(name)} in layer ${id}`);
        yield* contentOf(blob, name);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

function refuseOther(id: string, what: string, stated: string, digester: Digester): void {
  const found = digester.finish();
  if (found !== stated) throw new LayerscopeError('DIGEST_MISMATCH', `layer ${id}: its ${what} is ${found}, not ${stated}`);
}
