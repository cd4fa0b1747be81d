import { expect, test } from '../support/window.ts';

test('a host without the option opens no images by name, and says how to enable that', async ({ win: { page } }) => {
  await expect(page.getByRole('button', { name: 'Open by name…' })).toHaveCount(0);
  await page.keyboard.press('o');
  const dialog = page.getByRole('dialog', { name: 'Open by name' });
  await expect(dialog).toContainText('layerscope serve --allow-sources');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});
