// The desktop window's position is saved when the window closes, and isn't trusted when it is read back.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication, expect, test } from '@playwright/test';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const out = process.env.LAYERSCOPE_OUT ?? path.join(root, 'dist');

let profile = '';
test.beforeEach(async () => {
  profile = await mkdtemp(path.join(tmpdir(), 'layerscope-place-'));
});
test.afterEach(() => rm(profile, { recursive: true, force: true, maxRetries: 3 }));

async function launch(): Promise<ElectronApplication> {
  const executablePath = process.env.LAYERSCOPE_ELECTRON;
  if (executablePath === undefined) throw new Error('LAYERSCOPE_ELECTRON names no runtime: run npm run test:ui');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const shim = path.join(import.meta.dirname, '..', 'electron22-shim.cjs');
  const app = await _electron.launch({
    executablePath,
    args: [...sandbox, '-r', shim, path.join(out, 'electron', 'main.cjs')],
    env: {
      ...(process.env as Record<string, string>),
      XDG_CACHE_HOME: path.join(profile, 'cache'),
      XDG_DATA_HOME: path.join(profile, 'data'),
      LAYERSCOPE_TEST_PROFILE: profile,
    },
  });
  await app.firstWindow();
  return app;
}

const boundsOf = (app: ElectronApplication) => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds());
const placeFile = () => path.join(profile, 'window.json');

test('the window opens where it was closed', async () => {
  const first = await launch();
  const wanted = { x: 40, y: 60, width: 700, height: 500 };
  await first.evaluate(({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds), wanted);
  await expect.poll(() => boundsOf(first)).toMatchObject({ width: 700, height: 500 });
  const left = await boundsOf(first);
  await first.close();
  expect(JSON.parse(await readFile(placeFile(), 'utf8'))).toMatchObject({ width: 700, height: 500, isMaximized: false });
  const second = await launch();
  expect(await boundsOf(second)).toEqual(left);
  await second.close();
});

for (const [what, kept] of [
  ['on a screen that is gone', JSON.stringify({ x: 90_000, y: 90_000, width: 700, height: 500, isMaximized: false })],
  ['too small to be used', JSON.stringify({ x: 0, y: 0, width: 3, height: 3, isMaximized: false })],
  ['not JSON', '{'],
] as const) {
  test(`a saved position that is ${what} is not used`, async () => {
    await writeFile(placeFile(), kept);
    const app = await launch();
    const bounds = await boundsOf(app);
    expect(bounds?.x).toBeLessThan(10_000);
    expect(bounds?.width).toBeGreaterThan(400);
    await app.close();
  });
}
