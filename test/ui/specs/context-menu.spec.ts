import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await expect(page.getByRole('row', { name: /modified passwd/ })).toBeVisible();
  return page;
}

test('a row’s menu offers preview, history, copying, and comparing the file with the version below', async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('row', { name: /modified passwd/ }).click({ button: 'right' });
  const menu = page.getByRole('menu', { name: 'Actions for etc/passwd' });
  for (const action of [
    'Preview',
    'Layer 0: added',
    'Layer 4: modified',
    'Copy path',
    'Copy name',
    'Copy size in bytes',
    'Copy as JSON',
    'Save…',
  ]) {
    await expect(menu.getByRole('menuitem', { name: action })).toBeVisible();
  }
  expect(await complaintsOf(page)).toEqual([]);
  await menu.getByRole('menuitem', { name: 'Compare with the layer below' }).click();
  await expect(page.getByRole('region', { name: 'Text differences' })).toContainText('app:x:10001');
  await page.getByRole('row', { name: /modified passwd/ }).click({ button: 'right' });
  await menu.getByRole('menuitem', { name: 'Layer 0: added' }).click();
  await expect.poll(() => page.url()).toMatch(/layer\/0\?path=etc\/passwd$/);
  expect(win.complaints).toEqual([]);
});

test('the menu key opens the focused row’s menu, and Escape restores the focus', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  const row = page.getByRole('row', { name: /modified passwd/ });
  await row.click();
  await row.dispatchEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 500, clientY: 300 });
  await expect(page.getByRole('menuitem', { name: 'Preview' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(row).toBeFocused();
  // The key closed only the menu: the file is still selected.
  await expect(row).toHaveAttribute('aria-selected', 'true');
});

test('a layer’s menu offers comparing with the layer below, and copying its identifiers', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 4 / }).click({ button: 'right' });
  const menu = page.getByRole('menu', { name: 'Actions for layer 4' });
  for (const action of ['Copy command', 'Copy diff ID', 'Copy size in bytes', 'Save as stored…']) {
    await expect(menu.getByRole('menuitem', { name: action })).toBeVisible();
  }
  await menu.getByRole('menuitem', { name: 'Compare with the layer below' }).click();
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await expect.poll(() => page.url()).toMatch(/layer\/4\?mode=compare&against=[^&]+@3$/);
});

test('an image’s menu in the library offers comparing with the image shown', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  await win.drop(await win.write('old.tar', dockerArchive(WEB_API.slice(0, 3), { name: 'acme/old:1' })));
  await expect(page.getByRole('heading', { name: 'acme/old:1' })).toBeVisible();
  const library = page.getByRole('navigation', { name: 'Library' });
  await library.getByRole('button', { name: /^web-api:1\.8/ }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Compare with the image shown' }).click();
  await expect(page.getByRole('button', { name: 'Side A: acme/web-api:1.8' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Side B: acme/old:1' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});
