// A bench for testing on Linux which calls Windows would refuse. Layer calls, and file calls below a root, go through the product's ffi/ to
// a stand-in that models handles (access masks, share modes), privileges and file metadata. The few files of the home itself use node:fs.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makePrivateFolder } from '../../src/driver/windows/ffi/private-folder.ts';
import { Privileges } from '../../src/driver/windows/ffi/privileges.ts';
import { NativeRoot } from '../../src/driver/windows/ffi/root.ts';
import type { Native, RootFolder } from '../../src/driver/windows/native.ts';
import { WindowsDriver, type WindowsDriverName } from '../../src/driver/windows/windows-driver.ts';
import { NodeFiles } from '../native/node-files.ts';
import { FakeVolumes } from './fake-volumes.ts';
import { standIn } from './windows-bench.ts';

/** Like toNamespacedPath on Windows. */
function longPath(absolute: string): string {
  return absolute.startsWith('\\\\?\\') ? absolute : `\\\\?\\${absolute}`;
}

class StrictFiles extends NodeFiles {
  override async openRoot(folder: string): Promise<RootFolder> {
    return NativeRoot.open(standIn.calls, folder, longPath(folder));
  }

  override async makePrivateFolder(folder: string): Promise<void> {
    makePrivateFolder(standIn.calls, folder, longPath(folder));
  }

  override async removeAll(folder: string): Promise<void> {
    await using root = await this.openRoot(path.dirname(folder));
    await root.removeAll(path.basename(folder));
  }

  override async rename(from: string, to: string): Promise<void> {
    await standIn.calls.check('MoveFileExW', from, longPath(from), longPath(to), 0);
  }
}

export class StrictBench implements AsyncDisposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'layerscope-strict-'));
  readonly home = path.join(this.folder, 'home');
  readonly native: Native;
  readonly #name: WindowsDriverName;

  constructor(name: WindowsDriverName = 'windowsfilter') {
    this.#name = name;
    mkdirSync(this.home);
    standIn.reset();
    const privileges = new Privileges(standIn.calls);
    this.native = {
      layers: standIn.layers,
      files: new StrictFiles(),
      volumes: new FakeVolumes(),
      paths: path,
      windowsBuild: () => 20_348,
      enablePrivileges: (names) => privileges.enable(names),
    };
  }

  open(): WindowsDriver {
    return new WindowsDriver(this.#name, this.home, this.native);
  }

  at(...names: readonly string[]): string {
    return path.join(this.home, ...names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    standIn.reset();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
