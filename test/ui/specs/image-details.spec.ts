// The details of an image: its name, sizes and history in words, and what its checks found; the lines of a folder.
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const LONG_NAME = 'registry.example.com:5000/team/authentication-on-the-service-platform:2.14.3-rc1';

async function openImage(win: LayerscopeWindow, options: Parameters<typeof dockerArchive>[1] = {}) {
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8', ...options })));
  const details = win.page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'History' })).toBeVisible();
  return { page: win.page, details };
}

test('an image’s name is shown in full, on as many lines as it needs', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openImage(win, { name: LONG_NAME });
  const name = details.locator('dd').first();
  await expect(name).toHaveText(LONG_NAME);
  await expect(name.locator('[data-cut]')).toHaveCount(0);
  for (const width of [1320, 720, 400]) {
    await page.setViewportSize({ width, height: 860 });
    if (!(await details.isVisible())) await page.getByRole('button', { name: 'Show details' }).click();
    expect(await name.evaluate((element) => element.scrollWidth - element.clientWidth), `${width} px`).toBeLessThanOrEqual(0);
    const [box, pane] = [await name.boundingBox(), await details.boundingBox()];
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((pane?.x ?? 0) + (pane?.width ?? 0));
  }
});

test('sizes say what they are, in words and in a tooltip of the whole line', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openImage(win);
  const line = (label: string) => details.locator('dl > div').filter({ has: page.locator('dt', { hasText: label }) });
  await expect(line('File bytes')).toContainText('in all layers');
  await expect(line('File bytes')).toHaveAttribute('title', /^Bytes of the files in all layers/);
  await expect(line('Unpacked')).toContainText('as tars · same as stored');
  await expect(line('Unpacked')).toHaveAttribute('title', /^Bytes of the uncompressed layer tars/);
  await expect(line('Unpacked').locator('dt')).toHaveCSS('text-decoration-style', 'dotted');
});

test('every step of the history has a date, unless all have the same', { tag: '@page' }, async ({ win }) => {
  const { details } = await openImage(win, { lastSteps: ['CMD ["node"]'] });
  await expect(details.getByText(/^All steps: Nov 20, 2025/)).toBeVisible();
  await expect(details.getByText(/Nov 20, 2025/)).toHaveCount(1);
  const [first, second] = ['2025-11-20T10:11:12Z', '2025-11-21T10:11:12Z'];
  const created = [first, first, null, second, second];
  await win.drop(await win.write('dates.tar', dockerArchive(WEB_API, { name: 'acme/dates:1', created })));
  await expect(win.page.getByRole('heading', { name: 'acme/dates:1' })).toBeAttached();
  await expect(details.getByText(/^All steps: /)).toHaveCount(0);
  const days = await details.getByText(/^Nov 2\d|^no date$/).allTextContents();
  expect(days.map((day) => day.slice(0, 7))).toEqual(['Nov 20,', 'Nov 20,', 'no date', 'Nov 21,', 'Nov 21,']);
});

test('what a check or a scan found stays while the image is open', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openImage(win);
  const line = (label: string) => details.locator('dl > div').filter({ has: page.locator('dt', { hasText: label }) });
  await details.getByRole('button', { name: 'Verify digests' }).click();
  await expect(line('Digests')).toContainText('all match');
  await details.getByRole('button', { name: 'Scan for secrets' }).click();
  await expect(line('Secrets')).toContainText('none');
  expect(await complaintsOf(page)).toEqual([]);
  await page.getByRole('row', { name: / usr/ }).first().click();
  await expect(line('Digests')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(line('Digests')).toContainText('all match');
  // Another image doesn't have these results, and opening it doesn't remove them from the first.
  await page.getByRole('button', { name: 'Sample image' }).click();
  await expect(page.getByRole('heading', { name: 'sample/web-api:1.8' })).toBeAttached();
  await expect(line('Digests')).toHaveCount(0);
  await page.goBack();
  await expect(line('Digests')).toContainText('all match');
  await expect(line('Secrets')).toContainText('none');
  await page.reload();
  await expect(line('Digests')).toContainText('all match');
});

test('the lines of a folder begin at the same place, with or without a mark', { tag: '@page' }, async ({ win }) => {
  const layers = [
    { createdBy: 'COPY seen', tar: tar(file('opt/seen.bin', 'x'.repeat(188_000))) },
    { createdBy: 'RUN curl', tar: tar(file('opt/gone.bin', 'x'.repeat(300_000))) },
    { createdBy: 'RUN rm', tar: tar(file('opt/.wh.gone.bin', '')) },
  ];
  await win.drop(await win.write('hides.tar', dockerArchive(layers, { name: 'acme/hides:1' })));
  await win.page.getByRole('row', { name: / opt/ }).first().click();
  const details = win.page.getByRole('region', { name: 'Details' });
  const files = details.getByRole('button', { name: /^(seen|gone)\.bin/ });
  await expect(files).toHaveCount(2);
  const [one, other] = await files.evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().x));
  expect(one).toBe(other);
});
