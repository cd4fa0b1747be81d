import { file, tar } from '../../support/tar-builder.ts';
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
  return { page, map, caption: page.getByRole('region', { name: 'Changes' }).locator('#treemap-caption') };
}

test('the key t switches to a treemap of the same rows, and back to the tree with the same row selected', async ({ win }) => {
  const { page, map, caption } = await openTreemap(win);
  await expect(page.getByRole('radio', { name: 'Treemap' })).toBeChecked();
  await expect.poll(() => page.evaluate(() => location.hash)).toContain('view=treemap');
  // The picture is as far from both edges of its pane as the text around it.
  const [box, pane] = [await map.boundingBox(), await page.getByRole('region', { name: 'Changes' }).boundingBox()];
  const left = (box?.x ?? 0) - (pane?.x ?? 0);
  const right = (pane?.x ?? 0) + (pane?.width ?? 0) - (box?.x ?? 0) - (box?.width ?? 0);
  expect([left, right + 1]).toEqual([12, 12]);
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await expect(caption).toContainText('app');
  await page.keyboard.press('ArrowDown');
  await expect(caption).toContainText(/^app\/server\.js.*728\.9 kB.*layer 2/);
  await page.keyboard.press('t');
  await expect(page.getByRole('row', { name: /server\.js/ })).toHaveAttribute('aria-selected', 'true');
  expect(win.complaints).toEqual([]);
});

test('in the treemap, the keyboard moves through siblings and levels, and zooms in and out', { tag: '@window' }, async ({ win }) => {
  const { page, map, caption } = await openTreemap(win);
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(caption).toContainText(/^usr/);
  await page.keyboard.press('ArrowLeft');
  await expect(caption).toContainText(/^app/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const crumbs = page.getByRole('navigation', { name: 'Current folder' });
  await expect(crumbs.getByRole('button', { name: 'usr/' })).toHaveAttribute('aria-current', 'true');
  await page.keyboard.press('ArrowDown');
  await expect(caption).toContainText(/^usr\/lib/);
  await page.keyboard.press('ArrowUp');
  await expect(caption).toContainText(/^usr\/lib/);
  await page.keyboard.press('Escape');
  await expect(crumbs.getByRole('button', { name: '/', exact: true })).toHaveAttribute('aria-current', 'true');
  await expect(caption).toContainText(/^usr /);
});

test('hovering over a rectangle names it, and a click selects it', { tag: '@window' }, async ({ win }) => {
  const { page, map, caption } = await openTreemap(win);
  const box = await map.boundingBox();
  if (box === null) throw new Error('the treemap has no box');
  await page.mouse.move(box.x + 40, box.y + 80);
  await expect(caption).toContainText('app/server.js');
  await page.mouse.click(box.x + 40, box.y + 80);
  await expect(page.getByRole('heading', { name: 'server.js' })).toBeVisible();
});

test('a filter leaves only its matches in the treemap', { tag: '@page' }, async ({ win }) => {
  const { page, map, caption } = await openTreemap(win);
  await page.getByRole('searchbox').fill('libssl');
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('2 matches');
  await map.focus();
  await page.keyboard.press('ArrowRight');
  await expect(caption).toContainText(/^usr.*301\.0 kB · 100\.0 %/);
  // A folder that matches by name has the area of its contents.
  await page.getByRole('searchbox').fill('*lib');
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('1 match');
  await expect(caption).toContainText(/^usr.*301\.0 kB · 100\.0 %/);
});

test('the strata have the colours of an open treemap', { tag: '@page' }, async ({ win }) => {
  const { page } = await openTreemap(win);
  const stratum = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Layer 2 / }) });
  const colour = () => stratum.evaluate((element) => getComputedStyle(element).backgroundColor);
  const coloured = await colour();
  await page.keyboard.press('t');
  await expect.poll(colour).not.toBe(coloured);
});

test('hidden bytes are labelled, and never added to visible ones', { tag: '@page' }, async ({ win }) => {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page
    .getByRole('row', { name: /libssl\.so\.3/ })
    .first()
    .click();
  await page.keyboard.press('t');
  const caption = page.locator('#treemap-caption');
  await expect(caption).toContainText(/^usr\/lib\/libssl\.so\.3 301\.0 kB \+ 300\.0 kB hidden · 35\.9 %/);
  // In layer 1, the caption has only the bytes that the layer wrote, and no hidden ones.
  await page.evaluate(() => {
    window.location.hash = window.location.hash.replace(/^(#\/image\/[^/?]+)/, '$1/layer/1');
  });
  await expect(caption).toContainText(/^usr\/lib\/libssl\.so\.3 301\.0 kB · 66\.7 %/);
});

test('the caption of a hidden file names the layer that wrote it and the one that removed it', { tag: '@page' }, async ({ win }) => {
  const { page, map, caption } = await openTreemap(win);
  await page.keyboard.press('0');
  await page.getByRole('searchbox').fill('a.bin');
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('1 match');
  await map.focus();
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
  await expect(caption).toContainText(/^var\/cache\/a\.bin.*60\.0 kB hidden.*written in layer 0, removed in layer 3/);
  // The hidden bytes have the colour of layer 0 in the chain. The point is between two lines of the hatching.
  const stratum = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Layer 0 / }) });
  const wanted = await stratum.evaluate((element) => getComputedStyle(element).backgroundColor);
  const colours = () =>
    map.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d')?.getImageData(width / 2, height / 2, 24, 24) ?? { data: [] };
      const found = new Set<string>();
      for (let at = 0; at < data.length; at += 4) found.add(`rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`);
      return [...found];
    });
  await expect.poll(colours).toContain(wanted);
});

test('with forced colours, numbers replace the colours of layers and file types', { tag: '@page' }, async ({ win }) => {
  await win.page.emulateMedia({ forcedColors: 'active' });
  const { page } = await openTreemap(win);
  await expect(page.getByText('Numbers: layers', { exact: true })).toBeVisible();
  await page.getByRole('radio', { name: 'Layer' }).click();
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await expect(page.getByRole('list', { name: 'Colours by kind of file' }).getByText('1', { exact: true })).toBeVisible();
  await expect(page.getByText('Numbers: kinds of files', { exact: true })).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
});

test('the treemap explains what hatching means', { tag: '@page' }, async ({ win }) => {
  const { page, map, caption } = await openTreemap(win);
  await expect(caption).not.toContainText('Hatched');
  await page.keyboard.press('0');
  await expect(map).toBeVisible();
  await expect(caption).toHaveText('Hatched: hidden but still in the image.');
  expect(await caption.evaluate((line) => line.scrollWidth <= line.clientWidth)).toBe(true);
  await expect(map).toHaveAccessibleDescription(/Arrow keys move, Enter zooms in/);
  await page.getByRole('button', { name: /^Layer 3 / }).click();
  await expect(caption).toContainText('Hatched: removed here, still in the image');
  await page.keyboard.press('3');
  await expect(page.getByRole('button', { name: /^Side A/ })).toBeVisible();
  await expect(caption).toHaveText('Hatched: gone or smaller in B.');
});

test('files too small to be drawn share a rectangle, which shows their number', { tag: '@page' }, async ({ win }) => {
  const small = Array.from({ length: 3_000 }, (_, at) => file(`many/file-${at}.txt`, 'x'));
  const layers = [{ createdBy: 'ADD', tar: tar(...small, file('large.bin', 'x'.repeat(30_000))) }];
  await win.drop(await win.write('small.tar', dockerArchive(layers, { name: 'acme/small:1' })));
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.setViewportSize({ width: 700, height: 300 });
  await page.keyboard.press('t');
  const map = page.getByRole('application', { name: 'Treemap' });
  const box = await map.boundingBox();
  if (box === null) throw new Error('the treemap has no box');
  const told = page.locator('#treemap-caption');
  const seen = new Set<string>();
  for (let x = 4; x < box.width; x += 12) {
    await page.mouse.move(box.x + x, box.y + box.height - 12);
    seen.add((await told.textContent()) ?? '');
  }
  expect([...seen].filter((text) => text.startsWith('many/ 3,000 small files'))).toHaveLength(1);
});

test('the drawn layers are in a legend, with the bytes that each wrote', { tag: '@page' }, async ({ win }) => {
  const { page } = await openTreemap(win);
  await page.keyboard.press('0');
  const legend = page.getByRole('list', { name: 'Colours by layer' });
  const items = legend.getByRole('listitem');
  await expect(page.getByText('Colours: layers', { exact: true })).toBeVisible();
  await expect(items.first()).toHaveText('Layer 2 838.7 kB');
  await expect(items.first()).toHaveAttribute('title', 'RUN npm ci --omit=dev');
  const sizes = await items.evaluateAll((all) => all.map((item) => Number.parseFloat(item.textContent?.replace(/^Layer \d+ /, '') ?? '')));
  expect(sizes.length).toBeGreaterThan(2);
  // The legend has the same colour as the layer in the chain.
  const stratum = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Layer 2 / }) });
  const colour = await stratum.evaluate((layer) => getComputedStyle(layer).backgroundColor);
  await expect(items.first().locator('i')).toHaveCSS('background-color', colour);
  const [box, pane] = [await legend.boundingBox(), await page.getByRole('region', { name: 'Changes' }).boundingBox()];
  // The legend takes two lines, so that all layers are visible.
  expect(box?.height).toBeLessThanOrEqual(44);
  for (const item of await items.all()) {
    const own = await item.boundingBox();
    expect((own?.y ?? 0) + (own?.height ?? 0)).toBeLessThanOrEqual((box?.y ?? 0) + (box?.height ?? 0));
  }
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((pane?.x ?? 0) + (pane?.width ?? 0));
});

test('a single layer is coloured by file type, with a legend', { tag: '@page' }, async ({ win }) => {
  const { page } = await openTreemap(win);
  const legend = page.getByRole('list', { name: 'Colours by kind of file' });
  await expect(legend).toHaveCount(0);
  await page.getByRole('radio', { name: 'Layer' }).click();
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await expect(page.getByText('Colours: kinds of files', { exact: true })).toBeVisible();
  await expect(legend.getByRole('listitem')).toHaveText([/^Source code [\d.]+ k?B$/, /^Pictures \d+ B$/]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`the treemap has no accessibility violations, ${colorScheme}`, { tag: '@page' }, async ({ win }) => {
      const { page, map } = await openTreemap(win);
      await map.focus();
      await page.keyboard.press('ArrowRight');
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}

test('the name on a hatched rectangle has no lines across it', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [
    { createdBy: 'COPY model.bin /', tar: tar(file('model.bin', 'x'.repeat(300_000))) },
    { createdBy: 'RUN rm /model.bin', tar: tar(file('.wh.model.bin')) },
  ];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await win.drop(await win.write(`${colorScheme}.tar`, dockerArchive(layers, { name: `acme/model:${colorScheme}` })));
    await page.getByRole('radio', { name: 'Treemap' }).click();
    const canvas = page.getByRole('application', { name: 'Treemap' }).locator('canvas');
    /** Counts the distinct colours in a strip at `y`: between the rectangle's edge and its name, or well below the name. */
    const colours = (y: number) =>
      canvas.evaluate((element: HTMLCanvasElement, top) => {
        const { data } = element.getContext('2d')?.getImageData(2, top, 2, 26) ?? { data: [] };
        const found = new Set<string>();
        for (let at = 0; at < data.length; at += 4) found.add([...data.slice(at, at + 3)].join());
        return found.size;
      }, y);
    await expect.poll(() => colours(60)).toBeGreaterThan(1);
    expect(await colours(3), colorScheme).toBe(1);
  }
});

test('the folders above a treemap keep their slashes, and their names at both ends, where they don’t fit', { tag: '@page' }, async ({
  win,
}) => {
  const names = ['etc', 'shared-configuration-of-all-services', 'and-settings-they-have-in-common', 'production'];
  const layer = { createdBy: 'COPY etc', tar: tar(file(`${names.join('/')}/a.conf`, 'a'.repeat(5_000)), file('b', 'b'.repeat(900))) };
  await win.drop(await win.write('deep.tar', dockerArchive([layer], { name: 'acme/deep:1' })));
  const { page } = win;
  await page.getByRole('radio', { name: 'Treemap' }).click();
  const map = page.getByRole('application', { name: 'Treemap' });
  await map.focus();
  await page.keyboard.press('ArrowRight');
  for (const _ of names) {
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
  }
  const crumbs = page.getByRole('navigation', { name: 'Current folder' });
  await expect(crumbs.getByRole('button')).toHaveCount(names.length + 1);
  for (const width of [1320, 720, 400]) {
    await page.setViewportSize({ width, height: 860 });
    const slashes = crumbs.getByRole('button').locator('> :last-child');
    const gaps = await slashes.evaluateAll((all) =>
      all.map((slash) => {
        const [own, button] = [slash.getBoundingClientRect(), (slash.parentElement as HTMLElement).getBoundingClientRect()];
        return own.width > 2 && own.right <= button.right + 0.5 && own.left >= button.left;
      }),
    );
    expect(gaps, `${width} px`).toEqual(names.map(() => true));
  }
});
