import type { VolumeCalls } from '../../src/driver/windows/native.ts';

/** Volume calls that do nothing but record their arguments. */
export class FakeVolumes implements VolumeCalls {
  /** `CALL ARGUMENT…` */
  readonly calls: string[] = [];
  fileSystem = 'NTFS';
  /** Called with the disk that is detached. */
  onDetach: (file: string) => void = () => {};

  async fileSystemOf(_path: string): Promise<string> {
    return this.fileSystem;
  }

  async detachDisk(file: string): Promise<void> {
    this.calls.push(`detachDisk ${file}`);
    this.onDetach(file);
  }

  async mountAt(folder: string, volume: string): Promise<void> {
    this.calls.push(`mountAt ${folder} ${volume}`);
  }

  async unmountEverywhere(volume: string): Promise<void> {
    this.calls.push(`unmountEverywhere ${volume}`);
  }
}
