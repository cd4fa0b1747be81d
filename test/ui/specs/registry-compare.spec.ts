// The registry in a comparison: of two images, of two layers, and with an image that has none.
import type { Page } from '@playwright/test';
import { deltaHive, dword, hive, removedValue, sz } from '../../support/hive-builder.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, type ImageLayer, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const CONFIG = 'Files/Windows/System32/config';

/** Returns the lowest layer of a version of the image. */
function base(version: number): ImageLayer {
  const software = hive({
    name: 'ROOT',
    keys: [
      {
        name: 'Microsoft',
        keys: [
          { name: 'Run', values: [sz('Updater', `C:\\Program Files\\Updater ${version}\\updater.exe`), dword('Delay', 30)] },
          version === 1
            ? { name: 'Telemetry', values: [sz('Server', 'telemetry.example')], keys: [{ name: 'Queue', values: [dword('Length', 9)] }] }
            : { name: 'Defender', values: [dword('Enabled', 1)] },
        ],
      },
    ],
  });
  const system = hive({ name: 'ROOT', keys: [{ name: 'Select', values: [dword('Current', 1)] }] });
  const user = hive({ name: 'ROOT', keys: [{ name: 'Console', values: [sz('Face', `Font ${version}`)] }] });
  const name = version === 1 ? 'old' : 'new';
  return {
    tar: tar(
      directory('Files/'),
      file(`${CONFIG}/SOFTWARE`, software),
      file(`${CONFIG}/SYSTEM`, system),
      file(`Files/Users/${name}/NTUSER.DAT`, user),
    ),
    createdBy: `Apply image 10.0.${version}`,
  };
}

const DELTA = deltaHive({
  name: 'ROOT',
  keys: [
    { name: 'Microsoft', layer: 0x80, keys: [{ name: 'Run', layer: 0x80, values: [removedValue('Updater'), dword('Delay', 5)] }] },
    { name: 'Vendor', layer: 3, values: [sz('', 'Vendor')] },
  ],
});
const SETUP: ImageLayer = { tar: tar(directory('Hives/'), file('Hives/Software_Delta', DELTA)), createdBy: 'cmd /S /C setup.exe' };
const NOTE: ImageLayer = { tar: tar(file('Files/note.txt', 'x')), createdBy: 'cmd /S /C echo x> note.txt' };

async function drop(win: LayerscopeWindow, name: string, ...layers: readonly ImageLayer[]): Promise<void> {
  await win.drop(await win.write(`${name}.tar`, dockerArchive(layers, { name: `acme/${name}:1`, os: 'windows' })));
  await expect(win.page.getByRole('heading', { name: `acme/${name}:1` })).toBeVisible();
}

/** Compares the last image, as B, with the image opened before it. */
async function compare(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'Compare' }).click();
}

const parts = (page: Page) => {
  const registry = page.getByRole('region', { name: 'Registry', exact: true });
  const tree = registry.getByRole('treegrid', { name: 'Changed keys' });
  return { registry, tree, row: (name: RegExp) => tree.getByRole('row', { name }) };
};

test('the registries of two images are compared', { tag: '@page' }, async ({ win }) => {
  await drop(win, 'old', base(1), NOTE);
  await drop(win, 'new', base(2), SETUP);
  const { page } = win;
  const { registry, tree, row } = parts(page);
  await compare(page);
  await page.getByRole('radio', { name: 'Registry' }).click();
  // SYSTEM doesn't differ and isn't listed.
  await expect(tree.getByRole('row', { name: /SYSTEM/ })).toHaveCount(0);
  await expect(row(/^added Vendor 1$/)).toBeVisible();
  await expect(row(/^added Defender 1$/)).toBeVisible();
  await row(/^modified Run 2$/).click();
  const run = registry.getByRole('article', { name: 'Microsoft\\Run modified' });
  await expect(run.getByRole('row', { name: /^modified Delay REG_DWORD in A: 0x0000001e \(30\) 0x00000005 \(5\)$/ })).toBeVisible();
  await expect(run.getByRole('row', { name: /^removed Updater REG_SZ in A: C:\\Program Files\\Updater 1/ })).toBeVisible();
  // A removed key is shown as A has it.
  await row(/^removed Telemetry/).click();
  const removed = registry.getByRole('article', { name: 'Microsoft\\Telemetry removed' });
  await expect(removed.getByRole('row', { name: /^removed Server REG_SZ telemetry\.example/ })).toBeVisible();
  await removed.getByText('Subkey Queue').click();
  await expect(removed.getByRole('row', { name: /^removed Length/ })).toBeVisible();
  await expect(registry.getByRole('button', { name: 'Save as .reg…' })).toHaveCount(0);
  // Some hives are only on one side.
  await row(/Files\/Users\/old\/NTUSER\.DAT/).click();
  await expect(registry).toContainText('Only A has this hive');
  await expect(registry.getByRole('article', { name: 'Files/Users/old/NTUSER.DAT removed' })).toContainText('1 subkey');
  await row(/Files\/Users\/new\/NTUSER\.DAT/).click();
  await expect(registry).toContainText('Only B has this hive');
  await row(/SOFTWARE/).click();
  await expect(registry).toContainText('Both sides have this hive');
  expect(await complaintsOf(page)).toEqual([]);

  await page.getByRole('searchbox').fill('defender');
  await expect(tree.getByRole('row')).toHaveText([/Key/, /SOFTWARE/, /Microsoft/, /Defender/]);
  await expect(registry.getByRole('status')).toHaveText('1 changed key');
  await page.getByRole('searchbox').fill('');

  // With the sides swapped, what was added is removed.
  await page.getByRole('button', { name: /Swap/ }).click();
  await row(/^removed Vendor/).click();
  await expect(registry.getByRole('article', { name: 'Vendor removed' }).getByRole('row', { name: /^removed \(default\)/ })).toBeVisible();
  await expect(row(/^added Queue/)).toHaveCount(0);
  await expect(row(/^added Telemetry/)).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('the registries at two layers are compared, and may be the same', { tag: '@page' }, async ({ win }) => {
  await drop(win, 'own', base(1), SETUP, NOTE);
  const { page } = win;
  const { registry, tree, row } = parts(page);
  await page.getByRole('radio', { name: 'Registry' }).click();
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('button', { name: /^Layer 1 / }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /Compare with the layer below/ }).click();
  // The Registry view stays selected.
  await expect(tree.getByRole('row')).toHaveText([/Key/, /SOFTWARE/, /Microsoft/, /Run/, /Vendor/]);
  await row(/^modified Run 2$/).click();
  await expect(registry.getByRole('row', { name: /^removed Updater REG_SZ in A: / })).toBeVisible();
  await page.getByRole('radio', { name: 'Layer', exact: true }).click();
  await page.getByRole('button', { name: /^Layer 2 / }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /Compare with the layer below/ }).click();
  await expect(registry.getByText('The registries do not differ')).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a comparison with an image that has no registry shows the other’s hives as removed', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const { registry, row } = parts(page);
  await drop(win, 'windows', base(1));
  await win.drop(await win.write('linux.tar', dockerArchive(WEB_API, { name: 'acme/linux:1' })));
  await expect(page.getByRole('heading', { name: 'acme/linux:1' })).toBeVisible();
  await compare(page);
  await page.getByRole('radio', { name: 'Registry' }).click();
  await row(/SOFTWARE/).click();
  await expect(registry).toContainText('Only A has this hive');
  await expect(registry.getByRole('article', { name: 'SOFTWARE removed' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});
