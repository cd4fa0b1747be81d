// The registry of a Windows image: what each layer changed, and the registry at a layer as a tree.
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

test('a layer shows the keys and values that it added, modified and removed', async ({ win }) => {
  const { page, registry, layer } = await openRegistry(win);
  await layer(1).click();
  await expect(page.getByRole('heading', { name: 'Registry changes of layer 1' })).toBeVisible();
  await expect(registry.getByRole('heading', { name: 'Layer 1 · SOFTWARE' })).toBeVisible();
  const run = registry.getByRole('article', { name: 'Microsoft\\Run modified' });
  await expect(run.getByRole('row')).toHaveCount(4);
  await expect(run.getByRole('row', { name: /^added Agent REG_SZ C:\\agent\\agent\.exe$/ })).toBeVisible();
  await expect(run.getByRole('row', { name: /^modified Delay REG_DWORD 0x00000005 \(5\) before: 0x0000001e \(30\)$/ })).toBeVisible();
  await expect(run.getByRole('row', { name: /^removed Updater REG_SZ before: C:\\Program Files/ })).toBeVisible();
  const gone = registry.getByRole('article', { name: 'Microsoft\\Telemetry removed' });
  await expect(gone).toContainText('1 key below it, 1 value');
  await expect(registry.getByRole('article', { name: 'Vendor added' })).toContainText('Vendor \\u202Ecod.exe');
  await expect(registry.getByRole('article', { name: 'Vendor\\Many\\Key 230 added' })).toHaveCount(0);
  await registry.getByRole('button', { name: /^Show more \(/ }).click();
  await expect(registry.getByRole('article', { name: 'Vendor\\Many\\Key 230 added' })).toHaveCount(1);

  await page.getByRole('searchbox').fill('AGENT.exe');
  await expect(registry.getByRole('article')).toHaveCount(1);
  await expect(run.getByRole('row')).toHaveCount(2);
  expect(await complaintsOf(page)).toEqual([]);
  await page.getByRole('searchbox').fill('');
  await layer(2).click();
  await expect(registry.getByText('No registry hives here')).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('the registry at a layer is a tree of keys with values, which can be searched and exported', async ({ win }) => {
  const { page, registry, layer } = await openRegistry(win);
  await layer(1).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(page.getByRole('heading', { name: 'Registry at layer 1' })).toBeVisible();
  await registry.getByRole('button', { name: 'Keys below SOFTWARE' }).click();
  await registry.getByRole('button', { name: 'Keys below Microsoft' }).click();
  await expect(registry.getByRole('button', { name: 'Telemetry', exact: true })).toHaveCount(0);
  await registry.getByRole('button', { name: 'Run', exact: true }).click();
  const key = registry.getByRole('article', { name: 'Registry key' });
  await expect(key.getByRole('row')).toHaveText([/Name/, /Agent.*agent\.exe.*1/, /Delay.*\(5\).*1/]);
  await expect(key).toContainText('from layers 1, 0');
  expect(await complaintsOf(page)).toEqual([]);

  const reg = await saved(win, () => key.getByRole('button', { name: 'Export .reg' }).click());
  const text = reg.bytes.toString('utf16le').slice(1);
  expect(text).toContain(
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Run]\r\n"Agent"="C:\\\\agent\\\\agent.exe"\r\n"Delay"=dword:00000005\r\n',
  );

  await registry.getByRole('button', { name: 'Keys below Vendor' }).click();
  await registry.getByRole('button', { name: 'Keys below Many' }).click();
  await expect(registry.getByRole('button', { name: 'Key 199', exact: true })).toBeVisible();
  await registry.getByRole('button', { name: /^Show more keys \(60 left\)$/ }).click();
  await expect(registry.getByRole('button', { name: 'Key 259', exact: true })).toBeVisible();

  await layer(0).click();
  await registry.getByRole('button', { name: 'Keys below SOFTWARE' }).click();
  await registry.getByRole('button', { name: 'Keys below Microsoft' }).click();
  await expect(registry.getByRole('button', { name: 'Telemetry', exact: true })).toBeVisible();

  await page.getByRole('searchbox').fill('telemetry.EXAMPLE');
  const found = registry.getByRole('list', { name: 'Matching keys' }).getByRole('button');
  await expect(found).toHaveText(['SOFTWARE\\Microsoft\\Telemetry Server']);
  await found.click();
  await expect(key.getByRole('row', { name: /Server/ })).toContainText('telemetry.example');
  expect(win.complaints).toEqual([]);
});

test('an image for another system has no registry', async ({ win }) => {
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  await expect(win.page.getByRole('radio', { name: 'Breakdown' })).toBeVisible();
  await expect(win.page.getByRole('radio', { name: 'Registry' })).toHaveCount(0);
});

test('another image is shown as a tree if it has no registry', async ({ win }) => {
  const { page, registry } = await openRegistry(win);
  await expect(registry).toBeVisible();
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Tree', exact: true })).toBeChecked();
  await expect(registry).toHaveCount(0);
});
