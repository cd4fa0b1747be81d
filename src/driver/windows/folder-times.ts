import type { FileBasicInfo } from '#format/windows-tar';
import { ACCESS, type RootFolder } from './native.ts';

/** Folders' times and attributes, set at the end because writing into a folder changes its times. */
export class FolderTimes {
  readonly #folders: { readonly path: string; readonly info: FileBasicInfo }[] = [];

  add(path: string, info: FileBasicInfo): void {
    this.#folders.push({ path, info });
  }

  /** Sets them in reverse order, so that a folder comes after its contents. Throws what the file calls do. */
  async apply(root: RootFolder): Promise<void> {
    for (const { path, info } of this.#folders.toReversed()) {
      await using folder = await root.open(path, { access: (ACCESS.read | ACCESS.write) >>> 0, create: 'existing' });
      await folder.setBasicInfo(info);
    }
  }
}
