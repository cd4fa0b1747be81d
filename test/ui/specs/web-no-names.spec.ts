import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

test('a host without --allow-sources doesn’t open images by name, and says how to enable it', async ({ win: { page } }) => {
  await expect(page.getByRole('button', { name: 'Open by name…' })).toHaveCount(0);
  await page.keyboard.press('o');
  const dialog = page.getByRole('dialog', { name: 'Open by name' });
  await expect(dialog).toContainText('layerscope serve --allow-sources');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('the list of shortcuts and the palette leave out commands that do nothing for this host and image', async ({ win }) => {
  const { page } = win;
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet.getByText('Open…', { exact: true })).toBeVisible();
  await expect(sheet.getByText('Open by name…')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await win.drop(await win.write('a.tar', dockerArchive(WEB_API, { name: 'a:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('?');
  await expect(sheet.getByText('Toggle packages')).toBeVisible();
  await expect(sheet.getByText('Toggle registry')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('option', { name: /^Open…/ })).toBeVisible();
  await expect(page.getByRole('option', { name: /^Open by name|^Toggle registry/ })).toHaveCount(0);
});
