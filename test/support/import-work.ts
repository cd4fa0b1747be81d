// Helpers for tests that import layers through node:fs and fake layer calls, which keep their input.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { ErrorCode } from '#model';
import { importLayer } from '../../src/driver/windows/import-layer.ts';
import type { LayerPlace } from '../../src/driver/windows/layer-writer.ts';
import type { Native } from '../../src/driver/windows/native.ts';
import { NodeFiles } from '../native/node-files.ts';
import { FakeLayers } from './fake-layers.ts';
import { FakeVolumes } from './fake-volumes.ts';
import { type WindowsMember, windowsTar } from './windows-tars.ts';

export interface Work {
  readonly layers: FakeLayers;
  readonly files: NodeFiles;
  readonly native: Native;
  readonly folder: string;
  place(name: string, parents?: readonly string[]): LayerPlace;
  /** Returns the paths of files that are still open, and the names of transport folders that still exist. */
  left(): string[];
}

export function workIn(t: TestContext): Work {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-import-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = new NodeFiles();
  const layers = new FakeLayers();
  return {
    layers,
    files,
    folder,
    native: { layers, files, volumes: new FakeVolumes(), paths: path, windowsBuild: () => 20_348, enablePrivileges: () => {} },
    place(name, parents = []) {
      const layer = path.join(folder, name);
      mkdirSync(layer);
      return { driver: { flavour: 1, home: '' }, layer, parents };
    },
    left: () => [...files.openPaths, ...readdirSync(folder).filter((name) => name.startsWith('layerscope-'))],
  };
}

export const HEAD: readonly WindowsMember[] = [{ name: 'Files' }, { name: 'Hives' }, { name: 'Hives/System_Delta', content: 'delta' }];

/** Creates a layer on a parent that has `Files\a.txt` and a utility VM. */
export async function withParent(work: Work): Promise<LayerPlace> {
  const base = work.place('base');
  const members = [{ name: 'Files' }, { name: 'Files/a.txt', content: 'a' }, { name: 'UtilityVM' }, { name: 'UtilityVM/Files' }];
  await importLayer(work.native, base, [
    await windowsTar([
      ...members,
      { name: 'UtilityVM/Files/EFI' },
      { name: 'UtilityVM/Files/EFI/Microsoft' },
      { name: 'UtilityVM/Files/EFI/Microsoft/Boot' },
      { name: 'UtilityVM/Files/EFI/Microsoft/Boot/BCD', content: 'boot' },
      { name: 'UtilityVM/Files/kernel.exe', content: 'kernel' },
    ]),
  ]);
  work.layers.calls.length = 0;
  return work.place('top', [base.layer]);
}

/** Checks that the tar is refused with this error before any layer call, and that nothing is left behind. */
export async function refuses(t: TestContext, bytes: Uint8Array, code: ErrorCode, words: RegExp): Promise<void> {
  const work = workIn(t);
  const place = await withParent(work);
  await assert.rejects(importLayer(work.native, place, [bytes]), (error: unknown) => {
    assert.equal((error as { code: string }).code, code, (error as Error).message);
    assert.match((error as Error).message, words);
    return true;
  });
  assert.deepEqual(work.layers.calls, [], 'no layer call is made');
  assert.deepEqual(work.left(), []);
}
