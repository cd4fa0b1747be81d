import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return win.page;
}

test('the palette finds and runs a command by a few letters', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  await expect(palette.getByRole('combobox', { name: 'Command, image, layer or file' })).toBeFocused();
  await page.keyboard.type('file sys');
  await expect(palette.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(palette).toHaveCount(0);
  await expect(page.getByRole('radio', { name: 'Filesystem' })).toBeChecked();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('zzz');
  await expect(palette.getByRole('status')).toHaveText('No matching command');
  await page.keyboard.press('Escape');
  await expect(palette).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('the palette begins with the most frequent actions, and shows their keys', { tag: '@page' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Commands' });
  const first = ['Import to store', 'Compare with another layer or image', 'Waste', 'Scan for secrets', 'Findings', 'Open…'];
  for (const [at, text] of first.entries()) await expect(palette.getByRole('option').nth(at)).toContainText(text);
  await expect(palette).toContainText('↵ ChooseEsc Close');
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  const shortcuts = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await shortcuts.getByRole('button', { name: 'Close shortcuts' }).click();
  await expect(shortcuts).toHaveCount(0);
});

test('Go to path reaches a path in any layer, and Back returns', async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await expect.poll(() => page.url()).toContain('/layer/4');
  const before = page.url();
  await expect(page.getByRole('button', { name: /^Layer 4 / })).toBeFocused();
  await page.keyboard.press('g');
  const sheet = page.getByRole('dialog', { name: 'Go to path' });
  await page.keyboard.type('libssl.so.3');
  await expect(sheet.getByRole('option', { name: 'usr/lib/libssl.so.3' })).toContainText('layers 0, 1');
  await expect(sheet.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(sheet).toHaveCount(0);
  await expect(page.getByRole('row', { name: /modified libssl/ })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeFocused();
  const after = page.url();
  expect(after).toContain('path=usr/lib/libssl.so.3');
  await page.keyboard.press('Alt+ArrowLeft');
  await expect.poll(() => page.url()).toBe(before);
  await page.getByRole('button', { name: 'Forward', exact: true }).click();
  await expect.poll(() => page.url()).toBe(after);
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await expect.poll(() => page.url()).toBe(before);
});

test('Go to path clears the filter, which might leave out the path', { tag: '@page' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.keyboard.press('/');
  await page.keyboard.type('server.js');
  await expect(page.getByRole('button', { name: 'Clear filter' }).first()).toBeVisible();
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.keyboard.press('g');
  await page.keyboard.type('libssl.so.3');
  await expect(page.getByRole('dialog', { name: 'Go to path' }).getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: /modified libssl/ })).toBeFocused();
});

test('Go to path scrolls to the row in a long table of another layer', { tag: '@page' }, async ({ win }) => {
  // Until all rows have arrived, they are sorted by name and the path is near the top. Then they are sorted by size, and the path is last.
  const files = Array.from({ length: 5_000 }, (_, at) => file(`etc/a-${String(at).padStart(5, '0')}`, at === 777 ? 'x' : 'more bytes'));
  const layers = [
    { createdBy: 'COPY etc', tar: tar(...files) },
    { createdBy: 'COPY app', tar: tar(file('app/main', 'x')) },
  ];
  await win.drop(await win.write('long.tar', dockerArchive(layers, { name: 'acme/long:1' })));
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.type('a-00777');
  await expect(page.getByRole('option', { name: 'etc/a-00777' })).toBeVisible();
  await page.keyboard.press('Enter');
  const row = page.getByRole('treegrid').locator('[aria-selected="true"]');
  await expect(row).toContainText('a-00777');
  await expect(page.getByRole('button', { name: /^Layer 0 / })).toHaveAttribute('aria-pressed', 'true');
  await expect(row).toBeFocused();
  await expect(row).toBeInViewport({ ratio: 1 });
});

for (const key of ['g', 'ControlOrMeta+k']) {
  test(`a long path is on one line, cut in the middle before its file name: ${key}`, { tag: '@page' }, async ({
    win: { page, ...win },
  }) => {
    const path = `srv/${'a-long-folder/'.repeat(4)}create-type-annotation-of-it.js`;
    await win.drop(await win.write('long.tar', dockerArchive([{ createdBy: 'COPY', tar: tar(file(path, 'x')) }], { name: 'a:1' })));
    await expect(page.getByRole('treegrid')).toBeVisible();
    await page.keyboard.press(key);
    await page.keyboard.type('annotation');
    const option = page.getByRole('option', { name: path });
    await expect(option.getByTitle(path)).toBeVisible();
    expect((await option.boundingBox())?.height).toBeLessThan(34);
    const end = option.locator('[data-text$="create-type-annotation-of-it.js"]');
    expect(await end.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
  });

  test(`Enter pressed while paths are still searched for chooses a match for the whole text, not for an earlier one: ${key}`, async ({
    win,
  }) => {
    const page = await openWebApi(win);
    await page.getByRole('button', { name: /^Layer 4 / }).click();
    await page.keyboard.press(key);
    await page.keyboard.type('li');
    await expect(page.getByRole('option', { name: 'usr/lib/libssl.so.3' })).toBeVisible();
    await page.keyboard.type('bssl.so.3');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('row', { name: /modified libssl/ })).toHaveAttribute('aria-selected', 'true');
  });
}

test('closing a sheet moves the focus to the selected row without selecting anything else', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const rows = page.getByRole('treegrid').getByRole('row');
  const aim = page.getByRole('row', { name: /modified libssl/ });
  await expect(aim).toBeVisible();
  await rows.nth(1).click();
  await page.keyboard.press('g');
  await page.keyboard.type('libssl.so.3');
  await expect(page.getByRole('option', { name: 'usr/lib/libssl.so.3' })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(aim).toHaveAttribute('aria-selected', 'true');
  await rows.nth(1).evaluate((row) => row.focus());
  await expect(aim).toHaveAttribute('aria-selected', 'true');
  await expect.poll(() => aim.evaluate((row) => row === document.activeElement)).toBe(true);
  await rows.nth(1).click();
  await expect(rows.nth(1)).toHaveAttribute('aria-selected', 'true');
});

test('Space opens and closes a large view of the selected file; Back and Forward are enabled only if there is somewhere to go', {
  tag: '@window',
}, async ({ win }) => {
  const page = await openWebApi(win);
  const forward = page.getByRole('button', { name: 'Forward', exact: true });
  await expect(forward).toBeDisabled();
  await page.keyboard.press('2');
  await page.keyboard.press('Alt+ArrowLeft');
  await expect(forward).toBeEnabled();
  await page.getByRole('treegrid').getByRole('row').nth(1).click();
  await page.keyboard.press('+');
  await page.keyboard.press('End');
  await page.keyboard.press('Space');
  const preview = page.getByRole('dialog', { name: 'Preview' });
  await expect(preview.getByRole('heading')).toBeVisible();
  await expect(preview.getByRole('region', { name: /^File / })).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.press('Space');
  await expect(preview).toHaveCount(0);
  // Not toBeFocused, because only one of two windows on a display has the system's focus.
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-selected'))).toBe('true');
  await page.keyboard.press('t');
  await expect(page.getByRole('application', { name: 'Treemap' })).toBeVisible();
  await page.getByRole('application', { name: 'Treemap' }).focus();
  await page.keyboard.press('Space');
  await expect(preview).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('the list of shortcuts contains every key, and disables the window’s keys while open', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(sheet).toContainText('Older layer');
  await expect(sheet).toContainText('Go to path…');
  await expect(sheet).toContainText('Menu of the rowShiftF10');
  await expect(sheet.getByText('Filter', { exact: true })).toHaveCount(1);
  await page.keyboard.press('2');
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
  await expect(page.getByRole('radio', { name: 'Image' })).toBeChecked();
  // The tooltips of options show the keys that choose them.
  await page.mouse.move(640, 400);
  await page.getByRole('radio', { name: 'Treemap' }).hover();
  await expect(page.getByRole('tooltip')).toHaveText('Treemapt');
  await page.getByRole('radio', { name: 'Filesystem' }).hover();
  await expect(page.getByRole('tooltip')).toHaveText('Filesystem2');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`palette, path and keys have no accessibility violations, ${colorScheme}`, { tag: '@page' }, async ({ win }) => {
      test.slow();
      const page = await openWebApi(win);
      for (const [key, name] of [
        ['Control+k', 'Commands'],
        ['g', 'Go to path'],
        ['?', 'Keyboard shortcuts'],
      ] as const) {
        await page.keyboard.press(key);
        await expect(page.getByRole('dialog', { name })).toBeVisible();
        if (key === 'g') {
          await page.keyboard.type('lib');
          await expect(page.getByRole('option').first()).toBeVisible();
        }
        expect(await complaintsOf(page), name).toEqual([]);
        if (process.env.LAYERSCOPE_SHOTS !== undefined) {
          await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/${name.replaceAll(' ', '-')}-${colorScheme}.png` });
        }
        await page.keyboard.press('Escape');
      }
    });
  });
}
