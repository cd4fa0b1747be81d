import type { Locator } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

/** A window with space for every column, including previous sizes. */
const WIDE = { width: 1440, height: 900 };

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return { page: win.page, layer: (index: number) => win.page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }) };
}

test('the rows can be sorted by every column; choosing the column again reverses the order', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(1).click();
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeVisible();
  const head = (name: string) => page.getByRole('columnheader', { name });
  await expect(head('Size')).toHaveAttribute('aria-sort', 'descending');
  for (const name of ['Change', 'Size', 'Share']) {
    await head(name).getByRole('button').click();
    await expect(head(name)).toHaveAttribute('aria-sort', 'descending');
    await expect(head('Name')).not.toHaveAttribute('aria-sort');
    await head(name).getByRole('button').click();
    await expect(head(name)).toHaveAttribute('aria-sort', 'ascending');
  }
  await head('Size').getByRole('button').click();
  await expect(page.getByRole('row', { name: /lib\// })).toHaveAttribute('aria-posinset', '1');
  await head('Size').getByRole('button').click();
  await expect(page.getByRole('row', { name: /lib\// })).toHaveAttribute('aria-posinset', '2');
  await head('Name').getByRole('button').click();
  await head('Name').getByRole('button').click();
  await expect(head('Name')).toHaveAttribute('aria-sort', 'descending');
});

test('each mode begins with its default order, and keeps the one that the user chooses', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  const head = (name: string) => page.getByRole('columnheader', { name });
  await expect(head('Size')).toHaveAttribute('aria-sort', 'descending');
  await layer(1).click();
  await expect(head('Size')).toHaveAttribute('aria-sort', 'descending');
  await expect(head('Size')).toContainText('↓');
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(head('Size')).toHaveAttribute('aria-sort', 'descending');
  // Changes are marked; a column for them would be empty in nearly all rows.
  await expect(head('Share')).toBeVisible();
  await expect(head('Change')).toHaveCount(0);
  await head('Items').getByRole('button').click();
  await page.getByRole('radio', { name: 'Layer', exact: true }).click();
  await head('Name').getByRole('button').click();
  await expect(head('Name')).toHaveAttribute('aria-sort', 'ascending');
  await expect(head('Name')).toContainText('↑');
  await layer(2).click();
  await expect(head('Name')).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('radio', { name: 'Image', exact: true }).click();
  await expect(head('Size')).toHaveAttribute('aria-sort', 'descending');
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(head('Items')).toHaveAttribute('aria-sort', 'descending');
});

test('a removed folder shows the size of its files, struck through in a layer, hidden in the image', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [
    {
      createdBy: 'COPY',
      tar: tar(file('keep', 'x'), file('opt/big/a.bin', 'x'.repeat(30_000)), file('opt/big/in/b.bin', 'x'.repeat(20_000))),
    },
    { createdBy: 'RUN rm -r /opt/big', tar: tar(file('opt/.wh.big')) },
  ];
  await win.drop(await win.write('rm.tar', dockerArchive(layers, { name: 'acme/rm:1' })));
  for (const name of ['big', 'in']) {
    const cells = page.getByRole('row', { name: new RegExp(`hidden ${name}/`) }).getByRole('gridcell');
    const bytes = name === 'big' ? '50.0 kB' : '20.0 kB';
    await expect(cells.filter({ hasText: bytes })).toHaveCount(2);
  }
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const gone = page.getByRole('row', { name: /removed big\// }).getByText('50.0 kB', { exact: true });
  await expect(gone.first()).toHaveCSS('text-decoration-line', 'line-through');
});

test('chips for searching and for filtering look alike, and an active one has a cross', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  const bar = page.getByRole('toolbar', { name: 'Filters' });
  const all = bar.getByRole('button', { name: 'all layers' });
  const lookOf = (chip: Locator) =>
    chip.evaluate((element) => {
      const { borderTopColor, borderTopStyle, borderRadius, backgroundColor, color, fontSize, height } = getComputedStyle(element);
      return [borderTopColor, borderTopStyle, borderRadius, backgroundColor, color, fontSize, height];
    });
  expect(await lookOf(all)).toEqual(await lookOf(bar.getByRole('button', { name: 'Minimum size: Any size' })));
  await bar.getByRole('button', { name: 'Minimum size: Any size' }).click();
  await page.getByRole('menuitemradio', { name: '> 100 kB' }).click();
  const limited = bar.getByRole('button', { name: 'Minimum size: > 100 kB' });
  await expect(limited).toBeVisible();
  await bar.getByRole('button', { name: 'Minimum size: Any size' }).click();
  await expect(limited).toHaveCount(0);
  // With the cross, all chips are still on one line.
  await page.setViewportSize({ width: 1320, height: 860 });
  const height = (await bar.boundingBox())?.height;
  await all.click();
  await expect(all.locator('svg')).toHaveCount(1);
  expect((await bar.boundingBox())?.height).toBe(height);
  await all.click();
  await expect(all.locator('svg')).toHaveCount(0);
});

test('the filter’s text is cleared by a button, and isn’t kept for another image', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  const filter = page.getByRole('searchbox');
  await filter.fill('ssl');
  await expect(page.getByRole('row', { name: /curl/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Clear text' }).click();
  await expect(filter).toBeFocused();
  await expect(filter).toHaveValue('');
  await expect(page.getByRole('button', { name: 'Clear text' })).toHaveCount(0);
  await expect(page.getByRole('row', { name: /modified curl|added curl/ }).first()).toBeVisible();
  await filter.fill('ssl');
  await layer(0).click();
  await expect(filter).toHaveValue('ssl');
  await win.drop(await win.write('old.tar', dockerArchive(WEB_API.slice(0, 2), { name: 'acme/web-api:1.7' })));
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7' })).toBeVisible();
  await expect(filter).toHaveValue('');
});

test('a layer’s heading and its command are on one line', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(3).click();
  const head = page.getByRole('region', { name: 'Changes' });
  const bottomOf = (text: string | RegExp) =>
    head
      .getByText(text)
      .first()
      .evaluate((element) => {
        // An empty inline block sits on the baseline, so its bottom is the baseline's position.
        const mark = element.appendChild(document.createElement('span'));
        mark.style.display = 'inline-block';
        const { bottom } = mark.getBoundingClientRect();
        mark.remove();
        return bottom;
      });
  const [title, command] = [await bottomOf(/^Layer 3$/), await bottomOf(/^RUN rm/)];
  expect(Math.abs(title - command)).toBeLessThan(1);
});

test('a long name takes the space that other columns leave', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  const name = page.getByTitle('curl-again', { exact: true });
  await expect(name).toBeVisible();
  expect(await name.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
});

test('share bars are relative to everything shown', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(1).click();
  await expect(page.getByRole('row', { name: /usr\// }).getByTitle('100.0 % of the total')).toBeVisible();
  const share = page.getByRole('row', { name: /libssl/ }).getByTitle('66.7 % of the total');
  await expect(share).toBeVisible();
  // The track is visible, so that the bar can be seen as a part of it.
  const track = share.locator('> :first-child');
  await expect(track).not.toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');
  const [whole, bar] = [await track.boundingBox(), await track.locator('> :first-child').boundingBox()];
  expect((bar?.width ?? 0) / (whole?.width ?? 1)).toBeCloseTo(0.667, 1);
});

test('searching all layers shows which layers touch a path, with links', async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(4).click();
  const all = page.getByRole('button', { name: 'Search all layers', exact: true });
  // The button's tooltip says what a click does, both before and after it.
  await expect(all).toHaveAttribute('title', /^Search the paths of every layer/);
  await all.click();
  await expect(all).toHaveAttribute('title', /^Back to the selection/);
  await expect(page.getByText('Type to search all layers')).toBeVisible();
  await page.getByRole('searchbox').fill('*ssl*');
  const found = page.getByRole('list', { name: 'Paths in all layers' }).getByRole('listitem');
  await expect(found).toHaveCount(2);
  await expect(found.nth(1)).toContainText('usr/lib/libssl.so.3');
  await expect(page.getByText(/^2 paths in all layers, [\d.]+ [kM]B$/)).toBeVisible();
  await page.getByRole('radio', { name: 'Largest first' }).click();
  await expect(found.first()).toContainText('usr/lib/libssl.so.3');
  await page.getByRole('radio', { name: 'Best match' }).click();
  await found.nth(1).getByRole('button', { name: 'modified in layer 1' }).click();
  await expect(layer(1)).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('heading', { name: 'libssl.so.3' })).toBeVisible();
  await page.getByRole('searchbox').fill('/(/');
  await expect(page.getByText('not a regular expression')).toBeVisible();
  await page.getByRole('button', { name: 'all layers' }).click();
  await expect(page.getByRole('treegrid')).toBeVisible();
});

test('while all layers are searched, the toggle is pressed, only the results are listed, and matches are marked', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = await openWebApi(win);
  await page.keyboard.press('0');
  const culprits = page.getByRole('list', { name: 'What makes it big' });
  await expect(culprits).toBeVisible();
  const all = page.getByRole('button', { name: 'Search all layers', exact: true });
  await all.click();
  await page.mouse.move(0, 0);
  await expect(all).toHaveAttribute('aria-pressed', 'true');
  await expect(culprits).toHaveCount(0);
  // The chips stay on one line.
  const chips = page.getByRole('toolbar', { name: 'Filters' }).getByRole('button');
  expect(new Set(await chips.evaluateAll((all) => all.map((each) => Math.round(each.getBoundingClientRect().y)))).size).toBe(1);
  await page.getByRole('searchbox').fill('ssl');
  const found = page.getByRole('list', { name: 'Paths in all layers' });
  await expect(found.locator('mark').first()).toHaveText('ssl');
  await expect(found.getByRole('listitem').filter({ has: page.locator('mark') })).toHaveCount(await found.getByRole('listitem').count());
  const chip = all.evaluate((element) => getComputedStyle(element).backgroundColor);
  const plain = page
    .getByRole('button', { name: 'Minimum size: Any size' })
    .evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(await chip).not.toBe(await plain);
  expect(await complaintsOf(page)).toEqual([]);
  await page.emulateMedia({ forcedColors: 'active' });
  await expect(found.locator('mark').first()).toHaveCSS('outline-style', 'solid');
  // A pattern matches the whole name.
  await page.getByRole('searchbox').fill('*.conf');
  await expect(found.locator('mark').first()).toHaveText(/^[^/]+\.conf$/);
  await page.getByRole('searchbox').fill('');
  await all.click();
  await expect(culprits).toBeVisible();
});

test('a layer that only removes files has space for what it hides, and its heading has the command', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(3).click();
  const text = page.getByRole('row', { name: /opaque cache/ }).getByText(/^opaque: hides/);
  await expect(text).toHaveAttribute('title', /Opaque: hides everything that the layers below have in this folder/);
  expect(await text.evaluate(({ parentElement: cell }) => cell !== null && cell.scrollWidth <= cell.clientWidth)).toBe(true);
  await expect(page.getByRole('columnheader', { name: 'Share' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('RUN rm -rf /var/cache /etc/motd');
});

test('names have space next to all other columns', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  await expect(page.getByRole('columnheader', { name: 'Change' })).toBeVisible();
  for (const width of [1180, 1320, 1360, 1600]) {
    await page.setViewportSize({ width, height: 860 });
    await expect
      .poll(
        async () =>
          (
            await page
              .getByRole('row', { name: /modified libssl/ })
              .getByRole('gridcell')
              .first()
              .boundingBox()
          )?.width,
      )
      .toBeGreaterThan(190);
  }
});

test('names leave space for shares, with a percentage in a whole image and next to what a layer changes', { tag: '@page' }, async ({
  win,
}) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize({ width: 1320, height: 860 });
  await expect(
    page
      .getByRole('row', { name: /usr\// })
      .first()
      .getByText(/^[\d.]+ %$/),
  ).toBeVisible();
  await layer(1).click();
  await expect(page.getByRole('columnheader', { name: 'Change' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Share' })).toBeVisible();
  // The previous size is shown next to the differences.
  await expect(page.getByRole('row', { name: /modified libssl/ }).getByText(/^was 300\.0 kB, content/)).toBeVisible();
});

test('a filesystem’s heading counts what its top layer removes', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(3).click();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(page.getByRole('heading', { name: 'Filesystem at layer 3' }).locator('xpath=..')).toContainText('−3');
});

/** Long names, deep in folders, with distinctive ends; one is rewritten, others are deleted. */
const LONG = ['one', 'two', 'three'].map((end) => `file-with-a-really-long-name-that-is-cut-in-any-pane-${end}.txt`);
const DEEP = 'one/in/another/and/in/it/';
const LONG_NAMES = dockerArchive(
  [
    { createdBy: 'COPY . /', tar: tar(...LONG.map((name) => file(DEEP + name, 'x'.repeat(9_000))), file('old', 'x'.repeat(5_000))) },
    { createdBy: 'RUN make', tar: tar(file(DEEP + LONG[0], 'y'.repeat(7_000)), file('.wh.old')) },
  ],
  { name: 'acme/long:1' },
);

test('long names get nearly half of the row, and are cut in the middle', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('long.tar', LONG_NAMES));
  for (const layer of ['Whole image', 'Layer 0', 'Layer 1']) {
    await page.getByRole('button', { name: new RegExp(`^${layer} `) }).click();
    const row = page.getByRole('row', { name: new RegExp(LONG[0] ?? '') });
    const name = row.getByRole('gridcell').first();
    for (const width of [1180, 1320, 1440]) {
      await page.setViewportSize({ width, height: 860 });
      const share = async () => ((await name.boundingBox())?.width ?? 0) / ((await row.boundingBox())?.width ?? 1);
      await expect.poll(share, { message: `${layer}, ${width} px` }).toBeGreaterThanOrEqual(0.42);
      // The name is drawn as one string that contains both of its ends. The space left is less than the next letter and a slash would take.
      const cut = name.locator('span[aria-hidden]');
      await expect(cut).toHaveText(/^file.*….{10}$/);
      const [text, box] = [await cut.boundingBox(), await name.boundingBox()];
      const left = (box?.x ?? 0) + (box?.width ?? 0) - (text?.x ?? 0) - (text?.width ?? 0);
      expect(left).toBeGreaterThanOrEqual(-1);
      expect(left).toBeLessThan(18);
    }
  }
});

test('a name that is cut keeps the filter’s match, which is marked', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('long.tar', LONG_NAMES));
  await page.getByRole('searchbox').fill('pane-two');
  const marks = page.getByRole('row', { name: new RegExp(LONG[1] ?? '') }).locator('mark');
  // The name is cut before the match, so that the whole match is drawn.
  await expect(marks).toHaveText(['pane-two']);
});

test('only what the filter’s text matches is marked in a name', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const files = ['var/lib/dpkg/status', 'var/lib/dpkg/libs.list'].map((name) => file(name, name));
  await win.drop(await win.write('lib.tar', dockerArchive([{ createdBy: 'COPY . /', tar: tar(...files) }], { name: 'acme/lib:1' })));
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await page.getByRole('searchbox').fill('lib');
  await expect(page.getByRole('row', { name: /libs\.list/ }).locator('mark')).toHaveText(['lib']);
  await page.getByRole('searchbox').fill('dpkg/s');
  await expect(page.getByRole('row', { name: /status/ })).toBeVisible();
  await expect(page.getByRole('treegrid').locator('mark')).toHaveCount(0);
});

test('where no path contains the filter’s text, the list is empty and offers all layers and similar paths', { tag: '@page' }, async ({
  win,
}) => {
  const { page, layer } = await openWebApi(win);
  await layer(1).click();
  await page.getByRole('searchbox').fill('libsl');
  const pane = page.getByRole('region', { name: 'Changes' });
  await expect(pane.getByText('None in layer 1')).toBeVisible();
  await expect(page.getByRole('treegrid')).toHaveCount(0);
  await pane.getByRole('button', { name: 'Show 1 similar' }).click();
  await expect(page.getByRole('row', { name: /libssl/ })).toBeVisible();
  await expect(pane.getByText('no such path: 1 similar path')).toBeVisible();
  await page.getByRole('searchbox').fill('lbsl');
  await expect(pane.getByText('None in layer 1')).toBeVisible();
  await pane.getByRole('button', { name: 'Search all layers', exact: true }).last().click();
  await expect(pane.getByText('No matching path in any layer')).toBeVisible();
  await pane.getByRole('button', { name: 'Show similar paths' }).click();
  await expect(page.getByRole('list', { name: 'Paths in all layers' }).getByRole('listitem').first()).toContainText('libssl');
});

test('at the default width, the heading isn’t cut and the chips have words', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('long.tar', LONG_NAMES));
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const hides = page
    .getByRole('region', { name: 'Changes' })
    .getByText(/^hides \d/)
    .first();
  await expect(hides).toBeVisible();
  expect(await hides.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  const chips = page.getByRole('group', { name: 'Change kinds' }).getByRole('button');
  for (const chip of await chips.all()) expect((await chip.boundingBox())?.width).toBeGreaterThan(50);
});

test('with a filter, every number in a folder’s row shows how much matches, and folders are sorted by these numbers', {
  tag: '@page',
}, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(1).click();
  const rows = page.getByRole('treegrid').getByRole('row');
  const folder = (name: string) => page.getByRole('row', { name: new RegExp(`${name}/`) }).first();
  const status = page.getByRole('region', { name: 'Changes' }).getByRole('status').first();
  await expect(folder('usr')).toContainText('451.0 kB');
  await expect(rows.nth(2)).toContainText('lib/');
  await page.getByRole('searchbox').fill('curl');
  await expect(status).toHaveText(/2 matches · 150\.0 kB/);
  await expect(folder('usr')).toContainText('150.0 kB');
  await expect(folder('usr').getByTitle('150,000 of 451,000 bytes match the filter')).toBeVisible();
  await expect(folder('usr').getByTitle('100.0 % of what matches the filter')).toBeVisible();
  await expect(folder('usr').getByTitle('2 of 5 items match the filter').first()).toBeVisible();
  // The mark reflects what matches, too.
  await expect(folder('usr').getByRole('img')).toHaveAccessibleName('contains 2 added');
  await page.getByRole('searchbox').fill('');
  await page.getByTitle('Hide modified paths').click();
  await expect(status).toHaveText(/2 matches · 150\.0 kB/);
  await expect(folder('usr')).toContainText('150.0 kB');
  await page.getByTitle('Show modified paths').click();
  await page.getByTitle('Hide added paths').click();
  await expect(folder('usr')).toContainText('301.0 kB');
  await page.getByTitle('Show added paths').click();
  await expect(folder('usr')).toContainText('451.0 kB');
  // A folder that matches by name is counted with everything in it.
  await page.getByRole('button', { name: /^Whole image/ }).click();
  await page.getByRole('searchbox').fill('*modules');
  await expect(status).toHaveText(/1 match · 109\.\d kB/);
  await expect(folder('app')).toContainText(/109\.\d kB/);
  await page.getByRole('searchbox').fill('*.js');
  await expect(rows.nth(1)).toContainText('app/');
  await expect(folder('app').getByTitle(/^838,\d{3} of 838,\d{3} bytes match the filter$/)).toBeVisible();
});

test('columns stay in place when other layers and images are chosen, if there is space; the column of hidden bytes comes and goes', {
  tag: '@page',
}, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize({ width: 1920, height: 900 });
  const columns = () =>
    page.getByRole('columnheader').evaluateAll((heads) => heads.map((head) => `${head.textContent} ${head.getBoundingClientRect().x}`));
  const whole = await columns();
  await layer(1).click();
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeVisible();
  const changed = await columns();
  await layer(2).click();
  await expect(page.getByRole('row', { name: /added server/ })).toBeVisible();
  expect(await columns()).toEqual(changed);
  await win.drop(await win.write('plain.tar', dockerArchive(WEB_API.slice(2, 3), { name: 'acme/plain:1' })));
  await expect(page.getByRole('heading', { name: 'acme/plain:1' })).toBeVisible();
  await expect(page.getByRole('row', { name: /server\.js/ })).toBeVisible();
  const names = (heads: readonly string[]) => heads.map((head) => head.split(' ')[0]);
  expect(names(await columns())).toEqual(names(whole).filter((name) => name !== 'Hidden'));
});
