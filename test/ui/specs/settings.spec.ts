import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

test('settings apply at once and are remembered', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await expect(page.getByRole('row', { name: /server\.js/ })).toContainText('728.9 kB');
  await page.keyboard.press('Control+,');
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  await sheet.getByRole('radio', { name: 'KiB, MiB, GiB' }).click();
  await sheet.getByRole('radio', { name: '16 px' }).click();
  await sheet.getByRole('radio', { name: 'Dark' }).click();
  await sheet.getByRole('radio', { name: 'Wrap', exact: true }).click();
  await expect(sheet.getByRole('list', { name: 'Stores' }).getByRole('listitem')).toHaveCount(1);
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('row', { name: /server\.js/ })).toContainText('711.8 KiB');
  await page.reload();
  const row = page.getByRole('row', { name: /server\.js/ });
  await expect(row).toContainText('711.8 KiB');
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  await row.click();
  const text = page.getByRole('region', { name: 'File text' });
  await expect(text).toContainText('hello from line');
  await expect.poll(() => text.locator('> div').evaluate((lines) => getComputedStyle(lines).fontSize)).toBe('16px');
  // Wrapped lines don't scroll sideways.
  await expect.poll(() => text.evaluate((view) => view.scrollWidth - view.clientWidth)).toBe(0);
  expect(win.complaints).toEqual([]);
});

test('the palette finds layers by command, files, themes and actions for the image', { tag: '@window' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('apt-get install');
  await expect(palette.getByRole('option')).toHaveText([/^Layer 1: RUN apt-get update/]);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Layer 1' }).first()).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('etc/motd');
  await expect(palette.getByRole('option', { name: /^etc\/motd/ })).toContainText('layers 0, 3');
  await palette.getByRole('option', { name: /^etc\/motd/ }).click();
  await expect.poll(() => page.url()).toMatch(/path=etc\/motd/);
  for (const [typed, found] of [
    ['theme dark', 'Theme: dark'],
    ['verify', 'Verify digests'],
    ['import', 'Import to store'],
    ['sett', 'Settings…'],
  ] as const) {
    await page.keyboard.press('Control+k');
    await page.keyboard.type(typed);
    await expect(palette.getByRole('option', { name: found })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(palette).toHaveCount(0);
  }
  expect(win.complaints).toEqual([]);
});

test('all sheets have the same header', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('row').nth(1).click();
  const heads = [];
  for (const [key, name] of [
    ['Control+,', 'Settings'],
    ['?', 'Keyboard shortcuts'],
    [' ', 'Preview'],
  ] as const) {
    await page.keyboard.press(key);
    const sheet = page.getByRole('dialog', { name });
    const [box, title] = [await sheet.boundingBox(), sheet.getByRole('heading', { level: 2 })];
    const close = await sheet.getByRole('button', { name: /^Close/ }).boundingBox();
    const place = await title.boundingBox();
    heads.push([
      (place?.x ?? 0) - (box?.x ?? 0),
      await title.evaluate((element) => getComputedStyle(element).fontSize),
      (box?.x ?? 0) + (box?.width ?? 0) - (close?.x ?? 0),
      (close?.y ?? 0) - (box?.y ?? 0),
    ]);
    await page.keyboard.press('Escape');
    await expect(sheet).toHaveCount(0);
  }
  expect(heads[1]).toEqual(heads[0]);
  expect(heads[2]).toEqual(heads[0]);
});
