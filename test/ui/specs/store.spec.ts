import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const NEW = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });
const OLD = dockerArchive(WEB_API.slice(0, 4), { name: 'acme/web-api:1.7' });

async function take(win: LayerscopeWindow, bytes: Uint8Array, name: string, title: string) {
  const { page } = win;
  await win.drop(await win.write(name, bytes));
  await expect(page.getByRole('heading', { name: title })).toBeVisible();
  await page.getByRole('button', { name: 'Take into the store' }).click();
  await expect(page.getByText(`${title} is in the store`)).toBeVisible();
}

test('an image is taken into the store, opened from it, and removed when that is confirmed', async ({ win }) => {
  const { page } = win;
  const store = page.getByRole('region', { name: 'Store', exact: true });
  await expect(store).toContainText('It is empty');
  await take(win, OLD, 'old.tar', 'acme/web-api:1.7');
  await take(win, NEW, 'new.tar', 'acme/web-api:1.8');
  await expect(store.getByRole('listitem')).toHaveCount(2);
  expect(await complaintsOf(page)).toEqual([]);

  // What was taken in is there without the archives.
  await page.getByRole('button', { name: 'Close old.tar' }).click();
  await page.getByRole('button', { name: 'Close new.tar' }).click();
  await store
    .getByRole('button', { name: /web-api:1\.7 / })
    .first()
    .click();
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7' })).toBeVisible();
  await expect(page.getByRole('treegrid')).toBeVisible();
  await store
    .getByRole('button', { name: /web-api:1\.8 / })
    .first()
    .click();
  await page
    .getByRole('button', { name: 'Show', exact: true })
    .or(page.getByRole('heading', { name: 'acme/web-api:1.8' }))
    .first()
    .waitFor();
  if (process.env.LAYERSCOPE_SHOTS !== undefined) await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/store.png` });

  // Removed only when that is confirmed; Cancel is what Enter does.
  const askToRemove = async () => {
    await store.getByRole('button', { name: 'Actions of acme/web-api:1.7' }).click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
  };
  await askToRemove();
  const ask = page.getByRole('dialog', { name: 'Remove from the store' });
  await expect(ask).toContainText('Remove acme/web-api:1.7 from the store?');
  await page.keyboard.press('Enter');
  await expect(ask).toHaveCount(0);
  await expect(store.getByRole('listitem')).toHaveCount(2);
  await askToRemove();
  await ask.getByRole('button', { name: 'Remove' }).click();
  await expect(store.getByRole('listitem')).toHaveCount(1);
  expect(win.complaints).toEqual([]);
});
