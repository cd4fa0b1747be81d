import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openTreemap(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  await page.keyboard.press('t');
  const map = page.getByRole('application', { name: 'Treemap' });
  await expect(map).toBeVisible();
  return { page, map, told: page.getByRole('region', { name: 'Changes' }).locator('#treemap-caption') };
}

test('t shows the same rows as rectangles, and the tree again with the same row selected', async ({ win }) => {
  const { page, map, told } = await openTreemap(win);
  await expect(page.getByRole('radio', { name: 'Treemap' })).toBeChecked();
  await expect.poll(() => page.evaluate(() => location.hash)).toContain('view=treemap');
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await expect(told).toContainText('app');
  await page.keyboard.press('ArrowDown');
  await expect(told).toContainText(/^app\/server\.js.*728\.9 kB.*layer 2/);
  await page.keyboard.press('t');
  await expect(page.getByRole('row', { name: /server\.js/ })).toHaveAttribute('aria-selected', 'true');
  expect(win.complaints).toEqual([]);
});

test('the keyboard moves through siblings and levels, and zooms in and out', async ({ win }) => {
  const { page, map, told } = await openTreemap(win);
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(told).toContainText(/^usr/);
  await page.keyboard.press('ArrowLeft');
  await expect(told).toContainText(/^app/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const crumbs = page.getByRole('navigation', { name: 'Current folder' });
  await expect(crumbs.getByRole('button', { name: 'usr/' })).toHaveAttribute('aria-current', 'true');
  await page.keyboard.press('ArrowDown');
  await expect(told).toContainText(/^usr\/lib/);
  await page.keyboard.press('ArrowUp');
  await expect(told).toContainText(/^usr\/lib/);
  await page.keyboard.press('Escape');
  await expect(crumbs.getByRole('button', { name: '/', exact: true })).toHaveAttribute('aria-current', 'true');
  await expect(told).toContainText(/^usr /);
});

test('hovering names a rectangle, and a click selects it', async ({ win }) => {
  const { page, map, told } = await openTreemap(win);
  const box = await map.boundingBox();
  if (box === null) throw new Error('the treemap has no box');
  await page.mouse.move(box.x + 40, box.y + 80);
  await expect(told).toContainText('app/server.js');
  await page.mouse.click(box.x + 40, box.y + 80);
  await expect(page.getByRole('heading', { name: 'server.js' })).toBeVisible();
});

test('a filter leaves only its matches', async ({ win }) => {
  const { page, map, told } = await openTreemap(win);
  await page.getByRole('searchbox').fill('libssl');
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('2 matches');
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await expect(told).toContainText(/^usr.*301\.0 kB · 100\.0 %/);
});

test('the strata have the colours of an open treemap', async ({ win }) => {
  const { page } = await openTreemap(win);
  const stratum = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Layer 2 / }) });
  const colour = () => stratum.evaluate((element) => getComputedStyle(element).backgroundColor);
  const coloured = await colour();
  await page.keyboard.press('t');
  await expect.poll(colour).not.toBe(coloured);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`the treemap has no accessibility violations, ${colorScheme}`, async ({ win }) => {
      const { page, map } = await openTreemap(win);
      await map.focus();
      await page.keyboard.press('ArrowRight');
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}
