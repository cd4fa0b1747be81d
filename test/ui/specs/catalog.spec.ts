// A catalog of many images, made with the command line from a small fleet, and opened as a folder.
import { renameSync, rmSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { complaintsOf } from '../support/axe.ts';
import { expect, test } from '../support/window.ts';

const view = (page: Page, name: string) => page.getByRole('radiogroup', { name: 'Catalog view' }).getByRole('radio', { name });
const images = (page: Page) => page.getByRole('treegrid', { name: 'Images in the catalog' });
const layers = (page: Page) => page.getByRole('treegrid', { name: 'Layers and the images that have them' });
const tags = (page: Page) => page.getByRole('treegrid', { name: 'Names and their tags, newest first' });
const hits = (page: Page) => page.getByRole('treegrid', { name: 'Search results' });
const searchField = (page: Page) => page.getByRole('searchbox');
const imageShown = (page: Page, name: string) => page.getByRole('heading', { name: `registry.example.com/${name}` });

test.beforeEach(() => test.slow()); // the command line indexes the fleet

test.describe('a catalog of a fleet', () => {
  // 15 images: three bases, and three tags each of services on node, java, alpine and node.
  test.use({ withCatalog: { services: 4, tags: 3, broken: true } });

  test('a catalog first lists its images with their tags, bytes and what is known about them, and opens them', async ({
    win: { page, complaints },
  }) => {
    await page.setViewportSize({ width: 1440, height: 860 });
    await expect(view(page, 'Images')).toBeChecked();
    const row = (name: RegExp) => images(page).getByRole('row', { name });
    const grouping = page.getByRole('radiogroup', { name: 'How images are listed' });
    await grouping.getByRole('radio', { name: 'Ungrouped' }).click();
    await expect(images(page)).toHaveAttribute('aria-rowcount', '16');
    const head = (name: string) => images(page).getByRole('columnheader', { name, exact: true });
    await expect(head('Name')).toHaveAttribute('aria-sort', 'ascending');
    await expect(row(/shop\/checkout/).first()).toHaveText(
      /^registry\.example\.com\/shop\/checkout\d\.\d[\d.]+ [kM]B[\d.]+ k?B4.*\d{4}.*\d+ files, packages$/,
    );
    await head('Unique').getByRole('button').click();
    await expect(head('Unique')).toHaveAttribute('aria-sort', 'descending');
    const unique = await images(page)
      .getByRole('row')
      .evaluateAll((rows) => rows.slice(1).map((each) => each.children[5]?.textContent ?? ''));
    const bytes = unique.map((text) => Number.parseFloat(text || '0') * (text.includes('MB') ? 1000 : 1));
    expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
    expect(await complaintsOf(page)).toEqual([]);
    for (const width of [720, 600, 320]) {
      await page.setViewportSize({ width, height: 450 });
      await expect(row(/shop\/checkout/).first()).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 1440, height: 860 });
    await row(/shop\/checkout.*1\.2/).click();
    await expect(imageShown(page, 'shop/checkout:1.2')).toBeAttached();
    await page.goBack();
    await expect(images(page)).toBeVisible();
    await grouping.getByRole('radio', { name: 'Ungrouped' }).click();
    // A row also has a menu, which offers a comparison.
    await row(/shop\/checkout.*1\.2/).click({ button: 'right' });
    const menu = page.getByRole('menu', { name: 'Actions for registry.example.com/shop/checkout:1.2' });
    await expect(menu.getByRole('menuitem')).toHaveText(['Open', 'Compare with…', 'Pick to compare', 'Copy name', 'Copy digest']);
    expect(await complaintsOf(page)).toEqual([]);
    await menu.getByRole('menuitem', { name: 'Compare with…' }).click();
    await expect(page.getByRole('dialog', { name: /Compare/ })).toBeVisible();
    expect(complaints).toEqual([]);
  });

  test('images are grouped by repository, filtered and opened with the keyboard alone', async ({ win: { page, complaints } }) => {
    await page.setViewportSize({ width: 1440, height: 860 });
    const row = (name: RegExp) => images(page).getByRole('row', { name });
    // Three bases, and four services with three tags each.
    await expect(images(page)).toHaveAttribute('aria-rowcount', '20');
    await expect(row(/shop\/checkout/)).toHaveText(/^registry\.example\.com\/shop\/checkout3 images/);
    await expect(row(/shop\/checkout/)).toHaveAttribute('aria-expanded', 'true');
    expect(await complaintsOf(page)).toEqual([]);
    const shots = process.env.LAYERSCOPE_SHOTS;
    for (const width of shots === undefined ? [] : [1440, 1320, 720, 600, 320]) {
      await page.setViewportSize({ width, height: 860 });
      await page.waitForTimeout(300);
      await page.screenshot({ path: `${shots}/catalog-${width}.png` });
    }
    await page.setViewportSize({ width: 1440, height: 860 });
    await page.keyboard.press('/');
    await expect(page.getByRole('searchbox', { name: 'Filter images by name or tag' })).toBeFocused();
    await page.keyboard.type('checkout 1.1');
    await expect(images(page)).toHaveAttribute('aria-rowcount', '2');
    await expect(page.getByText('1 of 15 images')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(images(page)).toHaveAttribute('aria-rowcount', '20');
    await page.keyboard.type('nowhere');
    await page.getByRole('button', { name: 'Clear the filter' }).press('Enter');
    await page.keyboard.press('/');
    await page.keyboard.type('checkout');
    await expect(images(page)).toHaveAttribute('aria-rowcount', '5');
    for (let step = 0; step < 12 && (await images(page).locator('[role="row"]:focus').count()) === 0; step++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: /^registry\.example\.com\/shop\/checkout:/ })).toBeAttached();
    expect(complaints).toEqual([]);
  });

  test('images are listed below those that they are built on, and two of them can be compared', async ({ win: { page, complaints } }) => {
    await page.setViewportSize({ width: 1320, height: 860 });
    await page.getByRole('radio', { name: 'By base image' }).click();
    const tree = page.getByRole('treegrid', { name: 'Images and what is built on them' });
    const row = (name: RegExp) => tree.getByRole('row', { name });
    // The catalog has no image of Debian alone, but Java and Node are built on it, so its layer has a row.
    await expect(tree).toHaveAttribute('aria-rowcount', '17');
    await expect(row(/ADD debian-12/)).toHaveAttribute('aria-level', '1');
    await expect(row(/ADD debian-12/)).toContainText('base of 11 images');
    await expect(row(/base\/java:21/)).toHaveAttribute('aria-level', '2');
    await expect(row(/shop\/search:1\.0/)).toHaveAttribute('aria-level', '3');
    await expect(row(/shop\/search:1\.0/)).toContainText('+2 layers 43.0 kB');
    expect(await complaintsOf(page)).toEqual([]);
    await row(/base\/java:21/)
      .locator('[data-twisty]')
      .click();
    await expect(row(/shop\/search/)).toHaveCount(0);
    await row(/base\/java:21/).press('ArrowRight');

    // Images are picked with the keyboard, the mouse and the checkbox.
    await page.keyboard.press('ArrowDown');
    await expect(row(/shop\/search:1\.2/)).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Control+Space');
    const picks = page.getByRole('region', { name: 'Images to compare' });
    await expect(picks).toContainText('search:1.2');
    await expect(picks.getByRole('button', { name: 'Compare' })).toBeDisabled();
    await row(/shop\/search:1\.1/).click({ modifiers: ['Control'] });
    await row(/shop\/search:1\.0/)
      .locator('input')
      .check();
    await expect(tree.getByRole('row', { name: /^picked registry/ })).toHaveCount(2);
    await expect(picks.getByRole('status')).toHaveText(/^Aregistry.*search:1\.0Bregistry.*search:1\.1$/);
    await row(/shop\/search:1\.1/).click({ button: 'right' });
    const menu = page.getByRole('menu');
    await expect(menu.getByRole('menuitem', { name: 'Compare with registry.example.com/shop/search:1.0' })).toBeVisible();
    await page.keyboard.press('Escape');
    expect(await complaintsOf(page)).toEqual([]);
    await page.keyboard.press('3');
    await expect(page.getByRole('radio', { name: 'Compare' })).toBeChecked();
    await expect(page.getByRole('row', { name: /modified server\.js/ })).toBeVisible();

    // The chosen grouping is kept. Groups have menus, too.
    await page.goBack();
    await expect(tree).toBeVisible();
    await page.getByRole('radio', { name: 'By repository' }).click();
    await images(page)
      .getByRole('row', { name: /shop\/checkout/ })
      .click({ button: 'right' });
    await expect(menu.getByRole('menuitem')).toHaveText([
      'Open the newest, registry.example.com/shop/checkout:1.2',
      'Show tags over time',
      'Compare the two newest',
      'Compare the oldest with the newest',
      'Copy name',
      'Copy names of its images',
    ]);
    await menu.getByRole('menuitem', { name: 'Compare the two newest' }).click();
    await expect(page.getByText('checkout:1.1').first()).toBeVisible();
    await expect(page.getByRole('radio', { name: 'Compare' })).toBeChecked();
    expect(complaints).toEqual([]);
  });

  test('layers are sorted by their column headings, and their images can be opened by keyboard', async ({ win: { page, complaints } }) => {
    await page.setViewportSize({ width: 1440, height: 860 });
    await view(page, 'Layers').click();
    // The picture says what it shows, and what its colours mean.
    await expect(page.getByText(/^Layers in images, by repositoryhas the layerdoesn’t$/)).toBeVisible();
    const debian = layers(page).getByRole('row', { name: /ADD debian-12/ });
    await expect(debian.getByRole('img', { name: '11 of 15 images' })).toBeVisible();
    // Above the marks are the repositories of their images, and the tooltip names the image under the pointer.
    await expect(layers(page).getByText('invoices', { exact: true })).toBeVisible();
    const name = await layers(page).getByText('checkout', { exact: true }).boundingBox();
    const marks = debian.getByRole('img', { name: '11 of 15 images' });
    await marks.hover({ position: { x: (name?.x ?? 0) - ((await marks.boundingBox())?.x ?? 0) + 3, y: 5 } });
    await expect(marks.locator('title')).toHaveText(/shop\/checkout:1\.0 has it\n11 of 15 images have it/);
    const head = (name: string) => layers(page).getByRole('columnheader', { name, exact: true });
    await expect(head('Saved by sharing')).toHaveAttribute('aria-sort', 'descending');
    await head('Images').getByRole('button').click();
    await expect(head('Images')).toHaveAttribute('aria-sort', 'descending');
    await expect(head('Saved by sharing')).not.toHaveAttribute('aria-sort');
    await expect(debian).toHaveAttribute('aria-rowindex', '2');
    // A layer stays open wherever its row goes.
    await debian.click();
    await page.keyboard.press('ArrowRight');
    await expect(debian).toHaveAttribute('aria-expanded', 'true');
    await head('Images').getByRole('button').click();
    await expect(debian).toHaveAttribute('aria-expanded', 'true');
    await expect(debian).not.toHaveAttribute('aria-rowindex', '2');
    await expect(layers(page).locator('[aria-expanded="true"]')).toHaveCount(1);
    await debian.click();
    await page.keyboard.press('ArrowLeft');
    const choice = page.getByRole('radiogroup', { name: 'Which layers' });
    await choice.getByRole('radio', { name: /^Unique/ }).click();
    await expect(layers(page).getByRole('row', { name: /COPY dist/ })).toHaveCount(12);
    await expect(layers(page).getByRole('row', { name: /COPY node-22/ })).toHaveCount(0);
    await choice.getByRole('radio', { name: /^Shared/ }).click();
    await expect(layers(page).getByRole('row', { name: /COPY dist/ })).toHaveCount(0);

    await layers(page)
      .getByRole('row', { name: /COPY jdk-21/ })
      .click();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await expect(layers(page).getByRole('row', { name: /base\/java:21/ })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(imageShown(page, 'base/java:21')).toBeAttached();
    await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
    await page.goBack();
    await expect(layers(page)).toBeVisible();
    expect(complaints).toEqual([]);
  });

  test('paths, packages and digests are found in all images, and a search has its own address', { tag: '@page' }, async ({
    win: { page },
  }) => {
    await view(page, 'Layers').click();
    await expect(layers(page)).toBeVisible();
    const title = await layers(page)
      .getByRole('row', { name: /COPY node-22/ })
      .locator('[title*="sha256:"]')
      .getAttribute('title');
    await view(page, 'Search').click();
    await expect(page.getByText('Search all images at once')).toBeVisible();
    await searchField(page).fill('/usr/bin/bash');
    await expect(hits(page).getByRole('row', { name: /usr\/bin\/bash/ })).toContainText('11 images');
    await expect(page.getByText('1 hit in 11 images')).toBeVisible();
    await expect(hits(page).locator('mark').first()).toBeAttached();
    // Each view says what the catalog contains, and each image says where in it the hit's layer is.
    const holds = page.getByRole('list', { name: 'The catalog' }).getByRole('listitem');
    await expect(holds).toHaveText([
      /^15 images$/,
      /^\d+ layers, .* saved by sharing$/,
      /^\d+ files$/,
      /^packages known for \d+ images$/,
      /^indexed /,
      /^1 problem$/,
    ]);
    await hits(page)
      .getByRole('row', { name: /usr\/bin\/bash/ })
      .click();
    await page.keyboard.press('ArrowRight');
    await expect(hits(page).getByRole('row', { name: /shop\/checkout:1\.0/ })).toContainText('layer 0 of 4');
    await page.keyboard.press('ArrowLeft');
    // In a narrow window a path keeps its end, and its tooltip has all of it.
    await page.setViewportSize({ width: 600, height: 800 });
    const path = hits(page).getByTitle('usr/bin/bash', { exact: true }).first();
    await expect(path).toBeVisible();
    const end = path.locator('[data-text$="bash"]');
    expect(await end.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 1320, height: 860 });

    await page.getByRole('radio', { name: 'Package' }).click();
    await searchField(page).fill('libssl 9');
    await expect(page.getByText('Not found in any image')).toBeVisible();
    await searchField(page).fill('libssl 3.0');
    await expect(hits(page).getByRole('row', { name: /libssl3/ })).toContainText('3.0.11');
    await page.reload();
    await expect(searchField(page)).toHaveValue('libssl 3.0');
    await expect(hits(page).getByRole('row', { name: /libssl3/ })).toBeVisible();

    await page.getByRole('radio', { name: 'Checksum' }).click();
    await expect(page.getByText('Can’t search for this')).toBeVisible();
    await searchField(page).fill(/sha256:[0-9a-f]{12}/.exec(title ?? '')?.[0] ?? '');
    await expect(hits(page).getByRole('row', { name: /^[0-9a-f]{12} layer/ })).toBeVisible();

    // A hit opens its image at the layer that has it, with the file selected.
    await page.getByRole('radio', { name: 'Path' }).click();
    await searchField(page).fill('/usr/bin/bash');
    await hits(page)
      .getByRole('row', { name: /usr\/bin\/bash/ })
      .click();
    await page.keyboard.press('ArrowRight');
    await hits(page)
      .getByRole('row', { name: /shop\/checkout:1\.0/ })
      .click();
    await expect(imageShown(page, 'shop/checkout:1.0')).toBeAttached();
    await expect(page).toHaveURL(/layers?\/0.*bash/);
    await expect(page.getByRole('row', { name: /bash/, selected: true })).toBeVisible();
  });

  test('names take precedence over what is known about images, all marks have a name, and the library is a rail', async ({
    win: { page, complaints },
  }) => {
    for (const width of [1320, 720]) {
      await page.setViewportSize({ width, height: 860 });
      await expect(images(page).getByTitle('registry.example.com/shop/checkout').first()).toBeVisible();
      await expect(images(page).locator('[data-cut]')).toHaveCount(0);
    }
    const library = page.getByRole('navigation', { name: 'Library' });
    expect((await library.boundingBox())?.width).toBe(56);
    await expect(library.getByRole('button', { name: 'catalog' })).toHaveAttribute('aria-pressed', 'true');
    await page.getByRole('button', { name: 'Show library' }).click();
    await expect(library.getByRole('heading', { name: 'Catalogs' })).toBeVisible();
    await page.getByRole('button', { name: 'Hide library' }).click();
    await view(page, 'Layers').click();
    await page.setViewportSize({ width: 600, height: 860 });
    for (const base of ['java', 'alpine', 'node', 'checkout']) await expect(layers(page).getByTitle(base, { exact: true })).toBeVisible();
    expect(await complaintsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('tags are filtered like images, with the same text', { tag: '@page' }, async ({ win: { page, complaints } }) => {
    await view(page, 'Tags').click();
    await expect(tags(page)).toBeVisible();
    const filter = page.getByRole('searchbox', { name: 'Filter images by name or tag' });
    await page.keyboard.press('/');
    await expect(filter).toBeFocused();
    await page.keyboard.type('checkout 1.1');
    // The heading, a name, and the one tag that matches.
    await expect(tags(page).getByRole('row')).toHaveCount(3);
    await expect(tags(page).getByRole('row').nth(1)).toContainText('1 tag');
    await expect(page.getByRole('status').filter({ hasText: '1 of 15 images' })).toBeVisible();
    await view(page, 'Images').click();
    await expect(filter).toHaveValue('checkout 1.1');
    await view(page, 'Tags').click();
    await filter.fill('nothing like it');
    await expect(page.getByText('No matching image')).toBeVisible();
    expect(await complaintsOf(page)).toEqual([]);
    for (const width of [720, 400]) {
      await page.setViewportSize({ width, height: 860 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    }
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await expect(tags(page)).toBeVisible();
    expect(complaints).toEqual([]);
  });

  test('a tag leads to its image; if the image is gone or was replaced, a message says so', async ({ win: { page }, fleet }) => {
    const fileOf = (name: string) => fleet?.fileOf(`registry.example.com/shop/${name}`) ?? '';
    rmSync(fileOf('checkout:1.2'));
    renameSync(fileOf('search:1.0'), fileOf('checkout:1.1'));
    await view(page, 'Tags').click();
    await expect(tags(page).getByRole('row', { name: /shop\/checkout/ })).toContainText('+30.0 kB');
    // Tags have visible sizes, unlike the Images view, which shows stored ones.
    await expect(tags(page).getByRole('columnheader', { name: 'Visible' })).toBeVisible();
    // The bars of all names have one scale, stated in the heading, so that only the largest image’s is full.
    await expect(tags(page).getByRole('columnheader', { name: 'Relative size' })).toBeVisible();
    const bars = tags(page).locator('[aria-hidden="true"] > [style^="width"]');
    const widths = await bars.evaluateAll((all) =>
      all.map((bar) => Number.parseFloat(/[\d.]+(?=%)/.exec((bar as HTMLElement).style.width)?.[0] ?? '0')),
    );
    expect(widths.length).toBeGreaterThan(9);
    expect(widths.filter((width) => width === 100)).toHaveLength(1);
    const tag = (name: string) =>
      tags(page)
        .getByRole('row', { name: new RegExp(`^${name.replace('.', '\\.')} `) })
        .first();
    await expect(tag('1.2')).toContainText('+25.0 kB');
    await expect(tag('1.2').getByRole('img', { name: /^\d findings?: \d notes?$/ })).toBeVisible();
    await tag('1.2').click();
    const alert = page.getByRole('alert');
    await expect(alert).toContainText('registry.example.com/shop/checkout:1.2 could not be opened');
    await expect(alert).toContainText('is not there any more');
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await expect(alert).toBeHidden();

    await page.getByRole('list', { name: 'The catalog' }).getByRole('button', { name: '1 problem' }).click();
    await expect(view(page, 'Problems')).toBeChecked();
    await expect(page.getByRole('row', { name: /nightly\.tar/ })).toContainText('NOT_AN_IMAGE');
    await view(page, 'Tags').click();
    await tag('1.1').click();
    await expect(page.getByText('shop-checkout-1.1.tar now holds a different image from the one indexed')).toBeVisible();
    await page.goBack();
    await tag('1.0').click();
    await expect(imageShown(page, 'shop/checkout:1.0')).toBeAttached();
  });
});

test.describe('a catalog with an image of hundreds of tags', () => {
  test.use({ withCatalog: { services: 1, tags: 1, tagged: 300 } });

  test('lists the first of them, also in tooltips', { tag: '@page' }, async ({ win: { page } }) => {
    await page.setViewportSize({ width: 1440, height: 860 });
    const row = images(page)
      .getByRole('row', { name: /nightly/ })
      .first();
    await expect(row).toContainText('build-1');
    expect(((await row.textContent()) ?? '').length).toBeLessThan(1_000);
    const titles = await images(page)
      .locator('[title]')
      .evaluateAll((all) => all.map((each) => each.getAttribute('title')?.length ?? 0));
    expect(Math.max(...titles)).toBeLessThan(1_200);
  });
});
