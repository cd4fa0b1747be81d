import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return win.page;
}

test('the figure in the status bar opens what is wasted, by layer and by file', async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^wasted/ }).click();
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  await expect(waste).toContainText(/efficiency \d+\.\d %/);
  const layers = waste.getByRole('region', { name: 'Waste by layer' });
  await expect(layers.getByRole('listitem')).toHaveCount(1);
  await expect(layers.getByRole('button', { name: /^Layer 0/ })).toContainText('384.7 kB');
  const files = waste.getByRole('region', { name: 'Waste by file' });
  await expect(files.getByRole('listitem').first()).toContainText('usr/lib/libssl.so.3');
  await expect(files.getByRole('listitem').first()).toContainText('300.0 kB');
  await expect(files.getByRole('listitem').first()).toContainText('written 2 times');
  await expect(files.getByRole('button', { name: /^var\/cache\/a\.bin/ })).toContainText('60.0 kB');
  await page.getByRole('button', { name: 'Close waste' }).click();
  await expect(waste).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('each file and layer leads to where it is', async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.keyboard.press('w');
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  await waste.getByRole('button', { name: /^usr\/lib\/libssl\.so\.3/ }).click();
  await expect(page.getByRole('heading', { name: 'Layer 0' }).first()).toBeVisible();
  await expect(page.getByRole('row', { name: /added libssl\.so\.3/ })).toHaveAttribute('aria-selected', 'true');
  await waste.getByRole('button', { name: '1: show it in layer 1' }).first().click();
  await expect(page.getByRole('row', { name: /modified libssl\.so\.3/ })).toHaveAttribute('aria-selected', 'true');
});

test('an image that wastes nothing says so', async ({ win }) => {
  await win.drop(await win.write('one.tar', dockerArchive(WEB_API.slice(0, 1), { name: 'acme/one:1' })));
  await win.page.getByRole('button', { name: /^wasted 0/ }).click();
  await expect(win.page.getByText(/Nothing is wasted/)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`waste and the search stand in nobody’s way, ${colorScheme}`, async ({ win }) => {
      const page = await openWebApi(win);
      await page.getByRole('button', { name: /^wasted/ }).click();
      await expect(page.getByRole('region', { name: 'Waste by file' })).toBeVisible();
      await page.getByRole('button', { name: 'all layers' }).click();
      await page.getByRole('searchbox').fill('lib');
      await expect(page.getByText(/paths in all layers/)).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}
