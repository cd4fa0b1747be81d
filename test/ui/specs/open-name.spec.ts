import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type NamedImages, test } from '../support/window.ts';

const webApi = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });
const ID = `sha256:${'a'.repeat(64)}`;

test.use({ withEngine: true });

function dialogOf(page: Page) {
  return page.getByRole('dialog', { name: 'Open by name' });
}

/** Opens the dialog by its key, and waits until its field has the focus. */
async function openDialog(page: Page): Promise<void> {
  await page.keyboard.press('o');
  await expect(dialogOf(page).getByRole('combobox')).toBeFocused();
}

/** Returns how many requests the stand-ins have received so far. */
function askedOf(sources: NamedImages | null): number {
  return (sources?.engine.asked.length ?? 0) + (sources?.registry.log.length ?? 0);
}

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Adds an image with one file to the registry for each platform. */
function addToRegistry({ registry }: NamedImages, name: string, platforms: readonly string[]): void {
  const map = new Map<string, Uint8Array>();
  const blob = (mediaType: string, bytes: Uint8Array) => {
    map.set(`blobs/sha256/${digestOf(bytes).slice(7)}`, bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const type = 'application/vnd.oci.image';
  const manifests = platforms.map((platform) => {
    const [os, architecture] = platform.split('/');
    const plain = tar(file('etc/platform', platform));
    const layer = blob(`${type}.layer.v1.tar+gzip`, gzipSync(plain));
    const config = blob(
      `${type}.config.v1+json`,
      json({ os, architecture, config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(plain)] } }),
    );
    const manifest = { schemaVersion: 2, mediaType: `${type}.manifest.v1+json`, config, layers: [layer] };
    return { ...blob(`${type}.manifest.v1+json`, json(manifest)), platform: { os, architecture } };
  });
  const index = blob(`${type}.index.v1+json`, json({ schemaVersion: 2, mediaType: `${type}.index.v1+json`, manifests }));
  registry.add(name, { map } as Parameters<typeof registry.add>[1], { '1': index.digest });
}

test('an engine’s image is opened with the keyboard alone', async ({ win, sources }) => {
  const { page } = win;
  sources?.engine.images.push({ id: ID, names: ['acme/web-api:1.8'], archive: webApi });
  expect(askedOf(sources)).toBe(0);
  await openDialog(page);
  await expect(dialogOf(page).getByRole('option', { name: /acme\/web-api:1\.8/ })).toBeVisible();
  await page.keyboard.type('web-api');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8', exact: true })).toBeVisible();
  await expect(dialogOf(page)).toHaveCount(0);
  await expect(page.getByText(/acme\/web-api:1\.8 comes from docker \(unix:/)).toBeVisible();
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  // The amount of data fetched is shown next to the image.
  const fetched = page.getByText(/in [\d,]+ requests?$/);
  await expect(async () => {
    await page.keyboard.press('Escape');
    await expect(fetched).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 15_000 });
  expect(win.complaints).toEqual([]);
});

test('the palette has the command that opens images by name, and Escape restores the focus', { tag: '@window' }, async ({
  win: { page },
}) => {
  await page.getByRole('button', { name: 'Open by name…' }).focus();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('by name');
  await page.keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('combobox')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialogOf(page)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Open by name…' })).toBeFocused();
});

test('engines without images and engines that don’t respond are listed', { tag: '@page' }, async ({ win: { page } }) => {
  await page.getByRole('button', { name: 'Open by name…' }).click();
  const engines = dialogOf(page).getByRole('list', { name: 'Engines on this machine' });
  await expect(engines.getByText(/^no images in unix:/)).toBeVisible();
  await expect(engines.getByText(/podman\.sock: no socket/)).toBeVisible();
  await expect(dialogOf(page).getByText('Type a name with its registry, such as ghcr.io/owner/app:1.')).toBeVisible();
});

test('while an engine hangs, the dialog says so and can be closed', { tag: '@page' }, async ({ win: { page }, sources }) => {
  if (sources !== null) sources.engine.faults.hangs = true;
  await openDialog(page);
  await expect(dialogOf(page).getByText('Listing the engines’ images…')).toBeVisible();
  await expect(dialogOf(page).getByText('checking…').first()).toBeVisible();
  await page.keyboard.type('docker:app:1');
  await page.keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('heading', { name: 'Looking for docker:app:1' })).toBeVisible();
  await dialogOf(page).getByRole('button', { name: 'Cancel' }).press('Enter');
  await expect(dialogOf(page).getByRole('combobox')).toHaveValue('docker:app:1');
  await page.keyboard.press('Escape');
  await expect(dialogOf(page)).toHaveCount(0);
});

test('an invalid name is explained, and no request is sent', { tag: '@page' }, async ({ win: { page }, sources }) => {
  await openDialog(page);
  await expect(dialogOf(page).getByText(/^no images in/)).toBeVisible();
  const before = askedOf(sources);
  await page.keyboard.type('App:1');
  await expect(dialogOf(page).getByText('App:1 is not an image’s name: names are lower case')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('combobox')).toBeVisible();
  expect(askedOf(sources)).toBe(before);
});

test('the user chooses one of an index’s platforms, and no other is fetched', async ({ win: { page }, sources }) => {
  if (sources === null) throw new Error('no registry');
  addToRegistry(sources, 'team/app', ['linux/s390x', 'linux/riscv64']);
  const name = `${sources.registry.host}/team/app:1`;
  await openDialog(page);
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('heading', { name: `Platform of ${name}` })).toBeVisible();
  expect(sources.registry.log.some((request) => request.path.includes('/blobs/'))).toBe(false);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: /etc/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Image: .*linux\/riscv64/ })).toBeVisible();
  await expect(page.getByText(`${name} comes from ${sources.registry.host}`)).toBeVisible();
  // Afterwards, the name is listed as recent, even after a reload. Showing recent names sends requests only to the engines.
  const before = sources.registry.log.length;
  await page.reload();
  await expect(page.getByRole('row', { name: /etc/ })).toBeVisible();
  await openDialog(page);
  await expect(dialogOf(page).getByRole('group', { name: 'Recent names' }).getByRole('option', { name })).toBeVisible();
  await dialogOf(page).getByRole('button', { name: 'Clear recent names' }).click();
  await expect(dialogOf(page).getByRole('option', { name })).toHaveCount(0);
  expect(sources.registry.log.length).toBe(before);
});

for (const [code, hint, fault] of [
  ['UNREACHABLE', 'Check the address', { status: 502 }],
  ['UNAUTHORIZED', 'Log in with', { always401: true }],
  ['RATE_LIMITED', 'Try again later', { limited: { times: 9, retryAfter: '600' } }],
  ['NOT_FOUND', 'Check the name', {}],
] as const) {
  test(`a registry’s refusal is shown with its hint and code: ${code}`, { tag: '@page' }, async ({ win: { page }, sources }) => {
    if (sources === null) throw new Error('no registry');
    Object.assign(sources.registry.faults, fault);
    await openDialog(page);
    await page.keyboard.type(`registry:${sources.registry.host}/app:1`);
    await page.keyboard.press('Enter');
    const alert = dialogOf(page).getByRole('alert');
    await expect(alert).toContainText(code);
    await expect(alert).toContainText(hint);
    await expect(dialogOf(page).getByRole('combobox')).toBeFocused();
    // Correcting the name removes the error.
    await page.keyboard.type('2');
    await expect(alert).toHaveCount(0);
  });
}

test('an export that breaks off is reported in the dialog, and leaves nothing in the library', { tag: '@page' }, async ({
  win: { page },
  sources,
}) => {
  sources?.engine.images.push({ id: ID, names: ['acme/web-api:1.8'], archive: webApi });
  if (sources !== null) sources.engine.faults.cut = true;
  await openDialog(page);
  await expect(dialogOf(page).getByRole('option', { name: /web-api/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(dialogOf(page).getByRole('alert')).toContainText('Could not open the image');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a dropped or pasted name fills the dialog, and no registry is contacted before Enter', async ({ win: { page }, sources }) => {
  if (sources === null) throw new Error('no registry');
  const name = `${sources.registry.host}/team/app:1`;
  const paste = (text: string) =>
    page.evaluate((value) => {
      const data = new DataTransfer();
      data.setData('text/plain', value);
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    }, text);
  await paste('not an image’s name at all');
  // The host's sources are known a moment after the first frame.
  await expect(page.getByRole('button', { name: 'Open by name…' }).first()).toBeVisible();
  await paste(`docker pull ${name}`);
  await expect(dialogOf(page).getByRole('combobox')).toHaveValue(name);
  await page.keyboard.press('Escape');
  await expect(dialogOf(page)).toHaveCount(0);
  const session = await page.context().newCDPSession(page);
  const data = { items: [{ mimeType: 'text/plain', data: name }], dragOperationsMask: 1 };
  // The window doesn't accept a drop until the dialog has gone, one frame after its element.
  await expect(async () => {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    await expect(dialogOf(page).getByRole('combobox')).toHaveValue(name, { timeout: 1_000 });
  }).toPass();
  expect(sources.registry.log).toEqual([]);
});

for (const scheme of ['light', 'dark'] as const) {
  test.describe(`narrow and ${scheme}`, () => {
    test.use({ viewport: { width: 420, height: 700 }, colorScheme: scheme });

    test('the dialog that opens images by name fits the window, and axe finds nothing', { tag: '@page' }, async ({
      win: { page, door, electron },
      sources,
    }) => {
      if (sources === null) throw new Error('no registry');
      if (door === 'electron') await electron?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(420, 700));
      sources.engine.images.push({ id: ID, names: [`acme/${'long-'.repeat(20)}name:1.8`], archive: webApi });
      addToRegistry(sources, 'team/app', ['linux/s390x', 'linux/riscv64']);
      await openDialog(page);
      await expect(dialogOf(page).getByRole('option', { name: /long-/ })).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
      await page.keyboard.type(`${sources.registry.host}/none:1`);
      await page.keyboard.press('Enter');
      await expect(dialogOf(page).getByRole('alert')).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
      await dialogOf(page).getByRole('combobox').fill(`registry:${sources.registry.host}/team/app:1`);
      await page.keyboard.press('Enter');
      await expect(dialogOf(page).getByRole('option', { name: /riscv64/ })).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
      const overflow = await dialogOf(page).evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
      expect(overflow).toBe(0);
    });
  });
}
