// Removes layers: first renames the folder, so that an interrupted removal is recognized, then lets Windows destroy it.
import { LayerscopeError } from '#model';
import { undoAll } from './layer-states.ts';
import type { DriverInfo, Native } from './native.ts';
import { NativeError } from './native-error.ts';
import { twice } from './twice.ts';

const ERROR_SHARING_VIOLATION = 32;

/** Whether a folder couldn't be renamed because something in it is in use. */
function isInUse(error: unknown): boolean {
  if (!(error instanceof LayerscopeError)) return false;
  return error.code === 'PERMISSION' || (error instanceof NativeError && error.win32 === ERROR_SHARING_VIOLATION);
}

export class LayerRemoval {
  readonly #native: Native;
  readonly #info: DriverInfo;

  constructor(native: Native, info: DriverInfo) {
    this.#native = native;
    this.#info = info;
  }

  /** Enables the privileges that {@link destroy} needs. Throws PERMISSION. */
  enable(): void {
    this.#native.enablePrivileges(['SeBackupPrivilege', 'SeRestorePrivilege']);
  }

  /** Destroys a layer's folder. Needs SeBackup and SeRestore, to delete files that belong to Windows itself. */
  async destroy(folder: string): Promise<void> {
    this.enable();
    await this.#native.layers.destroyLayer(this.#info, folder);
  }

  /** Destroys a folder after an error, without hiding that error. If privileges are missing, destroys as much as Windows allows. */
  async undo(folder: string): Promise<void> {
    try {
      this.enable();
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error;
    }
    await undoAll([() => this.#native.layers.destroyLayer(this.#info, folder)]);
  }

  /**
   * Renames a layer's folder to `removing` and destroys it. `disk`: the layer's scratch disk; null if there is none. A killed process may
   * have left the disk attached, which blocks the rename; if so, detaches it. Throws PERMISSION if this process lacks the privileges, and
   * whatever the rename or the removal throws.
   */
  async remove(folder: string, removing: string, disk: string | null): Promise<void> {
    this.enable();
    // An earlier leftover with the same name would block the rename.
    if ((await this.#native.files.facts(removing)) !== null) await this.destroy(removing);
    try {
      await this.#native.files.rename(folder, removing);
    } catch (error) {
      if (disk === null || !isInUse(error)) throw error;
      await this.#detach(folder, disk);
      await this.#native.files.rename(folder, removing);
    }
    await twice(() => this.destroy(removing));
  }

  /** Detaches the disk. Runs every step even if earlier ones fail, because any step may be the one needed. */
  async #detach(folder: string, disk: string): Promise<void> {
    const { layers, volumes } = this.#native;
    await layers.unprepareLayer(this.#info, folder).catch(() => undefined);
    await layers.deactivateLayer(this.#info, folder).catch(() => undefined);
    await volumes.detachDisk(disk).catch(() => undefined);
  }
}
