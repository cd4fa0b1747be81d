// The layer calls of vmcompute.dll, with the arguments that hcsshim passes (internal/wclayer).
import { folderOfPath } from '#format/layer';
import { LayerscopeError } from '#model';
import type { DriverInfo, LayerCalls, LayerExport } from '../native.ts';
import type { Calls } from './calls.ts';
import { koffi } from './load.ts';

const GUID_BYTES = 16;

function infoOf({ flavour, home }: DriverInfo): Record<string, unknown> {
  if (home.includes('\0')) throw new LayerscopeError('NAME_REFUSED', "the home's path contains U+0000");
  return { flavour, reserved: 0, home };
}

export class NativeLayers implements LayerCalls {
  readonly #calls: Calls;
  /** Settles when no layer is being prepared. Windows times out if several layers are prepared at the same time. */
  #preparing: Promise<unknown> = Promise.resolve();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  has(name: LayerExport): boolean {
    return this.#calls.has(name);
  }

  async activateLayer(driver: DriverInfo, id: string): Promise<void> {
    await this.#calls.layer('ActivateLayer', id, infoOf(driver), id);
  }

  async deactivateLayer(driver: DriverInfo, id: string): Promise<void> {
    await this.#calls.layer('DeactivateLayer', id, infoOf(driver), id);
  }

  async prepareLayer(driver: DriverInfo, id: string, parents: readonly string[]): Promise<void> {
    const chain = await this.#descriptors(parents);
    const turn = this.#preparing.then(() => this.#calls.layer('PrepareLayer', id, infoOf(driver), id, ...chain));
    this.#preparing = turn.catch(() => undefined);
    await turn;
  }

  async unprepareLayer(driver: DriverInfo, id: string): Promise<void> {
    await this.#calls.layer('UnprepareLayer', id, infoOf(driver), id);
  }

  async createLayer(driver: DriverInfo, id: string, parent: string): Promise<void> {
    await this.#calls.layer('CreateLayer', id, infoOf(driver), id, parent);
  }

  async createSandboxLayer(driver: DriverInfo, id: string, parents: readonly string[]): Promise<void> {
    await this.#calls.layer('CreateSandboxLayer', id, infoOf(driver), id, null, ...(await this.#descriptors(parents)));
  }

  async expandSandboxSize(driver: DriverInfo, id: string, sizeBytes: bigint): Promise<void> {
    await this.#calls.layer('ExpandSandboxSize', id, infoOf(driver), id, sizeBytes);
  }

  async destroyLayer(driver: DriverInfo, id: string): Promise<void> {
    await this.#calls.layer('DestroyLayer', id, infoOf(driver), id);
  }

  async exportLayer(driver: DriverInfo, id: string, folder: string, parents: readonly string[]): Promise<void> {
    await this.#calls.layer('ExportLayer', id, infoOf(driver), id, folder, ...(await this.#descriptors(parents)));
  }

  async importLayer(driver: DriverInfo, id: string, folder: string, parents: readonly string[]): Promise<void> {
    await this.#calls.layer('ImportLayer', id, infoOf(driver), id, folder, ...(await this.#descriptors(parents)));
  }

  async layerMountPath(driver: DriverInfo, id: string): Promise<string> {
    const length: [number | bigint] = [0];
    await this.#calls.layer('GetLayerMountPath', id, infoOf(driver), id, length, null);
    const units = Number(length[0]);
    if (units === 0) return '';
    const buffer = Buffer.alloc(units * 2);
    await this.#calls.layer('GetLayerMountPath', id, infoOf(driver), id, length, buffer);
    const text = buffer.toString('utf16le');
    const end = text.indexOf('\0');
    return end < 0 ? text : text.slice(0, end);
  }

  async baseImages(): Promise<string> {
    const out: [unknown] = [null];
    await this.#calls.layer('GetBaseImages', 'the shared base images', out);
    if (!out[0]) return '{"Images":[]}';
    try {
      return koffi().decode.string16(out[0]);
    } finally {
      this.#calls.now('CoTaskMemFree', out[0]);
    }
  }

  async layerExists(driver: DriverInfo, id: string): Promise<boolean> {
    const exists: [number] = [0];
    await this.#calls.layer('LayerExists', id, infoOf(driver), id, exists);
    return exists[0] !== 0;
  }

  async nameToGuid(name: string): Promise<Uint8Array> {
    const guid = Buffer.alloc(GUID_BYTES);
    await this.#calls.layer('NameToGuid', name, name, guid);
    return guid;
  }

  async processBaseImage(path: string): Promise<void> {
    await this.#calls.layer('ProcessBaseImage', path, path);
  }

  async processUtilityImage(path: string): Promise<void> {
    await this.#calls.layer('ProcessUtilityImage', path, path);
  }

  /** Returns the array of descriptors (null if empty) and its length. A descriptor's id is derived from the folder's name. */
  async #descriptors(parents: readonly string[]): Promise<[unknown[] | null, number]> {
    const descriptors: unknown[] = [];
    for (const path of parents) {
      if (path.includes('\0')) throw new LayerscopeError('NAME_REFUSED', "a parent's path contains U+0000");
      descriptors.push({ id: [...(await this.nameToGuid(folderOfPath(path)))], flags: 0, reserved: 0, path });
    }
    return [descriptors.length === 0 ? null : descriptors, descriptors.length];
  }
}
