// A Windows image's registry: what each layer changed, and the registry at a layer as a tree.
import type { Locator, Page } from '@playwright/test';
import { deltaHive, descriptor, dword, hive, removedValue, sz } from '../../support/hive-builder.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, type ImageLayer, WEB_API } from '../support/images.ts';
import { saved } from '../support/saving.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const MANY = Array.from({ length: 260 }, (_, at) => ({
  name: `Key ${String(at).padStart(3, '0')}`,
  layer: 3,
  values: [dword('Number', at)],
}));

const SOFTWARE = hive({
  name: 'ROOT',
  security: descriptor(),
  keys: [
    {
      name: 'Microsoft',
      written: 133_000_000_000_000_000n,
      keys: [
        { name: 'Run', values: [sz('Updater', 'C:\\Program Files\\Updater\\updater.exe /quiet'), dword('Delay', 30)] },
        { name: 'Telemetry', values: [sz('Server', 'telemetry.example')], keys: [{ name: 'Queue' }] },
      ],
    },
  ],
});
const DELTA = deltaHive({
  name: 'ROOT',
  keys: [
    {
      name: 'Microsoft',
      layer: 0x80,
      keys: [
        { name: 'Run', layer: 0x80, values: [removedValue('Updater'), dword('Delay', 5), sz('Agent', 'C:\\agent\\agent.exe')] },
        { name: 'Telemetry', layer: 1 },
      ],
    },
    { name: 'Vendor', layer: 3, values: [sz('', 'Vendor \u202ecod.exe')], keys: [{ name: 'Many', layer: 3, keys: MANY }] },
  ],
});

const LAYERS: readonly ImageLayer[] = [
  { tar: tar(directory('Files/'), file('Files/Windows/System32/config/SOFTWARE', SOFTWARE)), createdBy: 'Apply image 10.0.20348' },
  { tar: tar(directory('Hives/'), file('Hives/Software_Delta', DELTA)), createdBy: 'cmd /S /C agent-setup.exe /quiet' },
  { tar: tar(file('Files/app.txt', 'x')), createdBy: 'cmd /S /C echo x> app.txt' },
];

/** Expects the page not to scroll sideways. */
async function expectNoOverflow(page: Page): Promise<void> {
  const { scroll, room } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, room: window.innerWidth }));
  expect(scroll).toBeLessThanOrEqual(room);
}

async function openRegistry(win: LayerscopeWindow) {
  await win.drop(await win.write('windows.tar', dockerArchive(LAYERS, { name: 'acme/agent:2', os: 'windows' })));
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('radio', { name: 'Registry' }).click();
  return {
    page,
    registry: page.getByRole('region', { name: 'Registry', exact: true }),
    layer: (index: number) => page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }),
  };
}

const row = (registry: Locator, name: string) =>
  registry.getByRole('row', { name: new RegExp(`^(added |modified |removed |contains .* )?${name}( [\\d,]+)?$`) });

test('a layer’s changed keys are a tree with counts, next to the changes in the chosen key', { tag: '@page' }, async ({ win }) => {
  const { page, registry, layer } = await openRegistry(win);
  await layer(1).click();
  await expect(page.getByRole('heading', { name: 'Registry changes in layer 1' })).toBeVisible();
  const tree = registry.getByRole('treegrid', { name: 'Changed keys' });
  // The tree is open down to the topmost changed keys, which are closed and show the number of changed values in and below each.
  await expect(tree.getByRole('row')).toHaveText([
    /Key.*Changed values/,
    /SOFTWARE265$/,
    /Microsoft4$/,
    /Run3$/,
    /Telemetry1$/,
    /Vendor261$/,
  ]);
  await expect(row(tree, 'Microsoft')).toHaveAttribute('aria-level', '2');
  await expect(row(tree, 'Vendor')).toHaveAttribute('aria-expanded', 'false');
  // The first changed key is chosen.
  await expect(row(tree, 'Run')).toHaveAttribute('aria-selected', 'true');
  const run = registry.getByRole('article', { name: 'Microsoft\\Run modified' });
  await expect(run.getByRole('row')).toHaveCount(4);
  await expect(run.getByRole('row', { name: /^added Agent REG_SZ C:\\agent\\agent\.exe$/ })).toBeVisible();
  // Paths break after separators, not inside names.
  expect(await run.getByText('agent.exe').first().locator('wbr').count()).toBeGreaterThan(1);
  await expect(run.getByRole('row', { name: /^modified Delay REG_DWORD before: 0x0000001e \(30\) 0x00000005 \(5\)$/ })).toBeVisible();
  await expect(run.getByRole('row', { name: /^removed Updater REG_SZ before: C:\\Program Files/ })).toBeVisible();
  await page.setViewportSize({ width: 1720, height: 860 });
  const [keys, values] = [await tree.boundingBox(), await run.boundingBox()];
  expect((keys?.x ?? 0) + (keys?.width ?? 0)).toBeLessThanOrEqual((values?.x ?? 0) + 1);
  await row(tree, 'Telemetry').click();
  await expect(registry.getByRole('article', { name: 'Microsoft\\Telemetry removed' })).toContainText('1 subkey, 1 value');
  await row(tree, 'Microsoft').click();
  await expect(registry).toContainText('Not changed itself; 2 changed keys below');
  await row(tree, 'SOFTWARE').click();
  await expect(registry).toContainText('Software_Delta');
  await row(tree, 'Vendor').click();
  await expect(registry.getByRole('article', { name: 'Vendor added' })).toContainText('Vendor \\u202Ecod.exe');

  // A changed key can also be saved as the layer left it, and its columns have headings.
  await expect(registry.getByRole('columnheader', { name: 'Data' })).toBeVisible();
  await expect(registry.getByRole('button', { name: 'Save as .reg…' })).toBeVisible();
  await row(tree, 'Telemetry').click();
  await expect(registry.getByRole('button', { name: 'Save as .reg…' })).toHaveCount(0);
  await expect(tree.locator('del').getByText('Telemetry')).toBeVisible();
  await row(tree, 'Vendor').click();

  // Only rows on screen are in the document.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(row(tree, 'Many')).toBeFocused();
  await expect(registry).toContainText('No values of its own; 260 values in 260 changed keys below');
  await page.keyboard.press('ArrowRight');
  await expect(tree).toHaveAttribute('aria-rowcount', '267');
  expect(await tree.getByRole('row').count()).toBeLessThan(80);
  await page.keyboard.press('End');
  await expect(row(tree, 'Key 259')).toBeFocused();
  await expect(registry.getByRole('article', { name: 'Vendor\\Many\\Key 259 added' })).toContainText('0x00000103 (259)');
  await page.keyboard.press('v');
  await expect(row(tree, 'Vendor')).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await expect(tree.getByRole('row')).toHaveCount(2);
  await page.keyboard.press('ArrowRight');
  expect(await complaintsOf(page)).toEqual([]);

  // A search expands the tree to its matches and selects the first.
  await page.getByRole('searchbox').fill('AGENT.exe');
  await expect(tree.getByRole('row')).toHaveText([/Key/, /SOFTWARE/, /Microsoft/, /Run/]);
  await expect(row(tree, 'Run')).toHaveAttribute('aria-selected', 'true');
  await expect(run.getByRole('row')).toHaveCount(2);
  await expect(run.locator('mark').first()).toHaveText(/agent\.exe/i);
  await expect(registry.getByRole('status')).toHaveText('1 changed key');
  await page.getByRole('searchbox').fill('key 259');
  await expect(row(tree, 'Key 259')).toHaveAttribute('aria-selected', 'true');
  expect(await complaintsOf(page)).toEqual([]);
  await page.getByRole('searchbox').fill('');
  await layer(2).click();
  await expect(registry.getByText('No registry hives here')).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a removed key shows its former values and subkeys', { tag: '@page' }, async ({ win }) => {
  const { page, registry, layer } = await openRegistry(win);
  await layer(1).click();
  await row(registry, 'Telemetry').click();
  const removed = registry.getByRole('article', { name: 'Microsoft\\Telemetry removed' });
  await expect(removed.getByRole('row', { name: /^removed Server REG_SZ telemetry\.example 0$/ })).toBeVisible();
  await removed.getByText('Subkey Queue').click();
  await expect(removed.getByText('No values of its own.')).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('in the whole image, keys and values have marks, and removed ones are listed as they were', { tag: '@page' }, async ({ win }) => {
  const { page, registry } = await openRegistry(win);
  const tree = registry.getByRole('treegrid', { name: 'Registry keys' });
  // The first key that any layer changed is selected, even if the top layer has no hive.
  await expect(tree.getByRole('row', { selected: true })).toHaveAccessibleName('modified Run 3');
  const marked = (name: string, mark: string) => tree.getByRole('row', { name: new RegExp(`^${mark} ${name}( [\\d,]+)?$`) });
  await expect(marked('Vendor', 'added')).toBeVisible();
  await expect(marked('Microsoft', 'contains 1 modified, 1 removed')).toBeVisible();
  await expect(marked('Telemetry', 'removed')).toBeVisible();
  await marked('Run', 'modified').click();
  const key = registry.getByRole('article', { name: 'Registry key' });
  await expect(key.getByRole('row')).toHaveCount(4);
  await expect(key.getByRole('row', { name: /^added Agent/ })).toBeVisible();
  // A changed value shows what it was before, as among a layer's changes.
  await expect(key.getByRole('row', { name: /^modified Delay REG_DWORD before: 0x0000001e \(30\) 0x00000005 \(5\) 1$/ })).toBeVisible();
  await expect(key.getByRole('row', { name: /^removed Updater REG_SZ C:\\Program Files.* 1$/ })).toBeVisible();
  await marked('Telemetry', 'removed').click();
  await expect(key).toContainText('removed in layer 1; shown as it was before');
  await expect(key.getByRole('row', { name: /^removed Server REG_SZ telemetry\.example 0$/ })).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await row(tree, 'Queue').click();
  await expect(key).toContainText('SOFTWARE\\Microsoft\\Telemetry\\Queue');
  await expect(key).toContainText('removed in layer 1');
  expect(await complaintsOf(page)).toEqual([]);
  // A filesystem has only what exists there, with its layer's changes.
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(marked('Run', 'modified')).toBeVisible();
  await expect(row(tree, 'Telemetry')).toHaveCount(0);
  await expect(key.getByRole('row')).toHaveCount(3);
  expect(win.complaints).toEqual([]);
});

test('the line between keys and values is moved by pointer and keys, and keeps its position', { tag: '@window' }, async ({ win }) => {
  const { page, registry, layer } = await openRegistry(win);
  await page.setViewportSize({ width: 1720, height: 860 });
  await layer(1).click();
  const line = registry.getByRole('separator', { name: 'Width of the key tree' });
  const width = async () => (await registry.getByRole('treegrid').boundingBox())?.width ?? 0;
  const before = await width();
  const box = (await line.boundingBox()) ?? { x: 0, y: 0 };
  await page.mouse.move(box.x, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x - 60, box.y + 100);
  await page.mouse.up();
  await expect.poll(width).toBe(before - 60);
  await line.focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(width).toBe(before - 44);
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect.poll(width).toBe(before - 44);
  await page.reload();
  await expect.poll(width).toBe(before - 44);
  // Values keep their space, and in a narrow pane they are below the keys.
  await page.keyboard.press('Escape');
  await line.focus();
  await page.keyboard.press('End');
  const values = await registry.getByRole('article').first().boundingBox();
  expect(values?.width).toBeGreaterThan(280);
  await page.setViewportSize({ width: 1320, height: 860 });
  await expect(line).toHaveCount(0);
  const height = async () => (await registry.getByRole('treegrid').boundingBox())?.height ?? 0;
  const high = await height();
  await registry.getByRole('separator', { name: 'Height of the key tree' }).focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(height).toBe(high + 16);
  expect(win.complaints).toEqual([]);
});

test('the registry’s heading matches what is highlighted in the chain', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openRegistry(win);
  await expect(page.getByRole('heading', { name: 'Registry of the whole image' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Changes' }).getByText(/^\d+ changed keys?$/)).toBeVisible();
  await layer(1).click();
  await expect(page.getByRole('heading', { name: 'Registry changes in layer 1' })).toBeVisible();
});

test('a single layer’s tar has a registry if it has hives, and packages if not', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('layer.tar', tar(directory('Hives/'), file('Hives/Software_Delta', DELTA))));
  const layouts = page.getByRole('radiogroup', { name: 'Layout' });
  await expect(layouts.getByRole('radio', { name: 'Registry' })).toBeVisible();
  await expect(layouts.getByRole('radio', { name: 'Packages' })).toHaveCount(0);
  await layouts.getByText('Registry').click();
  await expect(page.getByText('Vendor').first()).toBeVisible();
  await win.drop(await win.write('other.tar', tar(file('etc/passwd', 'root'))));
  await expect(layouts.getByRole('radio', { name: 'Packages' })).toBeVisible();
});

test('the registry at a layer is a tree of keys with values, which can be searched and exported', async ({ win }) => {
  const { page, registry, layer } = await openRegistry(win);
  await layer(1).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(page.getByRole('heading', { name: 'Registry at layer 1' })).toBeVisible();
  const tree = registry.getByRole('treegrid', { name: 'Registry keys' });
  // The tree is open down to the first key that the layer changed.
  await expect(row(tree, 'Run')).toHaveAttribute('aria-selected', 'true');
  await expect(row(tree, 'Run')).toHaveAttribute('tabindex', '0');
  await expect(row(tree, 'Telemetry')).toHaveCount(0);
  const key = registry.getByRole('article', { name: 'Registry key' });
  await expect(key).toContainText('SOFTWARE\\Microsoft\\Run');
  await expect(key.getByRole('row')).toHaveText([/Name/, /Agent.*agent\.exe.*1/, /Delay.*\(5\).*1/]);
  await expect(key).toContainText('created in layer 0 · changed in layer 1');
  expect(await complaintsOf(page)).toEqual([]);

  const reg = await saved(win, () => key.getByRole('button', { name: 'Save as .reg…' }).click());
  const text = reg.bytes.toString('utf16le').slice(1);
  expect(text).toContain(
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Run]\r\n"Agent"="C:\\\\agent\\\\agent.exe"\r\n"Delay"=dword:00000005\r\n',
  );

  await row(tree, 'Vendor').dblclick();
  await row(tree, 'Many').dblclick();
  await expect(tree).toHaveAttribute('aria-rowcount', '266');
  expect(await tree.getByRole('row').count()).toBeLessThan(80);
  await page.keyboard.press('End');
  await expect(row(tree, 'Key 259')).toBeFocused();
  await expect(key).toContainText('0x00000103 (259)');

  // In a layer without changes, its only hive is selected.
  await layer(0).click();
  await expect(row(tree, 'SOFTWARE')).toHaveAttribute('aria-selected', 'true');
  await row(tree, 'Microsoft').dblclick();
  await expect(row(tree, 'Telemetry')).toBeVisible();

  await page.getByRole('searchbox').fill('telemetry.EXAMPLE');
  const found = registry.getByRole('treegrid', { name: 'Matching keys' });
  await expect(found.getByRole('row')).toHaveText([/Key/, /SOFTWARE/, /Microsoft/, /Telemetry Server/]);
  // The first match is shown at once; afterwards the tree is open down to it.
  await expect(row(found, 'Telemetry Server')).toHaveAttribute('aria-selected', 'true');
  await expect(key.getByRole('row', { name: /Server/ })).toContainText('telemetry.example');
  await page.getByRole('searchbox').fill('');
  await expect(row(tree, 'Telemetry')).toHaveAttribute('aria-selected', 'true');
  expect(win.complaints).toEqual([]);
});

test('the registry’s tree is navigated with the arrow keys alone, and a single Tab moves the focus into it', { tag: '@window' }, async ({
  win,
}) => {
  const { page, registry, layer } = await openRegistry(win);
  await layer(1).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  const tree = registry.getByRole('treegrid', { name: 'Registry keys' });
  await expect(row(tree, 'Run')).toHaveAttribute('aria-selected', 'true');
  await row(tree, 'SOFTWARE').click();
  const press = async (keys: readonly string[], focused: string) => {
    for (const each of keys) await page.keyboard.press(each);
    await expect(row(tree, focused)).toBeFocused();
  };
  await press(['ArrowRight'], 'Microsoft');
  await press(['ArrowLeft'], 'Microsoft');
  await press(['ArrowDown'], 'Vendor');
  await press(['ArrowUp', 'ArrowRight'], 'Microsoft');
  await expect(row(tree, 'Run')).toBeVisible();
  await press(['ArrowDown'], 'Run');
  await expect(registry.getByRole('article', { name: 'Registry key' })).toContainText('SOFTWARE\\Microsoft\\Run');
  await press(['Home'], 'SOFTWARE');
  await press(['End'], 'Vendor');
  await press(['Home', 'ArrowDown', 'ArrowDown'], 'Run');
  await press(['ArrowLeft'], 'Microsoft');
  await press(['ArrowLeft'], 'Microsoft');
  await expect(row(tree, 'Run')).toHaveCount(0);
  await press(['ArrowLeft', 'ArrowLeft'], 'SOFTWARE');
  await expect(tree.getByRole('row')).toHaveCount(2);
  // Tab leaves the tree, and returns to the same key.
  await page.keyboard.press('Tab');
  await expect(registry.getByRole('button', { name: 'Save as .reg…' })).toBeFocused();
  await press(['Shift+Tab'], 'SOFTWARE');
  expect(await complaintsOf(page)).toEqual([]);

  await page.getByRole('searchbox').fill('number');
  const found = registry.getByRole('treegrid', { name: 'Matching keys' });
  await expect(found).toHaveAttribute('aria-rowcount', '264');
  await expect(row(found, 'Key 000 Number')).toHaveAttribute('aria-selected', 'true');
  await row(found, 'Key 000 Number').focus();
  await page.keyboard.press('End');
  await expect(row(found, 'Key 259 Number')).toBeFocused();
  await expect(registry.getByRole('article', { name: 'Registry key' })).toContainText('0x00000103 (259)');
  await page.getByRole('searchbox').fill('nowhere at all');
  await expect(registry.getByText('No matching key, value name or data')).toBeVisible();
  await page.getByRole('radio', { name: 'Layer', exact: true }).click();
  await expect(registry.getByText('No matching key, value name or data')).toBeVisible();
  await expect(registry.getByRole('heading')).toHaveCount(0);
  await registry.getByRole('button', { name: 'Clear filter' }).click();
  await expect(page.getByRole('searchbox')).toHaveValue('');
  // Text searched for in the registry isn't a path, so it is forgotten in the tree of files.
  await page.getByRole('searchbox').fill('nowhere at all');
  await page.getByRole('radio', { name: 'Tree', exact: true }).click();
  await expect(page.getByRole('searchbox')).toHaveValue('');
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  expect(win.complaints).toEqual([]);
});

const MANY_VALUES = 1234;

test('a key with more values than fit on a page is read to its last value', { tag: '@page' }, async ({ win }) => {
  const values = Array.from({ length: MANY_VALUES }, (_, at) => dword(`Value ${String(at).padStart(4, '0')}`, at));
  const delta = deltaHive({ name: 'ROOT', keys: [{ name: 'Vendor', layer: 3, values }] });
  const layers = [LAYERS[0] as ImageLayer, { tar: tar(directory('Hives/'), file('Hives/Software_Delta', delta)), createdBy: 'cmd' }];
  await win.drop(await win.write('many.tar', dockerArchive(layers, { name: 'acme/many:1', os: 'windows' })));
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('radio', { name: 'Registry' }).click();
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  const registry = page.getByRole('region', { name: 'Registry', exact: true });
  await row(registry, 'Vendor').click();
  const key = registry.getByRole('article', { name: 'Registry key' });
  await expect(key.getByRole('row')).toHaveCount(501);
  await key.getByRole('button', { name: 'Show 500 more values' }).click();
  await expect(key.getByRole('row')).toHaveCount(1001);
  await key.getByRole('button', { name: 'Show 234 more values' }).click();
  await expect(key.getByRole('row')).toHaveCount(MANY_VALUES + 1);
  await expect(key.getByRole('row').last()).toHaveText(/Value 1233.*\(1233\).*1$/);
  await expect(key.getByRole('button', { name: /more values/ })).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

for (const [width, height] of [
  [600, 800],
  [900, 700],
  [1440, 860],
] as const) {
  test(`nothing in the registry is cut off in a window ${width} px wide, light or dark`, { tag: '@page' }, async ({ win }) => {
    test.slow();
    const { page, registry, layer } = await openRegistry(win);
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await layer(1).click();
      await page.getByRole('radio', { name: 'Layer', exact: true }).click();
      await expect(registry.getByRole('article').first()).toBeVisible();
      await expectNoOverflow(page);
      await page.getByRole('radio', { name: 'Filesystem' }).click();
      await row(registry, 'Run').click();
      const key = registry.getByRole('article', { name: 'Registry key' });
      await expect(key.getByRole('row')).toHaveCount(3);
      await expectNoOverflow(page);
      const cut = await key
        .locator('th, td, h3, p')
        .evaluateAll((cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent));
      expect(cut).toEqual([]);
      expect(await complaintsOf(page)).toEqual([]);
    }
    expect(win.complaints).toEqual([]);
  });
}

test('an image for another system has no registry', { tag: '@page' }, async ({ win }) => {
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  await expect(win.page.getByRole('radio', { name: 'Breakdown' })).toBeVisible();
  await expect(win.page.getByRole('radio', { name: 'Registry' })).toHaveCount(0);
});

test('an image without a registry is shown as a tree when it replaces one with a registry', { tag: '@window' }, async ({ win }) => {
  const { page, registry } = await openRegistry(win);
  await expect(registry).toBeVisible();
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Tree', exact: true })).toBeChecked();
  await expect(registry).toHaveCount(0);
});

test('a comparison started from the registry stays there', { tag: '@page' }, async ({ win }) => {
  const { page } = await openRegistry(win);
  await expect(page.getByRole('searchbox', { name: 'Filter registry' })).toBeVisible();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await page.getByRole('dialog').getByText('Layer 0', { exact: true }).click();
  await expect(page.getByRole('treegrid', { name: 'Changed keys' })).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Filter registry' })).toBeVisible();
  await page.getByRole('radio', { name: 'Tree', exact: true }).click();
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Filter by path' })).toBeVisible();
});

test('for layers without hives, a single note says that there is no registry, and there is no empty pane', { tag: '@page' }, async ({
  win,
}) => {
  const layer = { tar: tar(directory('Files/'), file('Files/app.txt', 'x')), createdBy: 'cmd /S /C echo x> app.txt' };
  await win.drop(await win.write('bare.tar', dockerArchive([layer], { name: 'acme/bare:1', os: 'windows' })));
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('radio', { name: 'Registry' }).click();
  const registry = page.getByRole('region', { name: 'Registry', exact: true });
  for (const mode of ['Image', 'Filesystem', 'Layer']) {
    await page.getByRole('radio', { name: mode, exact: true }).click();
    await expect(registry.getByText('No registry hives here')).toHaveCount(1);
    await expect(registry.getByText('Choose a key')).toHaveCount(0);
    await expect(registry.getByRole('separator')).toHaveCount(0);
  }
  expect(await complaintsOf(page)).toEqual([]);
});

test('where values are below the key tree, the line between them can be dragged, and stays there', { tag: '@page' }, async ({ win }) => {
  const { page, registry } = await openRegistry(win);
  const line = registry.getByRole('separator', { name: 'Height of the key tree' });
  const height = async () => Math.round((await registry.getByRole('treegrid').boundingBox())?.height ?? 0);
  const before = await height();
  const box = (await line.boundingBox()) ?? { x: 0, y: 0 };
  // Three pixels off the line are near enough.
  await page.mouse.move(box.x + 100, box.y + 3);
  await page.mouse.down();
  await page.mouse.move(box.x + 100, box.y + 83);
  await page.mouse.up();
  await expect.poll(height).toBe(before + 80);
  await page.reload();
  await expect.poll(height).toBe(before + 80);
});
