import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow, layer: number) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'registry.example.com/acme/web-api:1.8' })));
  const { page } = win;
  await page.getByRole('button', { name: new RegExp(`^Layer ${layer} `) }).click();
  await expect(page.getByRole('heading', { name: `Layer ${layer}` }).first()).toBeVisible();
  return { page, details: page.getByRole('region', { name: 'Details' }) };
}

const focused = (win: LayerscopeWindow) =>
  win.page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex') ?? document.activeElement?.tagName);

test('Escape goes back from a file to its layer, and the arrow keys continue from the same row', async ({ win }) => {
  const { page, details } = await openWebApi(win, 4);
  const row = page.getByRole('row', { name: /passwd/ });
  await row.click();
  await expect(details.getByRole('heading', { name: 'passwd' })).toBeVisible();
  const index = await row.getAttribute('aria-rowindex');
  await page.keyboard.press('Escape');
  await expect(details.getByRole('heading', { name: 'Layer 4' })).toBeVisible();
  await expect(details).toContainText('Diff ID');
  await expect.poll(() => focused(win)).toBe(index);
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => focused(win)).toBe(String(Number(index) - 1));
  expect(win.complaints).toEqual([]);
});

test('a click on a layer shows the layer, whatever is selected', { tag: '@window' }, async ({ win }) => {
  const { page, details } = await openWebApi(win, 4);
  await page.getByRole('row', { name: /passwd/ }).click();
  await expect(details.getByRole('heading', { name: 'passwd' })).toBeVisible();
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await expect(details.getByRole('heading', { name: 'Layer 4' })).toBeVisible();
  expect(page.url()).not.toContain('path=');
});

test('the breadcrumb links to the folders of a path, its layer and the image', async ({ win }) => {
  const { page, details } = await openWebApi(win, 1);
  // Wide enough for all parts of the breadcrumb.
  await page.setViewportSize({ width: 1920, height: 900 });
  await page.getByRole('row', { name: /libssl/ }).click();
  const crumbs = details.getByRole('navigation', { name: 'Location' });
  await expect(crumbs.getByRole('listitem')).toHaveText([/web-api:1\.8/, 'Layer 1', 'usr', 'lib', 'libssl.so.3']);
  await expect(crumbs.locator('[aria-current="location"]')).toHaveText('libssl.so.3');
  await crumbs.getByRole('button', { name: 'lib', exact: true }).click();
  await expect(details.getByRole('heading', { name: 'lib', exact: true })).toBeVisible();
  await expect(details.getByRole('heading', { name: 'Biggest files' })).toBeVisible();
  await crumbs.getByRole('button', { name: 'Layer 1' }).click();
  await expect(details.getByRole('heading', { name: 'Layer 1' })).toBeVisible();
  await crumbs.getByRole('button', { name: /web-api:1\.8/ }).click();
  await expect(details.getByRole('heading', { name: 'Image' })).toBeVisible();
  await expect(details.getByRole('heading', { name: /^Layers? / })).toHaveCount(0);
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('in a narrow pane the breadcrumb keeps the image’s name and its separators apart', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openWebApi(win, 2);
  await page.keyboard.press('0');
  await page.keyboard.press('g');
  await page.keyboard.type('package-007/index.js');
  await expect(page.getByRole('option', { name: /package-007/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(details.getByRole('heading', { name: 'index.js' })).toBeVisible();
  await page.keyboard.press('0');
  const crumbs = details.getByRole('navigation', { name: 'Location' });
  await expect(crumbs.getByRole('listitem')).toHaveText(['web-api:1.8', '…', /package-007/, /index\.js/]);
  const cut = await crumbs
    .getByRole('listitem')
    .evaluateAll((parts) => parts.slice(0, 2).flatMap((part) => (part.scrollWidth > part.clientWidth ? [part.textContent] : [])));
  expect(cut).toEqual([]);
});

test('the focus stays in the rows when a key changes to another layer with the same file', { tag: '@window' }, async ({ win }) => {
  const { page } = await openWebApi(win, 0);
  await page.getByRole('row', { name: /added libssl\.so\.3/ }).click();
  await page.keyboard.press(']');
  await expect(page.getByRole('heading', { name: 'Layer 1' }).first()).toBeVisible();
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeFocused();
  // Layer 2 doesn't have the file, so the focus stays in the rows without selecting anything.
  await page.keyboard.press(']');
  await expect(page.getByRole('heading', { name: 'Layer 2' }).first()).toBeVisible();
  await expect(page.getByRole('treegrid').getByRole('row').nth(1)).toBeFocused();
  await expect(page.getByRole('treegrid').locator('[aria-selected="true"]')).toHaveCount(0);
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('treegrid').locator('[aria-selected="true"]')).toBeFocused();
});

test('a dot of the path history keeps the focus when it shows another layer', { tag: '@window' }, async ({ win }) => {
  const { page, details } = await openWebApi(win, 1);
  await page.getByRole('row', { name: /libssl/ }).click();
  await details.getByRole('button', { name: 'added in layer 0' }).click();
  await expect(page.getByRole('heading', { name: 'Layer 0' }).first()).toBeVisible();
  await expect(details.getByRole('heading', { name: 'libssl.so.3' })).toBeVisible();
  await expect(details.getByRole('button', { name: 'added in layer 0' })).toBeFocused();
});

test('the image’s name is a menu of images and of actions for this one', { tag: '@window' }, async ({ win }) => {
  const { page } = await openWebApi(win, 1);
  await win.drop(await win.write('old.tar', dockerArchive(WEB_API.slice(0, 2), { name: 'acme/old:1' })));
  await expect(page.getByRole('heading', { name: 'acme/old:1' })).toBeVisible();
  const name = page.getByRole('button', { name: /^Image: / });
  await name.click();
  const menu = page.getByRole('menu', { name: /^Image: / });
  await expect(menu.getByRole('menuitemradio', { name: 'acme/old:1' })).toBeChecked();
  for (const action of ['Verify digests', 'Import to store', 'Copy digest', 'Save as OCI archive…', 'Save report…']) {
    await expect(menu.getByRole('menuitem', { name: action })).toBeVisible();
  }
  expect(await complaintsOf(page)).toEqual([]);
  await menu.getByRole('menuitemradio', { name: /web-api:1\.8/ }).click();
  await expect(page.getByRole('heading', { name: 'registry.example.com/acme/web-api:1.8' })).toBeVisible();
  await name.click();
  await menu.getByRole('menuitem', { name: 'Show image details' }).click();
  await expect(page.getByRole('region', { name: 'Details' }).getByRole('heading', { name: 'Image' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('the image’s buttons have the same size, and a size is shown only once', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openWebApi(win, 1);
  await page.keyboard.press('Escape');
  for (const width of [1440, 900, 600]) {
    await page.setViewportSize({ width, height: 860 });
    if (!(await details.isVisible())) await page.getByRole('button', { name: 'Show details' }).click();
    const widths = [];
    for (const name of ['Verify digests', 'Scan for secrets', 'Save image…', 'Save report…', 'Import to store']) {
      widths.push(Math.round((await details.getByRole('button', { name }).boundingBox())?.width ?? 0));
    }
    expect(new Set(widths).size, `${width} px: ${widths}`).toBe(1);
  }
  // The layers aren't compressed and have a few large files, so stored and unpacked sizes look the same.
  const sizes = details.locator('dd', { hasText: /same as .*stored/ });
  await expect(sizes.first()).toHaveText(/^\d+\.\d [kM]B.*same as (unpacked and )?stored/);
});

test('a range’s details list its layers, and link to each', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openWebApi(win, 1);
  await page.getByRole('button', { name: /^Layer 3 / }).click({ modifiers: ['Shift'] });
  const layers = details.getByRole('list', { name: 'Layers, newest first' });
  await expect(layers.getByRole('listitem')).toHaveText([/^3RUN rm -rf/, /^2RUN npm ci/, /^1RUN apt-get/]);
  await layers.getByRole('button', { name: /^Show layer 2: RUN npm ci/ }).click();
  await expect(page.getByRole('button', { name: /^Layer 2 /, pressed: true })).toBeVisible();
  await expect(details.getByRole('heading', { name: 'Layer 2' })).toBeVisible();
});
