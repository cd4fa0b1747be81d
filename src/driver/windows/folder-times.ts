import type { FileBasicInfo } from '#format/windows-tar';
import { foldWindowsCase } from '#model';
import { ACCESS, type RootFolder } from './native.ts';

/** Collects folders' times and attributes, to set them at the end, because writing into a folder changes its times. */
export class FolderTimes {
  readonly #folders = new Map<string, { readonly path: string; readonly info: FileBasicInfo }>();

  /** Adds a folder; if it is added again, the last times win. A folder must be added before its subfolders. */
  add(path: string, info: FileBasicInfo): void {
    this.#folders.set(foldWindowsCase(path), { path, info });
  }

  /**
   * Sets the times and attributes. Starts with the folder that was added last, so that a folder comes after its contents. Throws the errors
   * of the file calls.
   */
  async apply(root: RootFolder): Promise<void> {
    for (const { path, info } of [...this.#folders.values()].reverse()) {
      await using folder = await root.open(path, { access: (ACCESS.read | ACCESS.write) >>> 0, create: 'existing' });
      await folder.setBasicInfo(info);
    }
  }
}
