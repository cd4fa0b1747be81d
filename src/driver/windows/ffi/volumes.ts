// Volumes and virtual disks. Source: fileapi.h, winbase.h, virtdisk.h.
import path from 'node:path';
import { displayText } from '#model';
import type { VolumeCalls } from '../native.ts';
import type { Calls } from './calls.ts';

const PATH_UNITS = 32_768;
const NAME_UNITS = 261;
/** OPEN_VIRTUAL_DISK_FLAG_CACHED_IO | OPEN_VIRTUAL_DISK_FLAG_IGNORE_RELATIVE_PARENT_LOCATOR, as go-winio passes them. */
const OPEN_FLAGS = 0x18;
const ERROR_MORE_DATA = 234;

function textIn(buffer: Buffer): string {
  const text = buffer.toString('utf16le');
  return text.slice(0, text.indexOf('\0'));
}

/** Returns a folder's path with a trailing separator, which the mount point calls require. */
function withSeparator(folder: string): string {
  return folder.endsWith('\\') ? folder : `${folder}\\`;
}

export class NativeVolumes implements VolumeCalls {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async fileSystemOf(file: string): Promise<string> {
    const shown = displayText(file);
    const root = Buffer.alloc(PATH_UNITS * 2);
    if (this.#calls.now('GetVolumePathNameW', path.win32.resolve(file), root, PATH_UNITS) === 0) {
      this.#calls.failLast('GetVolumePathNameW', shown);
    }
    const name = Buffer.alloc(NAME_UNITS * 2);
    if (this.#calls.now('GetVolumeInformationW', withSeparator(textIn(root)), null, 0, null, null, null, name, NAME_UNITS) === 0) {
      this.#calls.failLast('GetVolumeInformationW', shown);
    }
    return textIn(name);
  }

  async detachDisk(file: string): Promise<void> {
    const shown = displayText(file);
    // VIRTUAL_STORAGE_TYPE: device id u32 and vendor GUID, all unknown. OPEN_VIRTUAL_DISK_PARAMETERS: version u32, then version 2's fields.
    const parameters = Buffer.alloc(28);
    parameters.writeUInt32LE(2, 0);
    const handle: [unknown] = [null];
    const opened = (await this.#calls.later(
      'OpenVirtualDisk',
      [Buffer.alloc(20), path.win32.toNamespacedPath(file), 0, OPEN_FLAGS, parameters, handle],
      Number,
    )) as number;
    if (opened !== 0) this.#calls.fail('OpenVirtualDisk', opened, shown);
    try {
      const detached = await this.#calls.later('DetachVirtualDisk', [handle[0], 0, 0], Number);
      if (detached !== 0) this.#calls.fail('DetachVirtualDisk', detached, shown);
    } finally {
      this.#calls.now('CloseHandle', handle[0]);
    }
  }

  async mountAt(folder: string, volume: string): Promise<void> {
    if (this.#calls.now('SetVolumeMountPointW', withSeparator(folder), withSeparator(volume)) === 0) {
      this.#calls.failLast('SetVolumeMountPointW', displayText(folder));
    }
  }

  async unmountEverywhere(volume: string): Promise<void> {
    for (const folder of this.#foldersOf(withSeparator(volume))) {
      // Don't unmount drive letters, because someone else assigned them.
      if (/^[A-Za-z]:\\$/.test(folder)) continue;
      if (this.#calls.now('DeleteVolumeMountPointW', withSeparator(folder)) === 0) {
        this.#calls.failLast('DeleteVolumeMountPointW', displayText(folder));
      }
    }
  }

  /** Returns the folders at which a volume is mounted. */
  #foldersOf(volume: string): readonly string[] {
    for (let units = PATH_UNITS; ; units *= 2) {
      const names = Buffer.alloc(units * 2);
      const length: [number] = [0];
      if (this.#calls.now('GetVolumePathNamesForVolumeNameW', volume, names, units, length) !== 0) {
        return names
          .toString('utf16le', 0, length[0] * 2)
          .split('\0')
          .filter((name) => name !== '');
      }
      if (this.#calls.lastError() !== ERROR_MORE_DATA) this.#calls.failLast('GetVolumePathNamesForVolumeNameW', displayText(volume));
    }
  }
}

/** Returns the build number of this Windows, regardless of the program's manifest. Source: wdm.h, RtlGetVersion. */
export function windowsBuild(calls: Calls): number {
  const version = Buffer.alloc(276);
  version.writeUInt32LE(version.length, 0);
  calls.now('RtlGetVersion', version);
  return version.readUInt32LE(12);
}
