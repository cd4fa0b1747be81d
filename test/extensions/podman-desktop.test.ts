import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type * as desktop from '@podman-desktop/api';
import { createBench, dockerArchive, MAIN } from '../cli/run-cli.ts';
import { fakeEngine } from '../support/fake-engine.ts';
import { directory, file, symlink, tar } from '../support/tar-builder.ts';

// The built extension with the real program; an engine and the parts of Podman Desktop's API that it uses are stand-ins.

const root = path.resolve(import.meta.dirname, '..', '..');
const ID = `sha256:${'ab'.repeat(32)}`;
const LAYERS = [
  tar(directory('etc/'), file('etc/passwd', 'root'), file('etc/old', 'x'), directory('var/'), file('var/a', 'a')),
  tar(file('./etc/.wh.old', ''), directory('./var/'), file('./var/.wh..wh..opq', ''), symlink('./etc/link', 'passwd')),
];

type Callbacks = desktop.ImageFilesCallbacks;
interface Recorded {
  readonly layers: desktop.ImageFilesystemLayer[];
}

/** Returns an engine's id for the image in an archive. */
function configDigest(archive: Uint8Array): string {
  const read = (name: string): Buffer => execFileSync('tar', ['-xOf', '-', name], { input: archive });
  const [{ Config }] = JSON.parse(read('manifest.json').toString()) as [{ Config: string }];
  return `sha256:${createHash('sha256').update(read(Config)).digest('hex')}`;
}

/** Loads the built extension with stand-ins for Podman Desktop. Returns the provider's callbacks. */
async function activated(t: TestContext, env: NodeJS.ProcessEnv): Promise<Callbacks> {
  const { folder } = createBench(t);
  execFileSync(process.execPath, [path.join(root, 'scripts', 'podman-desktop.ts')], { stdio: 'pipe', timeout: 120_000 });
  let callbacks: Callbacks | null = null;
  const helper = (key: 'files' | 'whiteouts' | 'opaqueWhiteouts') => (layer: Record<string, unknown[]>, value: unknown) => {
    layer[key] = [...(layer[key] ?? []), value];
    return provider;
  };
  const provider = {
    addFile: helper('files'),
    addDirectory: helper('files'),
    addSymlink: helper('files'),
    addWhiteout: helper('whiteouts'),
    addOpaqueWhiteout: helper('opaqueWhiteouts'),
    dispose() {},
  };
  const api = {
    provider: {
      createImageFilesProvider(given: Callbacks) {
        callbacks = given;
        return provider;
      },
    },
    process: {
      exec: async (command: string, args: string[]) => {
        assert.equal(command, 'layerscope');
        return promisify(execFile)(process.execPath, [MAIN, ...args], {
          env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, XDG_CACHE_HOME: folder, ...env },
          timeout: 60_000,
        });
      },
    },
    configuration: { getConfiguration: () => ({ get: () => '' }) },
  };
  // Podman Desktop gives the extension its API when the extension requires it.
  const installed = path.join(folder, 'extension');
  cpSync(path.join(root, 'out', 'podman-desktop'), installed, { recursive: true });
  const standIn = path.join(installed, 'node_modules', '@podman-desktop', 'api');
  mkdirSync(standIn, { recursive: true });
  writeFileSync(path.join(standIn, 'index.js'), 'module.exports = globalThis.podmanDesktopStandIn;');
  (globalThis as { podmanDesktopStandIn?: unknown }).podmanDesktopStandIn = api;
  const { main } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as { main: string };
  const extension = createRequire(import.meta.url)(path.join(installed, main)) as {
    activate(context: { subscriptions: unknown[] }): void;
  };
  const subscriptions: unknown[] = [];
  extension.activate({ subscriptions });
  assert.deepEqual(subscriptions, [provider]);
  assert.ok(callbacks);
  return callbacks;
}

test('Podman Desktop gets an image’s layers with files, links and whiteouts', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  const archive = dockerArchive([LAYERS, { commands: ['COPY . /', 'RUN clean'] }]);
  const id = configDigest(archive);
  engine.images.push({ id, names: ['app:1'], archive });
  const { getFilesystemLayers } = await activated(t, { DOCKER_HOST: `unix://${socket}` });
  const { layers } = (await getFilesystemLayers({ engineType: 'docker', Id: id } as desktop.ImageInfo)) as Recorded;
  assert.deepEqual(
    layers.map(({ id, ...rest }) => ({ hasId: id.startsWith('sha256:'), ...rest })),
    [
      {
        hasId: true,
        createdBy: 'COPY . /',
        files: [
          { path: 'etc', mode: 0o755 },
          { path: 'etc/passwd', mode: 0o644, size: 4 },
          { path: 'etc/old', mode: 0o644, size: 1 },
          { path: 'var', mode: 0o755 },
          { path: 'var/a', mode: 0o644, size: 1 },
        ],
      },
      {
        hasId: true,
        createdBy: 'RUN clean',
        whiteouts: ['etc/old'],
        files: [
          { path: 'var', mode: 0o755 },
          { path: 'etc/link', mode: 0o777, linkPath: 'passwd' },
        ],
        opaqueWhiteouts: ['var'],
      },
    ],
  );
});

test('an image that the engine doesn’t have is an error for Podman Desktop to show', async (t) => {
  const { socket } = await fakeEngine(t);
  const { getFilesystemLayers } = await activated(t, { DOCKER_HOST: `unix://${socket}` });
  await assert.rejects(async () => getFilesystemLayers({ engineType: 'docker', Id: ID } as desktop.ImageInfo), /NOT_FOUND/);
});
