import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

/** A window with room for every column, including previous sizes. */
const WIDE = { width: 1440, height: 900 };

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return { page: win.page, layer: (index: number) => win.page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }) };
}

test('every column sorts, and reverses when chosen again', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(1).click();
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeVisible();
  const head = (name: string) => page.getByRole('columnheader', { name });
  await expect(head('Name')).toHaveAttribute('aria-sort', 'ascending');
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
  await expect(page.getByRole('row', { name: /libssl/ }).getByTitle('66.7 % of the total')).toBeVisible();
});

test('a search in all layers shows which layers touch a path, with links', async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(4).click();
  await page.getByRole('button', { name: 'all layers' }).click();
  await expect(page.getByText('Type to search all layers')).toBeVisible();
  await page.getByRole('searchbox').fill('*ssl*');
  const found = page.getByRole('list', { name: 'Paths in all layers' }).getByRole('listitem');
  await expect(found).toHaveCount(2);
  await expect(found.nth(1)).toContainText('usr/lib/libssl.so.3');
  await found.nth(1).getByRole('button', { name: 'modified in layer 1' }).click();
  await expect(layer(1)).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('heading', { name: 'libssl.so.3' })).toBeVisible();
  await page.getByRole('searchbox').fill('/(/');
  await expect(page.getByText('not a regular expression')).toBeVisible();
  await page.getByRole('button', { name: 'all layers' }).click();
  await expect(page.getByRole('treegrid')).toBeVisible();
});

test('a layer that only removes has room for what it hides, and its heading has the command', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await page.setViewportSize(WIDE);
  await layer(3).click();
  const text = page.getByRole('row', { name: /opaque cache/ }).getByText(/^opaque: hides/);
  await expect(text).toHaveAttribute('title', /Opaque: hides everything that the layers below have in this folder/);
  expect(await text.evaluate(({ parentElement: cell }) => cell !== null && cell.scrollWidth <= cell.clientWidth)).toBe(true);
  await expect(page.getByRole('columnheader', { name: 'Share' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('RUN rm -rf /var/cache /etc/motd');
});

test('names have room beside all other columns', { tag: '@page' }, async ({ win }) => {
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
