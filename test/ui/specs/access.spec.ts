import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

async function complaintsOf(page: Page): Promise<string[]> {
  // Legacy mode: Electron opens no second page, which axe would need to finish.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test(`the window has no accessibility violations, ${colorScheme}`, async ({ win }) => {
      test.slow(); // axe checks the whole page seven times
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

      await page.getByRole('row', { name: /modified libssl/ }).click();
      for (const tab of ['Content', 'Attributes', 'Raw']) {
        await page.getByRole('tab', { name: tab }).click();
        await expect(page.getByRole('tabpanel')).not.toBeEmpty();
        expect(await complaintsOf(page), tab).toEqual([]);
      }
      await page.getByRole('radio', { name: 'Filesystem' }).click();
      await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
      expect(await complaintsOf(page), 'stacked').toEqual([]);
    });
  });
}

test('the theme cycles from system to light to dark and is kept', async ({ win: { page } }) => {
  await page.getByRole('button', { name: 'Theme: system' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
