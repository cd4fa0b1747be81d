import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

// A small archive may list any number of images, names, layers and steps. The page draws some hundreds of them, and says how many there are.

const SMALL = tar(file('a', 'x'));

/** Creates a docker-archive whose images all have the same config and layers. `layers`: number of layers, all of them the same. */
function manyOf(layers: number, tags: readonly (readonly string[])[]): Uint8Array {
  const digest = `sha256:${createHash('sha256').update(SMALL).digest('hex')}`;
  const of = <T>(value: T) => Array.from({ length: layers }, () => value);
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: of(digest) }, history: of({ created_by: 'x' }) };
  const manifest = tags.map((RepoTags) => ({ Config: 'c.json', RepoTags, Layers: of('l.tar') }));
  return tar(file('c.json', JSON.stringify(config)), file('l.tar', SMALL), file('manifest.json', JSON.stringify(manifest)));
}

const numbered = (count: number, name: (index: number) => string) => Array.from({ length: count }, (_, index) => name(index));

const nodes = (page: Page) => page.evaluate(() => document.querySelectorAll('*').length);

const MOST_NODES = 20_000;

/** An archive with this many images, layers or steps takes a while to open. */
const SOON = { timeout: 40_000 };

test.describe.configure({ timeout: 120_000 });

/** Number of characters that the page draws. */
// biome-ignore lint/performance/useDomNodeTextContent: only innerText leaves out what is folded
const drawnLetters = (page: Page) => page.evaluate(() => document.body.innerText.length);

/** A script without spaces, in which line breaks are looked up in a dictionary. */
const THAI = 'ประเทศไทยสวัสดีครับภาษาไทยไม่มีช่องว่าง';
const letters = (count: number) => THAI.repeat(Math.ceil(count / THAI.length)).slice(0, count);

/** Creates a docker-archive of layers, named by their places in `tars`. */
function archiveOf(tars: readonly Uint8Array[], order: readonly number[], createdBy = 'x'): Uint8Array {
  const digests = tars.map((each) => `sha256:${createHash('sha256').update(each).digest('hex')}`);
  const rootfs = { type: 'layers', diff_ids: order.map((at) => digests[at]) };
  const config = { architecture: 'amd64', os: 'linux', rootfs, history: order.map(() => ({ created_by: createdBy })) };
  const manifest = [{ Config: 'c.json', RepoTags: ['a:1'], Layers: order.map((at) => `l${at}.tar`) }];
  return tar(
    file('c.json', JSON.stringify(config)),
    ...tars.map((each, at) => file(`l${at}.tar`, each)),
    file('manifest.json', JSON.stringify(manifest)),
  );
}

/** Creates a layer with the dpkg packages `count - 1` to 0. `long`: length of their names, versions and architectures. */
function dpkgLayer(count: number, long = 1): Uint8Array {
  const text = letters(long);
  const status = numbered(
    count,
    (at) => `Package: ${text}${at}\nStatus: install ok installed\nArchitecture: ${text}\nVersion: ${text}\n\n`,
  );
  return tar(file('var/lib/dpkg/status', status.join('')));
}

test('an archive of thousands of images lists the first images, and more on demand', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const tags = numbered(1_500, (index) => `r:${index}`);
  await win.drop(await win.write('many.tar', manyOf(1, [...tags.map((tag) => [tag]), numbered(5_000, (index) => `n:${index}`)])));
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library).toContainText('and 1,001 more', SOON);
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
  await expect(library.locator('[data-image]')).toHaveCount(500);
  await library.getByRole('button', { name: 'Show 200 more' }).click();
  await expect(library.locator('[data-image]')).toHaveCount(700);
  await expect(library).toContainText('and 801 more');

  // An image that isn't listed is found by name, and is listed while it is shown.
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog');
  await palette.getByRole('combobox').fill('show r:');
  await expect(palette).toContainText('and 1,000 more');
  await expect(palette.getByRole('option').first()).toHaveAttribute('aria-setsize', '1500');
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
  await palette.getByRole('combobox').fill('show n:0');
  await page.keyboard.press('Enter');
  const shown = library.locator('[data-image="1500"]');
  await expect(shown).toHaveAttribute('aria-current', 'true');
  // Its tooltip has the beginning of its names.
  expect((await shown.getAttribute('title'))?.length).toBeLessThan(2_000);

  await page.getByRole('banner').getByRole('button', { name: /n:0/ }).first().click();
  await expect(page.getByRole('menu')).toContainText('more');
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
  await page.keyboard.press('Escape');

  await page.setViewportSize({ width: 900, height: 700 });
  await expect(library).toContainText('more');
  expect(await library.evaluate((rail) => rail.scrollWidth - rail.clientWidth)).toBeLessThanOrEqual(0);
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
});

test('a chain of thousands of layers is drawn in part, and all of it can be reached with keys', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('deep.tar', manyOf(1_500, [['deep:1']])));
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain).toContainText('and 1,000 more', SOON);
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
  const layer = (index: number) => chain.locator(`[data-layer="${index}"]`);
  await expect(layer(1499)).toBeVisible();
  await layer(1499).click();
  await page.keyboard.press('End');
  await expect(layer(0)).toBeFocused();
  const line = chain.getByRole('listitem').filter({ has: page.locator('[data-layer="0"]') });
  await expect(line).toHaveAttribute('aria-posinset', '1501');
  await expect(line).toHaveAttribute('aria-setsize', '1501');
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
  await page.keyboard.press('ArrowUp');
  await expect(layer(1)).toBeFocused();
  await page.keyboard.press('Home');
  await expect(page.getByRole('button', { name: /^Whole image/ })).toBeFocused();

  // A comparison doesn't fold the layers between its sides.
  await layer(1499).click();
  await chain.getByRole('button', { name: 'Show 200 more' }).click();
  await chain.getByRole('button', { name: 'Show 200 more' }).click();
  await layer(700).click({ modifiers: ['Alt'] });
  await expect(chain).toContainText('and 301 more');
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
});

test('a run of thousands of metadata steps is drawn in part', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const lastSteps = numbered(9_000, (index) => `RUN x${index} ${'.'.repeat(350)}`);
  await win.drop(await win.write('steps.tar', dockerArchive([{ createdBy: 'x', tar: SMALL }], { name: 'steps:1', lastSteps })));
  const chain = page.getByRole('region', { name: 'Chain' });
  const fold = chain.getByRole('button', { name: /9,000 metadata steps/ });
  expect((await fold.getAttribute('title'))?.length).toBeLessThan(1_100);
  await fold.click();
  await expect(chain).toContainText('and 8,800 more');
  // The history has the layer's step, and those after it.
  await expect(page.getByRole('region', { name: 'Details' })).toContainText('and 8,501 more');
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
});

test('long commands of many layers are drawn in part', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const command = `RUN ${letters(4_000)}`;
  await win.drop(await win.write('long.tar', archiveOf([SMALL], Array(320).fill(0), command)));
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain.getByRole('listitem')).toHaveCount(321, SOON);
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'History' })).toBeVisible();
  expect(await drawnLetters(page)).toBeLessThan(250_000);

  // Where a command is alone, more of it is drawn.
  await chain.locator('[data-layer="319"]').click();
  await expect(details.locator('pre').first()).toContainText(command.slice(0, 3_900));
});

test('long names and versions of many packages are drawn in part', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('named.tar', archiveOf([dpkgLayer(500, 1_000)], [0])));
  await page.getByRole('radio', { name: 'Packages' }).click();
  await expect(page.getByRole('status').filter({ hasText: '500' })).toBeVisible(SOON);
  await expect(page.getByRole('table').getByRole('row')).toHaveCount(503);
  expect(await drawnLetters(page)).toBeLessThan(300_000);
});

test('packages of thousands of layers are drawn in part', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  // A layer with packages between layers without, below hundreds of layers that change one.
  const one = (version: number) => tar(file('var/lib/dpkg/status', `Package: a\nStatus: install ok installed\nVersion: ${version}\n\n`));
  const changes = Array.from({ length: 1_200 }, (_, at) => [1 + (at % 2), ...Array(at % 50 === 0 ? 20 : 0).fill(0)]);
  const order = [3, ...changes.flat()];
  await win.drop(await win.write('layers.tar', archiveOf([SMALL, one(1), one(2), dpkgLayer(900)], order)));
  await page.getByRole('radio', { name: 'Packages' }).click();
  await expect(page.getByRole('rowgroup', { name: /^No package changes in / })).toBeVisible(SOON);
  await expect(page.getByRole('rowgroup', { name: /^Layer / })).toHaveCount(200);
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
});

test('packages of a low layer are listed below one line for the thousands of layers above', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('low.tar', archiveOf([SMALL, dpkgLayer(600)], [1, ...Array(3_000).fill(0)])));
  await page.getByRole('radio', { name: 'Packages' }).click();
  await expect(page.getByRole('rowgroup', { name: 'Layers 1–3000' })).toBeVisible(SOON);
  await expect(page.getByRole('rowgroup', { name: 'Layer 0', exact: true })).toBeAttached();
  await expect(page.getByText('and 100 more')).toBeAttached();
  expect(await nodes(page)).toBeLessThan(MOST_NODES);
});
