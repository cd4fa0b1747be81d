// Imports a layer without parents: writes its files straight into the layer's folder, from which Windows then makes the registry hives and
// the blank disks. Follows hcsshim's base layer writer.
import { FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';
import { displayText, LayerscopeError } from '#model';
import { FolderTimes } from './folder-times.ts';
import { folderOf, type LayerName } from './layer-name.ts';
import { FULL_ACCESS, type LayerPlace, type LayerWriter, openWritten } from './layer-writer.ts';
import type { BackupSink, Native, OpenFile, RootFolder } from './native.ts';

export class BaseLayerWriter implements LayerWriter {
  readonly #native: Native;
  readonly #place: LayerPlace;
  readonly #root: RootFolder;
  #current: { readonly file: OpenFile; readonly sink: BackupSink } | null = null;
  readonly #added = new Map<string, 'file' | 'folder' | 'link'>();
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
    const before = this.#added.get(name.key);
    this.#checkFolder(name);
    if (before !== undefined && !(before === 'folder' && folder && !isLink)) {
      throw new LayerscopeError('EXISTS', `${displayText(name.path)}: an earlier entry has the same name`);
    }
    if (name.path === 'UtilityVM\\Files') this.#hasUtilityVm = true;
    if (folder) this.#times.add(name.path, info);
    const file = await this.#open(name, info, folder);
    this.#added.set(name.key, isLink ? 'link' : folder ? 'folder' : 'file');
    this.#current = { file, sink: file.backupSink({ security: true }) };
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#current === null) throw new LayerscopeError('INTERNAL', 'a backup stream without a file');
    await this.#current.sink.write(bytes);
  }

  async link(name: LayerName, target: LayerName): Promise<void> {
    await this.#finish();
    this.#checkFolder(name);
    if (this.#added.has(name.key)) throw new LayerscopeError('EXISTS', `${displayText(name.path)}: an earlier entry has the same name`);
    if (this.#added.get(target.key) !== 'file') {
      throw new LayerscopeError(
        'NOT_FOUND',
        `failed to find link target for ${displayText(name.path)}: no earlier entry is the file ${displayText(target.path)}`,
      );
    }
    this.#added.set(name.key, 'file');
    await this.#root.link(name.path, this.#root, target.path);
  }

  async remove(name: LayerName): Promise<void> {
    throw new LayerscopeError('NAME_REFUSED', `${displayText(name.path)}: a layer without parents has nothing to remove`);
  }

  async commit(): Promise<void> {
    await this.#finish();
    await this.#times.apply(this.#root);
    const { layer } = this.#place;
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

  #checkFolder(name: LayerName): void {
    const parent = folderOf(name.path);
    if (parent === '') return;
    const kind = this.#added.get(parent.toUpperCase());
    if (kind === 'folder') return;
    const shown = displayText(name.path);
    if (kind === 'link') throw new LayerscopeError('PATH_ESCAPE', `${shown}: ${displayText(parent)} is a link`);
    throw new LayerscopeError('NOT_FOUND', `${shown}: no entry for its folder ${displayText(parent)}`);
  }

  async #open(name: LayerName, info: FileBasicInfo, folder: boolean): Promise<OpenFile> {
    // CreateLayer may have made `Files` already.
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
