// Checks the accessibility of the empty window, a failed file and a loaded image, on both hosts. web-boxes.spec.ts checks every view in all
// themes.
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test(`the window has no accessibility violations, ${colorScheme}`, async ({ win }) => {
      test.slow(); // axe checks the whole page three times
      const { page } = win;
      await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
      expect(await complaintsOf(page), 'empty').toEqual([]);

      await win.drop(await win.write('broken.tar', 'no archive '.repeat(100)));
      await expect(page.getByRole('alert')).toBeVisible();
      expect(await complaintsOf(page), 'failed').toEqual([]);

      await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8', lastSteps: ['USER app'] })));
      await page.getByRole('button', { name: /^Layer 1 / }).click();
      await expect(page.getByRole('row', { name: /modified libssl/ })).toBeVisible();
      expect(await complaintsOf(page), 'loaded').toEqual([]);
    });
  });
}

test('the theme cycles from system to light to dark and is remembered', async ({ win: { page } }) => {
  await page.getByRole('button', { name: 'Theme: system' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
