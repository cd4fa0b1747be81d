import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, ociLayout, WEB_API } from '../support/images.ts';
import { saved } from '../support/saving.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return win.page;
}

test('a file, a folder and an image’s report can be saved', async ({ win }) => {
  const page = await openWebApi(win);
  const report = await saved(win, () => page.getByRole('button', { name: 'Save report…' }).click());
  expect(report.name).toBe('web-api.tar.json');
  expect(JSON.parse(report.bytes.toString()).images[0].names).toEqual(['acme/web-api:1.8']);
  await page.keyboard.press('2');
  await page.keyboard.press('/');
  await page.keyboard.type('passwd');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /passwd/ }).click();
  const file = await saved(win, () => page.getByRole('button', { name: 'Save…' }).click());
  expect(file.name).toBe('passwd');
  expect(file.bytes.toString()).toContain('root:x:0:0');
  await page.getByRole('row', { name: /etc/ }).first().click();
  // The keys open a menu of everything that can be saved, starting with the selected path.
  await page.keyboard.press('Control+s');
  const menu = page.getByRole('menu', { name: 'Save' });
  await expect(menu.getByRole('menuitem')).toHaveText([
    'Save etc/ as tar…',
    /^Save as stored…/,
    'Save as uncompressed tar…',
    'Save as Docker archive…',
    'Save as OCI archive…',
    'Save report…',
    'Import to store',
  ]);
  await expect(menu.getByText('Image acme/web-api:1.8')).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  const folder = await saved(win, () => page.keyboard.press('Enter'));
  expect(folder.name).toBe('etc.tar');
  expect(folder.bytes.subarray(257, 262).toString()).toBe('ustar');
  expect(win.complaints).toEqual([]);
});

test('a layer is saved as stored or uncompressed, and an image as an archive that opens again', async ({ win }) => {
  const { page } = win;
  const files = ociLayout(WEB_API, 'acme/web-api:1.8');
  await win.drop(await win.write('oci.tar', tar(...[...files].map(([name, bytes]) => file(name, bytes)))));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  const layer = await saved(win, async () => {
    await page.getByRole('button', { name: 'Save layer…' }).click();
    await page.getByRole('menuitem', { name: /As uncompressed tar/ }).click();
  });
  expect(layer.name).toBe('layer-2.tar');
  expect(layer.bytes.equals(Buffer.from(WEB_API[2]?.tar ?? []))).toBe(true);
  const image = await saved(win, async () => {
    await page.getByRole('button', { name: 'Save image…' }).click();
    await page.getByRole('menuitem', { name: /As Docker archive/ }).click();
  });
  expect(image.name).toMatch(/web-api.*\.tar$/);
  await win.drop(await win.write('again.tar', image.bytes));
  await expect(page.getByRole('button', { name: 'Close again.tar' })).toBeAttached();
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('a comparison is saved in the command line’s format', async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.keyboard.press('3');
  const { name, bytes } = await saved(win, () => page.getByRole('button', { name: 'Save comparison (JSON)' }).click());
  expect(name).toBe('differences.jsonl');
  const lines = bytes.toString().trimEnd().split('\n');
  for (const line of lines) expect(['added', 'modified', 'removed']).toContain(JSON.parse(line).kind);
});

test('while a file is selected, its layer can be saved and its image imported by keys; the file stays selected', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await page.getByRole('row', { name: 'modified libssl.so.3' }).click();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'libssl.so.3' })).toBeVisible();
  await page.keyboard.press('Control+s');
  const menu = page.getByRole('menu', { name: 'Save' });
  await expect(menu.getByRole('menuitem', { name: 'Save as uncompressed tar…' })).toBeVisible();
  await page.keyboard.press('End');
  await expect(menu.getByRole('menuitem', { name: 'Import to store' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Store', exact: true }).getByRole('listitem')).toHaveCount(1);
  await expect(details.getByRole('heading', { name: 'libssl.so.3' })).toBeVisible();
});
