// Imports a layer from its tar. Follows writeLayerFromTar and importLayer of Docker's driver, including the backups of boot files that
// later versions of Docker make. Faults in the tar are found before ImportLayer is called.
import { type ByteSource, FILE_ATTRIBUTE, readWindowsTar, type WindowsEntry } from '#format/windows-tar';
import { displayText, type Finding, finding, LayerscopeError, throwIfCancelled } from '#model';
import { BaseLayerWriter } from './base-layer-writer.ts';
import { Held } from './held.ts';
import { checkStreamName, type LayerName, parseLayerName, parseWhiteoutName } from './layer-name.ts';
import { type LayerPlace, type LayerWriter, openWritten, TransportWriter } from './layer-writer.ts';
import { ACCESS, type BackupSink, type Native, type OpenFile } from './native.ts';
import { keptCopyOf } from './utility-vm.ts';

const CANCELLED_MESSAGE = 'the import was cancelled';

export interface ImportOptions {
  readonly signal?: AbortSignal;
  /** Receives a finding for everything corrected or left out. */
  readonly onFinding?: (finding: Finding) => void;
  /** Called with the number of tar bytes read since the last call. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Fills a layer from an uncompressed tar. The folders of the layer and of its parents must exist. Needs SeBackup, SeRestore and SeSecurity.
 * Returns the total size of the layer's regular files. After an error the layer's folder may be half filled, and the caller has to destroy
 * the layer. Errors name the entry. Throws what {@link readWindowsTar}, the layer writers and Windows' calls throw, and CANCELLED.
 */
export async function importLayer(
  native: Native,
  place: LayerPlace,
  tar: ByteSource,
  options: ImportOptions = {},
): Promise<{ sizeBytes: number }> {
  const run = new LayerImport(native, place, options);
  try {
    const result = await run.read(tar);
    await run.commit();
    return result;
  } catch (error) {
    await run.abort();
    throw error;
  }
}

/** Passes a source through, reporting progress. Throws CANCELLED once the signal is aborted. */
async function* watched(source: ByteSource, { signal, onProgress }: ImportOptions): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const bytes of source) {
    throwIfCancelled(signal, CANCELLED_MESSAGE);
    onProgress?.(bytes.length);
    yield bytes;
  }
  throwIfCancelled(signal, CANCELLED_MESSAGE);
}

class LayerImport {
  readonly #native: Native;
  readonly #place: LayerPlace;
  readonly #options: ImportOptions;
  /** Created at the first valid entry, so that nothing is written for a tar that isn't a Windows layer. */
  #writer: LayerWriter | null = null;
  #copy: { readonly file: OpenFile; readonly sink: BackupSink } | null = null;
  #sizeBytes = 0;

  constructor(native: Native, place: LayerPlace, options: ImportOptions) {
    this.#native = native;
    this.#place = place;
    this.#options = options;
  }

  async read(tar: ByteSource): Promise<{ sizeBytes: number }> {
    for await (const piece of readWindowsTar(watched(tar, this.#options))) {
      if (piece.kind === 'backup') {
        if (piece.stream !== undefined) checkStreamName(piece.stream);
        await this.#writer?.write(piece.bytes);
        await this.#copy?.sink.write(piece.bytes);
      } else {
        await this.#endCopy();
        await this.#take(piece.entry);
      }
    }
    await this.#endCopy();
    if (this.#writer === null) throw new LayerscopeError('UNSUPPORTED', 'a layer without a Files folder: not a layer of a Windows image');
    return { sizeBytes: this.#sizeBytes };
  }

  async commit(): Promise<void> {
    throwIfCancelled(this.#options.signal, CANCELLED_MESSAGE);
    await this.#writer?.commit();
  }

  async abort(): Promise<void> {
    try {
      await this.#endCopy();
    } finally {
      await this.#writer?.abort();
    }
  }

  async #open(): Promise<LayerWriter> {
    if (this.#writer === null) {
      const Writer = this.#place.parents.length === 0 ? BaseLayerWriter : TransportWriter;
      this.#writer = await Writer.open(this.#native, this.#place);
    }
    return this.#writer;
  }

  async #take(entry: WindowsEntry): Promise<void> {
    if (entry.type === 'whiteout') {
      const target = parseWhiteoutName(entry.name);
      await (await this.#open()).remove(target);
      return;
    }
    const name = parseLayerName(entry.name);
    if (entry.type === 'hardlink') {
      const target = parseLayerName(entry.linkname);
      await (await this.#open()).link(name, target);
      return;
    }
    if (entry.info === null) throw new LayerscopeError('INTERNAL', `${displayText(entry.name)}: an entry without information`);
    this.#reportFindings(entry);
    const { info } = entry;
    const isRoot = !name.path.includes('\\') || name.path === 'UtilityVM\\Files';
    if (isRoot && ((info.attributes & FILE_ATTRIBUTE.directory) === 0 || entry.type === 'symlink')) {
      throw new LayerscopeError('UNSUPPORTED', `${displayText(entry.name)}: not a folder, so this is not a layer of a Windows image`);
    }
    await (await this.#open()).add(name, info, entry.type === 'symlink');
    if (entry.type === 'file') this.#sizeBytes += entry.sizeBytes;
    await this.#startCopy(name, entry);
  }

  #reportFindings(entry: WindowsEntry): void {
    const { onFinding } = this.#options;
    const at = { path: displayText(entry.name), offset: entry.headerOffset };
    if (entry.droppedAttributes !== 0) {
      const bits = `0x${entry.droppedAttributes.toString(16)}`;
      onFinding?.(finding('not-kept', `attributes ${bits} that the file can't have were left out`, at));
    }
    if (entry.type === 'other') onFinding?.(finding('not-kept', 'a device or pipe, written as an empty file', at));
  }

  /** Starts a backup of a boot file. Windows changes boot files in place, and exports need the originals. */
  async #startCopy(name: LayerName, entry: WindowsEntry): Promise<void> {
    const kept = keptCopyOf(name.path);
    if (kept === null || entry.type !== 'file' || entry.info === null) return;
    await using held = new Held();
    const root = held.use(await this.#native.files.openRoot(this.#place.layer));
    await root.removeAll(kept);
    const file = await openWritten(root, kept, { ...entry.info, attributes: 0 }, false, (ACCESS.read | ACCESS.write) >>> 0);
    this.#copy = { file, sink: file.backupSink({ security: false }) };
  }

  async #endCopy(): Promise<void> {
    const copy = this.#copy;
    this.#copy = null;
    if (copy === null) return;
    try {
      await copy.sink[Symbol.asyncDispose]();
    } finally {
      await copy.file[Symbol.asyncDispose]();
    }
  }
}
