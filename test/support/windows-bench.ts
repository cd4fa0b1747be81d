// A bench for Windows drivers on this machine: layer calls go through koffi to the stand-in for vmcompute.dll, file calls to node:fs or, on
// Windows, to Windows.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openNative } from '../../src/driver/windows/ffi/open-native.ts';
import type { Native } from '../../src/driver/windows/native.ts';
import { WindowsDriver, type WindowsDriverName } from '../../src/driver/windows/windows-driver.ts';
import type { DriverBench, LayerSketch } from '../driver/suite.ts';
import { buildStandIn } from '../native/build.ts';
import { NodeFiles } from '../native/node-files.ts';
import { StandIn } from '../native/stand-in.ts';
import { FakeVolumes } from './fake-volumes.ts';
import { withoutTimes } from './hcsshim-vectors.ts';
import { filterTar, plainTar, sketchOf } from './windows-tars.ts';

const isWindows = process.platform === 'win32';
/** The original temporary folder, because on Windows each store sets its own. */
const temporaryFolder = tmpdir();
/** LAYERSCOPE_STAND_IN names a compiled stand-in, for machines without a compiler. */
export const standIn = new StandIn(process.env.LAYERSCOPE_STAND_IN ?? buildStandIn({ system: isWindows ? 'windows' : 'linux' }));

export class WindowsBench implements DriverBench {
  readonly folder = mkdtempSync(path.join(temporaryFolder, 'layerscope-driver-'));
  readonly home = path.join(this.folder, 'home');
  readonly temporary = path.join(this.folder, 'temporary');
  /** Null on Windows. */
  readonly nodeFiles: NodeFiles | null;
  readonly volumes = new FakeVolumes();
  readonly native: Native;
  readonly #name: WindowsDriverName;

  /** `build`: the build number of Windows that the driver sees. */
  constructor(name: WindowsDriverName, layers: Native['layers'] = standIn.layers, build = 20_348) {
    this.#name = name;
    mkdirSync(this.home);
    mkdirSync(this.temporary);
    standIn.reset();
    if (isWindows) {
      process.env.TEMP = this.temporary;
      process.env.TMP = this.temporary;
      this.nodeFiles = null;
      this.native = { ...openNative(standIn.files), layers, volumes: this.volumes, windowsBuild: () => build, enablePrivileges: () => {} };
    } else {
      this.nodeFiles = new NodeFiles();
      this.native = {
        layers,
        files: this.nodeFiles,
        volumes: this.volumes,
        paths: path,
        windowsBuild: () => build,
        enablePrivileges: () => {},
      };
    }
  }

  async open(): Promise<WindowsDriver> {
    return new WindowsDriver(this.#name, this.home, this.native);
  }

  async tar(id: string, sketch: LayerSketch, isBase: boolean): Promise<Uint8Array> {
    return this.#name === 'windowsdiff' ? plainTar(id, sketch) : filterTar(sketch, isBase);
  }

  read(tar: Uint8Array): Promise<LayerSketch> {
    return sketchOf(tar);
  }

  comparable(tar: Uint8Array): unknown {
    // Wine preserves only a file's last write time.
    return isWindows ? withoutTimes(tar) : createHash('sha256').update(tar).digest('hex');
  }

  write(mountPath: string, { files = {}, removed = [] }: LayerSketch): void {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(mountPath, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    for (const name of removed) {
      const folder = path.join(mountPath, path.dirname(name));
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `.wh.${path.basename(name)}`), '');
    }
  }

  shows(mountPath: string, name: string): string {
    return readFileSync(path.join(mountPath, name), 'utf8');
  }

  async fillQuickly(id: string): Promise<void> {
    if (this.#name !== 'windowsfilter') return;
    mkdirSync(path.join(this.home, id, 'Files'));
    await standIn.layers.processBaseImage(path.join(this.home, id));
  }

  crash(): void {
    standIn.crash();
  }

  async stray(): Promise<readonly string[]> {
    const strays = readdirSync(this.temporary).map((name) => `temporary ${name}`);
    for (const name of readdirSync(this.folder)) if (name !== 'home' && name !== 'temporary') strays.push(name);
    for (const name of readdirSync(this.home)) if (/-removing$|\.new$|^layerscope-/.test(name)) strays.push(`home ${name}`);
    for (const open of this.nodeFiles?.openPaths ?? []) strays.push(`open ${open}`);
    if (standIn.held !== 0) strays.push(`${standIn.held} held by the platform`);
    return strays;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    standIn.reset();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
