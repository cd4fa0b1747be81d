import type { FileBasicInfo } from '#format/windows-tar';
import { ACCESS, type RootFolder } from './native.ts';

/** Times and attributes that folders have to end up with, whatever is done inside them in between. */
export class FolderTimes {
  readonly #folders: { readonly path: string; readonly info: FileBasicInfo }[] = [];

  add(path: string, info: FileBasicInfo): void {
    this.#folders.push({ path, info });
  }

  /** Sets them, the last first: a folder after what is in it. Throws what the file calls do. */
  async apply(root: RootFolder): Promise<void> {
    for (const { path, info } of this.#folders.toReversed()) {
      await using folder = await root.open(path, { access: (ACCESS.read | ACCESS.write) >>> 0, create: 'existing' });
      await folder.setBasicInfo(info);
    }
  }
}
