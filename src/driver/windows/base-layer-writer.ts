// Imports a layer without parents: writes its files directly into the layer's folder, from which Windows then makes the registry hives and
// the blank disks. Follows hcsshim's base layer writer.
import { FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';
import { displayText, LayerscopeError } from '#model';
import { AddedEntries } from './added-entries.ts';
import { FolderTimes } from './folder-times.ts';
import type { LayerName } from './layer-name.ts';
import { FULL_ACCESS, type LayerPlace, type LayerWriter, openWritten } from './layer-writer.ts';
import type { BackupSink, Native, OpenFile, RootFolder } from './native.ts';

export class BaseLayerWriter implements LayerWriter {
  readonly #native: Native;
  readonly #place: LayerPlace;
  readonly #root: RootFolder;
  #current: { readonly file: OpenFile; readonly sink: BackupSink } | null = null;
  readonly #added = new AddedEntries();
  readonly #times = new FolderTimes();
  #hasUtilityVm = false;

  private constructor(native: Native, place: LayerPlace, root: RootFolder) {
    this.#native = native;
    this.#place = place;
    this.#root = root;
  }

  static async open(native: Native, place: LayerPlace): Promise<BaseLayerWriter> {
    return new BaseLayerWriter(native, place, await native.files.openRoot(place.layer));
  }

  async add(name: LayerName, info: FileBasicInfo, isLink: boolean): Promise<void> {
    await this.#finish();
    const folder = (info.attributes & FILE_ATTRIBUTE.directory) !== 0;
    this.#added.checkFolder(name, false);
    this.#added.add(name, isLink ? 'link' : folder ? 'folder' : 'file');
    if (name.path === 'UtilityVM\\Files') this.#hasUtilityVm = true;
    if (folder) this.#times.add(name.path, info);
    const file = await this.#open(name, info, folder);
    this.#current = { file, sink: file.backupSink({ security: true }) };
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#current === null) throw new LayerscopeError('INTERNAL', 'a backup stream without a file');
    await this.#current.sink.write(bytes);
  }

  async link(name: LayerName, target: LayerName): Promise<void> {
    await this.#finish();
    this.#added.checkFolder(name, false);
    const kind = this.#added.kindOf(target.path);
    if (kind !== 'file' && kind !== 'hardlink') {
      throw new LayerscopeError(
        'NOT_FOUND',
        `failed to find link target for ${displayText(name.path)}: no earlier entry is the file ${displayText(target.path)}`,
      );
    }
    this.#added.add(name, 'hardlink');
    await this.#root.link(name.path, this.#root, target.path);
  }

  async remove(name: LayerName): Promise<void> {
    throw new LayerscopeError('NAME_REFUSED', `${displayText(name.path)}: a layer without parents has nothing to remove`);
  }

  async commit(): Promise<void> {
    await this.#finish();
    await this.#times.apply(this.#root);
    const layer = this.#native.paths.toNamespacedPath(this.#place.layer);
    await this.#native.layers.processBaseImage(layer);
    if (this.#hasUtilityVm) await this.#native.layers.processUtilityImage(this.#native.paths.join(layer, 'UtilityVM'));
    await this.#root[Symbol.asyncDispose]();
  }

  async abort(): Promise<void> {
    try {
      await this.#finish();
    } finally {
      await this.#root[Symbol.asyncDispose]();
    }
  }

  async #open(name: LayerName, info: FileBasicInfo, folder: boolean): Promise<OpenFile> {
    // CreateLayer may already have made `Files`.
    const there = folder ? await this.#root.facts(name.path) : null;
    if (there !== null) {
      const file = await this.#root.open(name.path, { access: FULL_ACCESS, create: 'existing' });
      try {
        await file.setBasicInfo(info);
        return file;
      } catch (error) {
        await file[Symbol.asyncDispose]();
        throw error;
      }
    }
    return openWritten(this.#root, name.path, info, folder);
  }

  async #finish(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    if (current === null) return;
    try {
      await current.sink[Symbol.asyncDispose]();
    } finally {
      await current.file[Symbol.asyncDispose]();
    }
  }
}
