// Layer calls on plain folders, for tests: an imported layer is stored and exported as its transport folder, with the tombstones.txt that
// the test sets. Uses hard links instead of copies, so that files keep their metadata in NodeFiles.
import { existsSync, linkSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LayerscopeError } from '#model';
import type { DriverInfo, LayerCalls, LayerExport } from '../../src/driver/windows/native.ts';

export const EMPTY_TOMBSTONES = '\ufeffVersion 1.0\n';

function linkTree(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const [source, target] = [path.join(from, name), path.join(to, name)];
    if (lstatSync(source).isDirectory()) {
      mkdirSync(target, { recursive: true });
      linkTree(source, target);
    } else if (!existsSync(target)) linkSync(source, target);
  }
}

export class FakeLayers implements LayerCalls {
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  /** The tombstones.txt that ExportLayer writes. */
  tombstones = EMPTY_TOMBSTONES;
  /** Called with the folder passed to ImportLayer. */
  onImport: (folder: string) => void = () => {};

  has(_name: LayerExport): boolean {
    return true;
  }

  async importLayer(_driver: DriverInfo, id: string, folder: string): Promise<void> {
    this.calls.push('ImportLayer');
    this.onImport(folder);
    linkTree(folder, id);
    // Exports return this copy, which tombstones and links don't change.
    mkdirSync(`${id}.transport`, { recursive: true });
    linkTree(folder, `${id}.transport`);
  }

  async exportLayer(_driver: DriverInfo, id: string, folder: string): Promise<void> {
    this.calls.push('ExportLayer');
    linkTree(`${id}.transport`, folder);
    writeFileSync(path.join(folder, 'tombstones.txt'), this.tombstones);
  }

  async processBaseImage(): Promise<void> {
    this.calls.push('ProcessBaseImage');
  }

  async processUtilityImage(): Promise<void> {
    this.calls.push('ProcessUtilityImage');
  }

  async destroyLayer(_driver: DriverInfo, id: string): Promise<void> {
    this.calls.push('DestroyLayer');
    for (const folder of [id, `${id}.transport`]) rmSync(folder, { recursive: true, force: true });
  }

  async createLayer(_driver: DriverInfo, id: string): Promise<void> {
    this.calls.push('CreateLayer');
    mkdirSync(id, { recursive: true });
  }

  activateLayer = this.#none('ActivateLayer');
  deactivateLayer = this.#none('DeactivateLayer');
  prepareLayer = this.#none('PrepareLayer');
  unprepareLayer = this.#none('UnprepareLayer');
  createSandboxLayer = this.#none('CreateSandboxLayer');
  expandSandboxSize = this.#none('ExpandSandboxSize');
  layerMountPath = this.#none('GetLayerMountPath');
  baseImages = this.#none('GetBaseImages');
  layerExists = this.#none('LayerExists');
  nameToGuid = this.#none('NameToGuid');

  #none(name: string): () => Promise<never> {
    return async () => {
      throw new LayerscopeError('UNSUPPORTED', `${name}: not in this stand-in`);
    };
  }
}
