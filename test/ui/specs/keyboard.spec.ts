// Ten tasks with the keyboard alone: no step uses a pointer, and each starts where the previous one left the focus.
import type { Locator, Page } from '@playwright/test';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { answerSaving } from '../support/saving.ts';
import { expect, test } from '../support/window.ts';

const NEW = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });
const OLD = dockerArchive(WEB_API.slice(0, 4), { name: 'acme/web-api:1.7' });

/** Presses a key until `target` has the focus. */
async function reach(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 80; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  await expect(target, `reached by ${key}`).toBeFocused();
}

/** Presses a key until the focus is inside `place`. */
async function moveInto(page: Page, place: Locator, key: string): Promise<void> {
  const isIn = () => place.evaluate((element) => element.contains(document.activeElement));
  for (let presses = 0; presses < 80 && !(await isIn()); presses++) await page.keyboard.press(key);
  expect(await isIn(), `moved into by ${key}`).toBe(true);
}

const path = (page: Page) => expect.poll(() => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('path'));

test('the sample image is opened with the keyboard alone', async ({ win: { page } }) => {
  await reach(page, page.getByRole('button', { name: 'Explore the sample image' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('treegrid')).toBeVisible();
});

test.describe('with two images open', () => {
  test.use({ startWith: { 'old.tar': OLD, 'new.tar': NEW } });

  test('a layer is chosen, filtered, browsed, previewed, exported and searched with the keyboard alone', async ({ win }) => {
    const { page } = win;
    await expect(page.getByRole('treegrid')).toBeVisible();

    await test.step('choose the image and a layer', async () => {
      await reach(page, page.getByRole('button', { name: /^web-api:1\.8/ }), 'Tab');
      await page.keyboard.press('Enter');
      await moveInto(page, page.getByRole('region', { name: 'Chain' }), 'F6');
      await reach(page, page.getByRole('button', { name: /^Layer 1 / }), 'ArrowDown');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('heading', { name: 'Layer 1' }).first()).toBeVisible();
    });

    await test.step('filter', async () => {
      await page.keyboard.press('/');
      await page.keyboard.type('libssl');
      await page.keyboard.press('Enter');
      await expect(page.getByRole('row', { name: /added curl/ })).toHaveCount(0);
      await expect(page.getByRole('row').nth(1)).toBeFocused();
      await page.keyboard.press('/');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await expect(page.getByRole('row', { name: /added curl/ })).toHaveCount(2);
      await expect(page.getByRole('row').nth(1)).toBeFocused();
    });

    await test.step('fold and open a folder', async () => {
      const folder = page.getByRole('row').nth(1);
      await page.keyboard.press('ArrowLeft');
      await expect(folder).toHaveAttribute('aria-expanded', 'false');
      await page.keyboard.press('ArrowRight');
      await expect(folder).toHaveAttribute('aria-expanded', 'true');
      await reach(page, page.getByRole('row', { name: /modified libssl/ }), 'ArrowDown');
      await path(page).toBe('usr/lib/libssl.so.3');
    });

    await test.step('preview a file', async () => {
      await page.keyboard.press(' ');
      await expect(page.getByRole('dialog')).toContainText('libssl.so.3');
      await page.keyboard.press('Escape');
      await expect(page.getByRole('row', { name: /modified libssl/ })).toBeFocused();
    });

    await test.step('export the file', async () => {
      // The system's dialog has its own keys, so the spec answers it in advance.
      const suggested = win.electron === null ? null : await answerSaving(win.electron, await win.write('saved', ''));
      const download = suggested === null ? page.waitForEvent('download') : null;
      await page.keyboard.press('Control+s');
      await expect(page.getByRole('menuitem', { name: 'Save libssl.so.3…' })).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(page.getByText(suggested === null ? 'Saving as libssl.so.3; it is among' : 'Saved saved')).toBeVisible();
      expect(suggested === null ? (await download)?.suggestedFilename() : await suggested()).toBe('libssl.so.3');
    });

    await test.step('search all layers', async () => {
      await page.keyboard.press('/');
      await page.keyboard.type('motd');
      await reach(page, page.getByRole('button', { name: 'Search all layers' }).first());
      await page.keyboard.press('Enter');
      const results = page.getByRole('list', { name: 'Paths in all layers' });
      await reach(page, results.getByRole('button', { name: /motd/ }).first());
      await page.keyboard.press('Enter');
      await path(page).toBe('etc/motd');
    });
  });

  test('images are compared, waste is traced to its file and the theme is changed with the keyboard alone', { tag: '@window' }, async ({
    win: { page },
  }) => {
    await expect(page.getByRole('treegrid')).toBeVisible();

    await test.step('compare two images', async () => {
      await page.keyboard.press('3');
      await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
      const side = page.getByRole('button', { name: /^Side A: / });
      await reach(page, side);
      await page.keyboard.press('Enter');
      await reach(page, page.getByRole('menuitemradio', { name: /web-api:1\.8/ }), 'ArrowDown');
      await page.keyboard.press('Enter');
      await expect(side).toBeFocused();
      await expect(side).toHaveAccessibleName(/web-api:1\.8/);
    });

    await test.step('go from waste to its file', async () => {
      await page.keyboard.press('1');
      await page.keyboard.press('w');
      const waste = page.getByRole('region', { name: 'Waste', exact: true });
      const found = waste.getByRole('button', { name: /libssl/ }).first();
      await expect(found).toBeVisible();
      await moveInto(page, waste, 'F6');
      await reach(page, found);
      await page.keyboard.press('Enter');
      await path(page).toBe('usr/lib/libssl.so.3');
    });

    await test.step('change the theme', async () => {
      await page.keyboard.press('Control+,');
      const sheet = page.getByRole('dialog', { name: 'Settings' });
      const themes = sheet.getByRole('radiogroup', { name: 'Theme' });
      await moveInto(page, themes, 'Tab');
      await reach(page, themes.getByRole('radio', { name: 'Dark' }), 'ArrowRight');
      await page.keyboard.press(' ');
      await page.keyboard.press('Escape');
      await expect(sheet).toBeHidden();
      await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
      await expect.poll(() => page.evaluate(() => document.activeElement !== document.body)).toBe(true);
    });
  });
});
