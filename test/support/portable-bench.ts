// One test's portable store.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TarReader } from '#format/tar';
import { TYPE } from '#model';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import type { DriverBench, LayerSketch } from '../driver/suite.ts';
import { directory, file, tar } from './tar-builder.ts';

export class PortableBench implements DriverBench {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'layerscope-portable-'));
  readonly home = path.join(this.folder, 'home');

  open(): Promise<PortableDriver> {
    return PortableDriver.open(this.home);
  }

  tar(_id: string, { files = {}, removed = [] }: LayerSketch): Uint8Array {
    const folders = new Set<string>();
    for (const name of [...Object.keys(files), ...removed]) {
      for (let slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) folders.add(name.slice(0, slash));
    }
    const whiteouts = removed.map((name) => file(name.replace(/([^/]+)$/, '.wh.$1'), ''));
    return tar(
      ...[...folders].sort().map((name) => directory(`${name}/`)),
      ...Object.entries(files).map(([name, text]) => file(name, text)),
      ...whiteouts,
    );
  }

  async read(bytes: Uint8Array): Promise<LayerSketch> {
    const files: Record<string, string> = {};
    const removed: string[] = [];
    let current = '';
    const reader = new TarReader({
      member: (member) => {
        const name = Buffer.from(member.name).toString();
        current = '';
        if (path.basename(name).startsWith('.wh.')) removed.push(name.replace('.wh.', ''));
        else if (member.type === TYPE.file) {
          current = name;
          files[name] = '';
        }
      },
      body: (piece, start, end) => {
        if (current !== '') files[current] += Buffer.from(piece.subarray(start, end)).toString();
      },
      finding: () => {},
    });
    reader.push(bytes);
    reader.end();
    return { files, removed };
  }

  comparable(bytes: Uint8Array): unknown {
    return Buffer.from(bytes);
  }

  write(mountPath: string, { files = {}, removed = [] }: LayerSketch): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.join(mountPath, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(mountPath, name), text);
    }
    for (const name of removed) rmSync(path.join(mountPath, name));
  }

  shows(mountPath: string, name: string): string | undefined {
    return existsSync(path.join(mountPath, name)) ? readFileSync(path.join(mountPath, name), 'utf8') : undefined;
  }

  // Simulates a crash by removing the mounts, which wouldn't be cleaned up because this process is still alive.
  crash(): void {
    rmSync(path.join(this.home, 'mounts'), { recursive: true, force: true });
  }

  async stray(): Promise<readonly string[]> {
    const list = (name: string) =>
      existsSync(path.join(this.home, name)) ? readdirSync(path.join(this.home, name)).map((entry) => `${name} ${entry}`) : [];
    return [...list('tmp'), ...list('mounts'), ...readdirSync(this.home).filter((name) => name.startsWith('lock'))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
