import { displayText, foldWindowsCase, LayerscopeError } from '#model';
import { folderOf, type LayerName } from './layer-name.ts';
import type { RootFolder } from './native.ts';

/** `link`: a symbolic link or junction. */
type AddedKind = 'file' | 'folder' | 'link' | 'hardlink';

/** Records what a layer's tar has added so far. Names are compared as on NTFS. */
export class AddedEntries {
  readonly #kinds = new Map<string, AddedKind>();

  /** Returns the kind of an added entry; undefined if the tar hasn't added it. `path` is relative to the layer. */
  kindOf(path: string): AddedKind | undefined {
    return this.#kinds.get(foldWindowsCase(path));
  }

  /** Adds an entry, replacing an earlier one with the same name. */
  replace(path: string, kind: AddedKind): void {
    this.#kinds.set(foldWindowsCase(path), kind);
  }

  /** Adds an entry. Throws EXISTS if the name is taken; of several entries for one folder, the last wins. */
  add(name: LayerName, kind: AddedKind): void {
    const before = this.#kinds.get(name.key);
    if (before !== undefined && !(before === 'folder' && kind === 'folder')) {
      throw new LayerscopeError('EXISTS', `${displayText(name.path)}: an earlier entry has the same name`);
    }
    this.#kinds.set(name.key, kind);
  }

  /**
   * Checks that the name's folder was added. `mayBeParents`: the folder may also exist in a parent layer. Throws NOT_FOUND; PATH_ESCAPE if
   * the folder is a link.
   */
  checkFolder(name: LayerName, mayBeParents: boolean): void {
    const folder = folderOf(name.path);
    if (folder === '') return;
    const kind = this.kindOf(folder);
    if (kind === 'folder' || (kind === undefined && mayBeParents)) return;
    const shown = displayText(name.path);
    if (kind === undefined) throw new LayerscopeError('NOT_FOUND', `${shown}: no entry for its folder ${displayText(folder)}`);
    if (kind === 'link') throw new LayerscopeError('PATH_ESCAPE', `${shown}: ${displayText(folder)} is a link`);
    throw new LayerscopeError('NOT_FOUND', `${shown}: ${displayText(folder)} is a file`);
  }

  /**
   * Removes the path that a whiteout names, except for anything that the tar added, because whiteouts apply to the layers below, regardless
   * of their position in the tar. In a folder that the tar added, removes only what comes from parents. Throws what the file calls throw.
   */
  async removeOthers(root: RootFolder, path: string): Promise<void> {
    const kind = this.kindOf(path);
    if (kind === undefined) await root.removeAll(path);
    else if (kind === 'folder') await this.emptyOfOthers(root, path);
  }

  /** Removes from a folder what the tar hasn't added. Throws what the file calls throw. */
  async emptyOfOthers(root: RootFolder, folder: string): Promise<void> {
    for (const { name } of await root.list(folder)) await this.removeOthers(root, `${folder}\\${name}`);
  }
}
