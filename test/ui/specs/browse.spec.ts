import { dockerArchive, WEB_API, wideLayer } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  const archive = dockerArchive(WEB_API, { name: 'acme/web-api:1.8', lastSteps: ['USER app', 'CMD ["node" "server.js"]'] });
  await win.drop(await win.write('web-api.tar', archive));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return { page: win.page, layer: (index: number) => win.page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }) };
}

test('layers are shown as strata, with their command in plain words and their size', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await expect(layer(2)).toContainText('npm ci --omit=dev');
  await expect(layer(2)).not.toContainText('/bin/sh');
  await expect(layer(0)).toContainText('384.7 kB');
  await expect(page.getByRole('list', { name: 'Layers, newest first' }).getByRole('button', { name: /^Layer/ })).toHaveCount(5);
  const heights = await Promise.all([0, 3].map(async (index) => (await layer(index).boundingBox())?.height ?? 0));
  expect(heights[0]).toBeGreaterThan((heights[1] ?? 0) * 1.5);
});

test('steps without a layer are one line that expands', { tag: '@page' }, async ({ win }) => {
  const { page } = await openWebApi(win);
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain.getByText('["node" "server.js"]')).toHaveCount(0);
  await chain.getByRole('button', { name: '2 metadata steps (USER, CMD)' }).click();
  await expect(chain.getByText('["node" "server.js"]')).toBeVisible();
});

test('the chain shows one main size, with stored and hidden bytes next to it', { tag: '@page' }, async ({ win }) => {
  const { page } = await openWebApi(win);
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain.getByText('5 layers', { exact: true })).toBeVisible();
  await expect(chain.getByText('1.8 MB stored', { exact: true })).toBeVisible();
  await expect(chain.getByRole('button', { name: /^Whole image 1\.7 MB/ })).toContainText('384.7 kB hidden');
});

test('selecting a layer shows its changes, with marks in words', async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  await expect(page.getByRole('heading', { name: 'Layer 1' }).first()).toBeVisible();
  const row = page.getByRole('row', { name: /modified libssl\.so\.3/ });
  await expect(row).toContainText('300.0 kB');
  await expect(row).toContainText('301.0 kB');
  await expect(row).toContainText('mode');
  await expect(page.getByRole('row', { name: /added curl-again/ })).toContainText('curl');
});

test('a whiteout shows what it hides', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(3).click();
  await expect(page.getByRole('row', { name: /removed motd/ })).toContainText(/hides .* from layer 0/);
  await expect(page.getByRole('row', { name: /removed a\.bin/ })).toContainText(/hides 60\.0 kB/);
});

test('folders open and close with the mouse', { tag: '@window' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(2).click();
  const modules = page.getByRole('row', { name: /node_modules/ });
  const open = await modules.getAttribute('aria-expanded');
  if (open === 'true') await modules.dblclick();
  await expect(modules).toHaveAttribute('aria-expanded', 'false');
  await expect(page.getByRole('row', { name: /package-\d/ })).toHaveCount(0);
  await modules.dblclick();
  await expect(modules).toHaveAttribute('aria-expanded', 'true');
  await expect(page.getByRole('row', { name: /package-\d/ }).first()).toBeVisible();
});

test('the tree can be navigated with the keyboard alone', { tag: '@window' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(2).click();
  const app = page.getByRole('row', { name: /app\// }).first();
  await app.click();
  await page.keyboard.press('Home');
  await expect(app).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await expect(app).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await expect(app).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('ArrowRight');
  // The largest file comes first.
  await expect(page.getByRole('row', { name: /server\.js/ })).toBeFocused();
  await page.keyboard.type('logo');
  const logo = page.getByRole('row', { name: /logo\.png/ });
  await expect(logo).toBeFocused();
  await expect(logo).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowLeft');
  await expect(app).toBeFocused();
  await page.keyboard.press('End');
  await expect(logo).toBeFocused();
  await page.keyboard.press('k');
  await expect(logo).not.toBeFocused();
});

test('[ and ] go to the older and the newer layer, 1 and 2 change the mode', { tag: '@window' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(2).click();
  await page.keyboard.press('[');
  await expect(layer(1)).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press(']');
  await page.keyboard.press(']');
  await expect(layer(3)).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('2');
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  await page.keyboard.press('1');
  await expect(page.getByRole('treegrid', { name: 'Changes' })).toBeVisible();
});

test('F6 cycles through the panes', { tag: '@window' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(2).focus();
  await page.keyboard.press('F6');
  await expect(page.getByRole('region', { name: 'Changes' }).locator(':focus')).toHaveCount(1);
  const details = page.getByRole('region', { name: 'Details' });
  await page.keyboard.press('F6');
  // The pane itself has the focus, visibly, and Tab goes on to what it shows.
  await expect(details).toBeFocused();
  await expect(details).toHaveCSS('outline-style', 'solid');
  await page.keyboard.press('Tab');
  await expect(details.getByRole('navigation', { name: 'Location' }).locator(':focus')).toHaveCount(1);
  await page.keyboard.press('Shift+F6');
  await expect(page.getByRole('region', { name: 'Changes' }).locator(':focus')).toHaveCount(1);
});

test('a filter keeps matches and the folders above them', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(2).click();
  await expect(page.getByRole('heading', { name: 'Layer 2' }).first()).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('package-07');
  await expect(page.getByRole('row', { name: /package-071/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /node_modules/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /server\.js/ })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('20 matches');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('row', { name: /server\.js/ })).toBeVisible();
});

test('globs and regular expressions filter the rows', { tag: '@page' }, async ({ win }) => {
  const { page } = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  const field = page.getByRole('searchbox', { name: 'Filter by path' });
  await field.fill('*.bin');
  await expect(page.getByRole('row', { name: /a\.bin/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /passwd/ })).toHaveCount(0);
  await field.fill('/pass|motd/');
  await expect(page.getByRole('row', { name: /passwd/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /motd/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /a\.bin/ })).toHaveCount(0);
});

test('rows are filtered by kind and size, and a filter without matches can be cleared', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  await page.getByRole('button', { name: 'added', exact: true }).click();
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /added curl/ })).toHaveCount(0);
  await page.getByRole('button', { name: /^Minimum size/ }).click();
  await page.getByRole('menuitemradio', { name: '> 100 MB' }).click();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await expect(page.getByRole('row', { name: /added curl-again/ })).toBeVisible();
});

test('sorting by size puts the largest first, folder by folder', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(0).click();
  // A layer's changes are sorted by size by default.
  await expect(page.getByRole('columnheader', { name: /Size/ })).toHaveAttribute('aria-sort', 'descending');
  await expect(page.getByRole('row').nth(1)).toContainText('usr');
  await page.getByRole('columnheader', { name: /Size/ }).getByRole('button').click();
  await expect(page.getByRole('columnheader', { name: /Size/ })).toHaveAttribute('aria-sort', 'ascending');
  await expect(page.getByRole('row').nth(1)).not.toContainText('usr');
});

test('stacked mode shows the filesystem at a layer, without dimming', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(4).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(page.getByRole('heading', { name: 'Filesystem at layer 4' })).toBeVisible();
  await page.getByRole('searchbox').fill('etc');
  await expect(page.getByRole('row', { name: /added app\.conf/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /modified passwd/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /motd/ })).toHaveCount(0);
});

test('Shift-click selects a range and shows its combined changes', { tag: '@window' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  await layer(4).click({ modifiers: ['Shift'] });
  await expect(page.getByRole('heading', { name: 'Layers 1–4 combined' })).toBeVisible();
  // The heading's bytes are what is left after layer 4; the details add up the layers.
  await expect(page.getByRole('region', { name: 'Changes' }).getByText(/^[\d.]+ .?B net$/)).toBeVisible();
  await expect(page.getByText('sum of 4 layers')).toBeVisible();
  // The range is named by the commands at its ends, and the tooltip has all of its commands.
  const named = page
    .getByRole('region', { name: 'Changes' })
    .getByTitle(/^4 COPY app\.conf.*\n3 RUN rm -rf.*\n2 RUN npm ci.*\n1 RUN apt-get update/);
  await expect(named).toBeInViewport();
  await expect(named).toHaveText(/^RUN apt-get update.* – COPY app\.conf/);
  for (const index of [1, 2, 3, 4]) await expect(layer(index)).toHaveAttribute('aria-pressed', 'true');
  await expect(layer(0)).toHaveAttribute('aria-pressed', 'false');
  await expect(page.getByRole('row', { name: /modified passwd/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /removed motd/ })).toBeVisible();
});

test('the address contains the complete selection: reload and Back return to the same place', async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(0).click();
  await page.getByRole('row', { name: /passwd/ }).click();
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^#\/image\/[^/]+\/layer\/0\?path=etc\/passwd$/);
  await layer(4).click();
  await page.getByRole('row', { name: /passwd/ }).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/layer\/4\?path=etc\/passwd&mode=stacked$/);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Filesystem at layer 4' })).toBeVisible();
  await expect(page.getByRole('row', { name: /passwd/ })).toHaveAttribute('aria-selected', 'true');
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Layer 4' }).first()).toBeVisible();
  await page.goBack();
  await expect(layer(0)).toHaveAttribute('aria-pressed', 'true');
  expect(win.complaints).toEqual([]);
});

test('only the rows on screen are in the document, even if there are a hundred thousand', { tag: '@page' }, async ({ win }) => {
  test.slow(); // makes, reads and opens 100,000 files
  await win.drop(await win.write('wide.tar', dockerArchive([wideLayer(100_000)], { name: 'acme/wide:1' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await expect(page.getByRole('treegrid', { name: 'Changes' })).toBeVisible();
  const first = page.getByRole('row', { name: /data\// }).first();
  await first.click();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('*');
  await expect(page.getByRole('treegrid')).toHaveAttribute('aria-rowcount', String(100_000 + 50 + 1 + 1));
  await page.keyboard.press('End');
  await expect(page.locator('[role="row"]:focus')).toHaveAttribute('aria-rowindex', String(100_000 + 50 + 1 + 1));
  expect(await page.getByRole('row').count()).toBeLessThan(200);
});
