// Images of a few kilobytes with very long lists and strings: the window draws only part of them, but Copy includes everything.
import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { file, pax, tar } from '../../support/tar-builder.ts';
import { dockerArchive, type ImageOptions } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const MANY = 30_000;
const names = (count: number) => Array.from({ length: count }, (_, at) => `N${at}=v`);
const layer = tar(file('a', 'x'));

async function openImage(win: LayerscopeWindow, options: ImageOptions, createdBy = 'ADD a') {
  return openArchive(win, dockerArchive([{ createdBy, tar: layer }], { name: 'a:1', ...options }));
}

async function openArchive(win: LayerscopeWindow, bytes: Uint8Array) {
  const { page } = win;
  await page.evaluate(() =>
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: async (text: string) => Object.assign(window, { copied: text }) },
    }),
  );
  await win.drop(await win.write('image.tar', bytes));
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'Image', exact: true })).toBeVisible();
  return { page, details };
}

/** Fails if the page has as many elements as the image has items. */
async function expectFew(page: Page) {
  expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(20_000);
}

const copied = (page: Page) => page.evaluate(() => (window as unknown as { copied: string }).copied);

test('only the first of many variables, labels and ports are drawn, but all are copied', async ({ win }) => {
  const some = names(9_000);
  const keyed = (value: unknown) => Object.fromEntries(some.map((name) => [name, value]));
  const { page, details } = await openImage(win, { config: { Env: names(MANY), Labels: keyed('v'), ExposedPorts: keyed({}) } });
  const line = (label: string) => details.locator('dl > div').filter({ has: page.locator('dt', { hasText: label }) });
  await expect(line('Environment').getByText('and 29,800 more')).toBeVisible();
  await expect(line('Labels').getByText('and 8,800 more')).toBeVisible();
  await expect(line('Ports').getByText('and 8,800 more')).toBeVisible();
  await expectFew(page);
  await expect(line('Environment').getByRole('listitem')).toHaveCount(201);
  await line('Environment').getByRole('button', { name: 'Show 200 more' }).click();
  await expect(line('Environment').getByRole('listitem')).toHaveCount(401);
  await expect(line('Environment').getByText('and 29,600 more')).toBeVisible();
  await line('Environment').getByRole('button', { name: 'Copy' }).click();
  await expect.poll(() => copied(page)).toBe(names(MANY).join('\n'));
});

test('names made only of punctuation don’t become thousands of elements', async ({ win }) => {
  const { page, details } = await openImage(win, { config: { Env: Array.from({ length: 900 }, () => '.'.repeat(1_000)) } });
  await expect(details.getByText('and 700 more')).toBeVisible();
  const labelled = await openImage(win, {
    config: { Labels: Object.fromEntries(names(500).map((name) => [name + '.'.repeat(900), 'v'])) },
  });
  await expect(labelled.details.getByText('and 300 more')).toBeVisible();
  await expectFew(page);
});

test('a long command is drawn in part, and copied whole', async ({ win }) => {
  const command = `RUN ${'a; '.repeat(300_000)}b`;
  const { page, details } = await openImage(win, {}, command);
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await expect(details.locator('pre').first()).toContainText(/… [\d,]+ more characters$/);
  const text = (await details.locator('pre').first().textContent()) ?? '';
  expect(text.length).toBeLessThan(4_100);
  expect(text.split('\n').length).toBe(200);
  const titles = await page.evaluate(() =>
    Array.from(document.querySelectorAll('[title]'), (element) => element.getAttribute('title')?.length ?? 0),
  );
  expect(Math.max(...titles)).toBeLessThan(5_000);
  await details.getByRole('button', { name: 'Copy full command' }).click();
  await expect.poll(() => copied(page)).toBe(command);
});

test('only the first of many PAX records and attributes are drawn', async ({ win }) => {
  const records = (prefix: string) => Object.fromEntries(Array.from({ length: MANY }, (_, at) => [`${prefix}${at}`, 'b']));
  const bytes = tar(pax(records('k')), file('pax', 'x'), pax(records('SCHILY.xattr.user.k')), file('xattr', 'x'));
  const { page, details } = await openArchive(win, dockerArchive([{ createdBy: 'ADD a', tar: bytes }], { name: 'a:1' }));
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await page.getByRole('row', { name: /added pax/ }).click();
  await details.getByRole('tab', { name: 'Raw' }).click();
  await expect(details.getByText('and 29,800 more')).toBeVisible();
  await expectFew(page);
  await page.getByRole('row', { name: /added xattr/ }).click();
  await details.getByRole('tab', { name: 'Attributes' }).click();
  await expect(details.getByText(/^and 29,\d+ more/)).toBeVisible();
  await expectFew(page);
});

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Returns an OCI archive whose layer is available at `urls`, with artifacts besides its image. */
function ociArchive(urls: readonly string[], artifacts: number): Uint8Array {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const rootfs = { type: 'layers', diff_ids: [sha256(layer)] };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const config = json({ architecture: 'amd64', os: 'linux', config: {}, rootfs, history: [{ created_by: 'ADD a' }] });
  const described = (type: string, bytes: Uint8Array) => ({ mediaType: type, digest: sha256(bytes), size: bytes.length });
  const manifest = json({
    schemaVersion: 2,
    mediaType,
    config: described('application/vnd.oci.image.config.v1+json', config),
    layers: [{ ...described('application/vnd.oci.image.layer.v1.tar', layer), urls }],
  });
  const others = Array.from({ length: artifacts }, (_, at) =>
    json({
      schemaVersion: 2,
      mediaType,
      artifactType: `a/b${at}`,
      config: described('application/vnd.oci.empty.v1+json', config),
      layers: [],
    }),
  );
  const manifests = [
    { ...described(mediaType, manifest), annotations: { 'org.opencontainers.image.ref.name': 'a:1' } },
    ...others.map((other) => described(mediaType, other)),
  ];
  return tar(
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    file('index.json', json({ schemaVersion: 2, manifests })),
    ...[config, layer, manifest, ...others].map((bytes) => file(`blobs/sha256/${sha256(bytes).slice(7)}`, bytes)),
  );
}

test('only the first of many addresses and artifacts are drawn', async ({ win }) => {
  const { page, details } = await openArchive(win, ociArchive(names(MANY), 300));
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await expect(details.getByText('and 29,800 more')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Artifacts' }).getByText('and 100 more')).toBeAttached();
  await expectFew(page);
});

test('only the first of many config differences are drawn', async ({ win }) => {
  const { page } = await openImage(win, { config: { Env: names(900) } });
  await win.dropRight(await win.write('other.tar', dockerArchive([{ createdBy: 'ADD b', tar: layer }], { name: 'b:1' })));
  await page.getByRole('button', { name: /^Config: / }).click();
  const differences = page.getByRole('region', { name: 'Config differences' });
  await expect(differences.getByText(/^and 7\d\d more/)).toBeVisible();
  await expect(differences.getByRole('row')).toHaveCount(201);
});
