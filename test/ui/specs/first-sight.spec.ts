// What the window shows at its usual size before anything is resized: when space is short, the numbers that matter must stay.
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const LONG = 'a-file-whose-name-is-longer-than-its-column-has-space-for';
/** Files of one size, so that they are listed by name, and a large one that only a filter brings to the top. */
const MANY = dockerArchive([
  {
    createdBy: 'COPY . /',
    tar: tar(
      ...Array.from({ length: 400 }, (_, at) => file(`${LONG}-${String(at).padStart(3, '0')}.bin`, 'x'.repeat(100))),
      ...Array.from({ length: 60 }, (_, at) => file(`z/${LONG}-${at}.match`, 'y')),
    ),
  },
  { createdBy: 'RUN rm', tar: tar(file(`.wh.${LONG}-399.bin`)) },
]);

async function opened(win: LayerscopeWindow, bytes: Uint8Array = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })) {
  await win.drop(await win.write('image.tar', bytes));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return { page: win.page, layer: (index: number) => win.page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }) };
}

test('a layer shows how much it hides, even in a short window', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await opened(win);
  for (const height of [860, 560]) {
    await page.setViewportSize({ width: 1320, height });
    const hides = layer(1).getByText(/^hides/);
    await expect(hides).toBeVisible();
    const isInside = async () => {
      const [text, stratum] = [await hides.boundingBox(), await layer(1).boundingBox()];
      return text !== null && stratum !== null && text.y >= stratum.y && text.y + text.height <= stratum.y + stratum.height + 1;
    };
    expect(await isInside(), `${height} px high`).toBe(true);
  }
});

test('long names are truncated, so that the bars stay visible', { tag: '@page' }, async ({ win }) => {
  const { page } = await opened(win, MANY);
  await expect(page.getByRole('columnheader', { name: 'Hidden' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Share' })).toBeVisible();
});

test('a filter shows its first matches, wherever the list was scrolled to', { tag: '@page' }, async ({ win }) => {
  const { page } = await opened(win, MANY);
  const grid = page.getByRole('treegrid');
  await grid.evaluate((element) => {
    const isScroller = (each: Element) => each.scrollHeight > each.clientHeight + 1_000;
    for (const each of [element, ...element.querySelectorAll('*')]) if (isScroller(each)) each.scrollTop = 6_000;
  });
  await expect(page.getByRole('row', { name: /-010\.bin/ })).toHaveCount(0);
  await page.getByRole('searchbox').fill('bin');
  await expect(page.getByRole('row', { name: /-010\.bin/ })).toBeVisible();
});

test('a filesystem is shown at one layer, even after a range of layers was selected', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await opened(win);
  await layer(1).click();
  await layer(3).click({ modifiers: ['Shift'] });
  await expect(layer(2)).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { name: 'Filesystem at layer 3' })).toBeVisible();
  await expect(layer(3)).toHaveAttribute('aria-pressed', 'true');
  for (const index of [1, 2]) await expect(layer(index)).toHaveAttribute('aria-pressed', 'false');
  await expect(page.getByRole('region', { name: 'Details' })).not.toContainText('Layers 1–3');
});

test('for a file that the layer doesn’t change, the details name the layer that last changed it, and its command', {
  tag: '@page',
}, async ({ win }) => {
  const { page, layer } = await opened(win);
  await layer(1).click();
  await page.getByRole('row', { name: /modified libssl\.so\.3/ }).click();
  await page.keyboard.press(']');
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('unchanged in layer 2, last changed in layer 1');
  await expect(details).toContainText('apt-get install');
});

test('the facts of a folder with hidden files say what is counted, and at which layer', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await opened(win);
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('row', { name: /cache\// }).click();
  await expect(details).toContainText('0 visible');
  await expect(details).not.toContainText('0 files');
  await layer(1).click();
  await page.getByRole('row', { name: /lib\// }).click();
  await expect(details.getByRole('heading', { name: 'Folder at layer 1' })).toBeVisible();
});

test('the focus isn’t lost when a list is replaced by a notice or by tables', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await opened(win);
  const isLost = () => page.evaluate(() => document.activeElement === document.body);
  await layer(1).click();
  await page.getByRole('searchbox').fill('curl');
  await page
    .getByRole('row', { name: /added curl$|curl/ })
    .first()
    .click();
  await page.keyboard.press('[');
  await expect(page.getByText('None in layer 0')).toBeVisible();
  await expect.poll(isLost).toBe(false);
  await page.getByRole('searchbox').fill('');
  await layer(1).click();
  await page.getByRole('row', { name: /libssl\.so\.3/ }).click();
  await page.keyboard.press('y');
  await expect(page.getByRole('table', { name: 'By kind of file' })).toBeVisible();
  await expect.poll(isLost).toBe(false);
});
