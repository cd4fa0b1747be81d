import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, type ImageLayer, PNG } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

/** Returns a small picture whose header states this size. Browsers allocate that many pixels before reading any. */
function pngOf(width: number, height: number): Uint8Array {
  const bytes = Buffer.from(PNG);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

const OTHER_PNG = Buffer.concat([PNG, Buffer.from('a longer file of the same pixel')]);
const LINES = Array.from({ length: 300 }, (_, at) => `line ${at + 1} of the text`).join('\n');
const LAYERS: readonly ImageLayer[] = [
  {
    createdBy: 'ADD base',
    tar: tar(
      file('a.conf', 'port = 80\nhost = a\n'),
      file('b.conf', 'user = root\n'),
      file('logo.png', PNG),
      file('same.txt', 'the same\n', { mode: 0o644 }),
      file('marks2.txt', `a${'\u0301'.repeat(500_000)}`),
      file('one-line.txt', `${'x'.repeat(900_000)} old ${'y'.repeat(100_000)}`),
    ),
  },
  {
    createdBy: 'RUN change',
    tar: tar(
      file('a.conf', 'port = 8080\nhost = a\n'),
      file('b.conf', 'user = app\n'),
      file('logo.png', OTHER_PNG),
      file('same.txt', 'the same\n', { mode: 0o600 }),
      file('setup.inf', Buffer.from('\ufeff[Version]\r\nSignature="$WINDOWS NT$"\r\n', 'utf16le')),
      file('huge.png', pngOf(16_000, 16_000)),
      // Chromium would take minutes to lay out such a line.
      file('marks.txt', `a${'\u0301'.repeat(500_000)}`),
      file('marks2.txt', `a${'\u0301'.repeat(500_000)}\n2`),
      file('one-line.txt', `${'x'.repeat(900_000)} new ${'y'.repeat(100_000)}`),
      file('long.txt', `${LINES}\n${'a very long line '.repeat(60)}\n`),
    ),
  },
];

async function open(win: LayerscopeWindow) {
  await win.drop(await win.write('image.tar', dockerArchive(LAYERS, { name: 'acme/files:1' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const details = page.getByRole('region', { name: 'Details' });
  const choose = async (name: string) => {
    await page.getByRole('row', { name: new RegExp(`(added|modified) ${name.replace('.', '\\.')}`) }).click();
    await expect(details.getByRole('heading', { name, exact: true })).toBeVisible();
  };
  return { page, details, choose };
}

test('a UTF-16 file is shown as text', { tag: '@page' }, async ({ win }) => {
  const { details, choose } = await open(win);
  await choose('setup.inf');
  await expect(details.getByRole('region', { name: 'File text' })).toContainText('[Version]');
  await expect(details).toContainText('UTF-16 LE');
});

test('a pile of combining marks doesn’t freeze the page', { tag: '@page' }, async ({ win }) => {
  const { page, details, choose } = await open(win);
  await choose('marks.txt');
  await expect(details.getByRole('region', { name: 'File text' })).toContainText('\\u0301\\u0301');
  await choose('marks2.txt');
  const differences = details.getByRole('region', { name: 'Text differences' });
  await expect(differences).toContainText('\\u0301\\u0301');
  await expect.poll(() => page.evaluate(() => 'alive')).toBe('alive');
});

test('a diff of a very long line shows the surroundings of its change', { tag: '@page' }, async ({ win }) => {
  const { details, choose } = await open(win);
  await choose('one-line.txt');
  const differences = details.getByRole('region', { name: 'Text differences' });
  await expect(differences).toContainText('x old y');
  await expect(differences).toContainText('x new y');
  await expect(differences).toContainText('899,801 more characters');
});

test('a picture with very many pixels is only drawn on request', async ({ win }) => {
  const { page, details, choose } = await open(win);
  await choose('huge.png');
  await expect(details.getByText('16,000 × 16,000 pixels')).toBeVisible();
  await expect(details.getByRole('img', { name: 'File preview' })).toHaveCount(0);
  expect(await complaintsOf(page)).toEqual([]);
  await details.getByRole('radio', { name: 'Hex' }).click();
  await expect(details.getByRole('region', { name: 'File bytes' })).toContainText('89 50 4e 47');
});

test('a modified text file is first shown as a diff, and the chosen view is remembered for the next file and the next visit', async ({
  win,
}) => {
  const { page, details, choose } = await open(win);
  await choose('a.conf');
  const diff = details.getByRole('region', { name: 'Text differences' });
  await expect(diff).toContainText('port = 8080');
  await expect(details.getByRole('radio', { name: 'Diff' })).toBeChecked();
  await details.getByRole('radio', { name: 'Text' }).click();
  await choose('b.conf');
  await expect(details.getByRole('region', { name: 'File text' })).toContainText('user = app');
  await page.reload();
  await expect(details.getByRole('region', { name: 'File text' })).toContainText('user = app');
  await details.getByRole('radio', { name: 'Diff' }).click();
  await choose('a.conf');
  await expect(diff).toContainText('port = 8080');
  // Only the file's mode changed, so there is nothing to compare.
  await choose('same.txt');
  await expect(details.getByRole('region', { name: 'File text' })).toContainText('the same');
  expect(win.complaints).toEqual([]);
});

test('a diff is side by side where both halves fit, and its controls are in one row', { tag: '@page' }, async ({ win }) => {
  const { page, details, choose } = await open(win);
  await choose('a.conf');
  const view = details.getByRole('region', { name: 'Text differences' });
  const way = details.getByRole('radio', { name: 'Side by side' });
  const bar = details.locator('[data-content-bar]');
  // A narrow pane has no space for two halves.
  await expect(view).toContainText('added: port = 8080');
  await expect(way).toHaveCount(0);
  await expect(details.getByRole('radio', { name: 'Diff' })).toBeChecked();
  await expect(bar).toHaveCount(1);
  const edge = details.getByRole('separator', { name: 'Details width' });
  await page.setViewportSize({ width: 1920, height: 860 });
  await edge.focus();
  const height = () => bar.evaluate((element) => element.clientHeight);
  for (const width of [380, 470]) {
    while ((await details.evaluate((element) => element.clientWidth)) < width) await page.keyboard.press('ArrowLeft');
    expect(await height(), `${width} px`).toBeLessThan(40);
    await expect(way).toHaveCount(0);
  }
  await page.keyboard.press('End');
  await way.click();
  expect(await height()).toBeLessThan(40);
  // The choice is kept, and applies again where there is space.
  await edge.focus();
  await page.keyboard.press('Home');
  await expect(way).toHaveCount(0);
  await edge.focus();
  await page.keyboard.press('End');
  await expect(way).toBeChecked();
  const box = await view.boundingBox();
  for (const text of ['port = 80', 'port = 8080']) {
    const line = await view.getByText(text, { exact: true }).boundingBox();
    expect(line, text).not.toBeNull();
    expect((line?.x ?? 0) + (line?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
  }
  await expect.poll(() => view.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
});

test('modified pictures are compared two-up, by a swipe, or as onion skin', async ({ win }) => {
  const { page, details, choose } = await open(win);
  await choose('logo.png');
  for (const name of ['Before this change', 'After this change']) await expect(details.getByRole('img', { name })).toBeVisible();
  await details.getByRole('radio', { name: 'Swipe' }).click();
  const edge = details.getByRole('slider', { name: 'Where the new picture begins' });
  await edge.focus();
  await page.keyboard.press('Home');
  const cover = details.getByRole('img', { name: 'After this change' }).locator('..');
  await expect
    .poll(() => cover.evaluate((element) => getComputedStyle(element).clipPath))
    .toMatch(/^inset\(0(px)? 0(px)? 0(px)? 0%\)$|^inset\(0px\)$/);
  await details.getByRole('radio', { name: 'Onion skin' }).click();
  await details.getByRole('slider', { name: 'How much of the new picture is visible' }).focus();
  await page.keyboard.press('End');
  await expect.poll(() => cover.evaluate((element) => getComputedStyle(element).opacity)).toBe('1');
  expect(await complaintsOf(page)).toEqual([]);
  await page.reload();
  await expect(details.getByRole('slider', { name: 'How much of the new picture is visible' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('text can be searched, with steps from match to match', { tag: '@page' }, async ({ win }) => {
  const { page, details, choose } = await open(win);
  await choose('long.txt');
  await details.getByRole('searchbox', { name: 'Find in the text' }).fill('LINE 29');
  // The text is in lines 29 and 290 to 299.
  await expect(details.getByText('1 of 11')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(details.getByText('2 of 11')).toBeVisible();
  await expect(details.getByRole('region', { name: 'File text' }).getByText('line 290 of the text')).toBeVisible();
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.press('Shift+Enter');
  await expect(details.getByText('11 of 11')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(details.getByRole('heading', { name: 'long.txt' })).toBeVisible();
  await expect(details.locator('mark')).toHaveCount(0);
});
