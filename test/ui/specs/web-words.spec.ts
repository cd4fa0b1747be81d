import type { Page } from '@playwright/test';
import { directory, file, symlink, tar } from '../../support/tar-builder.ts';
import { dockerArchive, type ImageLayer, PNG } from '../support/images.ts';
import { buildPseudoPage, plainTexts, showPage } from '../support/pseudo-language.ts';
import { expect, test } from '../support/window.ts';

// Names without Latin letters, so that any Latin letters are the window's own.
const LINES = Array.from({ length: 60 }, (_, index) => `строка ${index}\n`).join('');
const LAYERS: readonly ImageLayer[] = [
  {
    createdBy: 'ПУСК 1',
    tar: tar(directory('папка/'), file('папка/текст', LINES), file('папка/лишнее', 'я'.repeat(3_000)), file('папка/цвет', PNG)),
  },
  {
    createdBy: 'ПУСК 2',
    tar: tar(file('папка/текст', `${LINES}ещё\n`, { mode: 0o755 }), symlink('ссылка', 'папка/текст'), file('папка/.wh.лишнее', '')),
  },
  { createdBy: 'ПУСК 3', tar: tar(file('другое', 'да\n')) },
];
const settings = { Env: ['А=1'], Cmd: ['/1'], Healthcheck: { Test: ['CMD', '/2'], Interval: 30e9, Timeout: 3e9, Retries: 3 } };
const image = (name: string, layers = LAYERS) => dockerArchive(layers, { name, lastSteps: ['ПУСК 4'], config: settings });

/** Data, and text that is the same in every language. */
const DATA = [
  /[\d.,]+\s[kMGTP]?B\b/g, // sizes
  /\b[kMG]?B\b/g, // units of sizes, which have their own elements
  /\bsha256:[0-9a-f]*…?/g,
  /\b[0-9a-f]{12,64}\b/g,
  /linux\/amd64/g,
  /^Dismiss$/g, // React Aria's own text, which it translates itself
  /[-dl][-rwx]{9}/g, // file modes
  /\b12\.tar\b|\b13\.tar\b/g,
  /[A-Z][a-z]{2} \d+, \d{4}(, [\d:]+\s[AP]M UTC)?|[\d-]+ [\d:.]+ UTC|[\d-]+T[\d:]+Z/g,
  /\/\S*layerscope\S*|\bportable\b/g, // the store's home and driver
];

/** A tar header as the host lists it: the fields' names and values, and bytes in hex. */
const HEADER = [
  /\b(name|type|mode|[ug]id|size|stored|file|mtime|chksum|typeflag|linkname|magic|version|[ug]name|devmajor|devminor|prefix|ustar)\b/g,
  /\b[0-9a-f]{2}\b/g,
];

async function expectTranslated(page: Page, what: string, allowed: readonly RegExp[] = []): Promise<void> {
  await expect.poll(() => plainTexts(page, [...DATA, ...allowed]), what).toEqual([]);
}

test('in a made-up language the window shows no English, and nothing overflows', async ({ win }, info) => {
  test.slow(); // builds the page
  const { page } = win;
  const folder = info.outputPath('page');
  await buildPseudoPage(folder);
  await showPage(page, folder);
  await expect(page).toHaveTitle(/⟦/);
  await expect(page.locator('h2').first()).toHaveText(/⟦/);
  await expectTranslated(page, 'empty');

  await win.drop(await win.write('12.tar', image('1/2:3')));
  await expect(page.getByRole('row', { name: /текст/ }).first()).toBeVisible();
  await expectTranslated(page, 'an image');

  await page.locator('[data-layer="1"]').click();
  await expectTranslated(page, 'a layer');
  await page.getByRole('row', { name: / текст / }).click();
  for (const tab of [0, 1, 2]) {
    await page.getByRole('tab').nth(tab).click();
    await expect(page.getByRole('tabpanel')).not.toBeEmpty();
    await expectTranslated(page, `tab ${tab} of a file`, tab === 2 ? HEADER : []);
  }
  await page.getByRole('tab').first().click();
  await page.getByRole('tabpanel').getByRole('radio').last().click();
  await expectTranslated(page, 'a diff');
  await page.getByRole('row', { name: /лишнее/ }).click();
  await expectTranslated(page, 'a removed file');

  for (const key of ['2', 't', 't', '1', 'w']) {
    await page.locator('body').press(key);
    await expectTranslated(page, `after ${key}`);
  }
  await page.locator('[data-pane="waste"]').getByRole('button').nth(-1).click();
  for (const key of ['?', 'Control+k', 'g']) {
    await page.locator('body').press(key);
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectTranslated(page, `sheet of ${key}`);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }

  await win.dropRight(await win.write('13.tar', image('1/2:4', LAYERS.slice(0, 2))));
  await expect(page).toHaveURL(/mode=compare/);
  await expect(page.locator('[data-pane="changes"]').getByRole('row', { name: /другое/ })).toBeVisible();
  await expectTranslated(page, 'a comparison');
  expect(win.complaints).toEqual([]);
  const sticksOut = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await sticksOut()).toBe(0);
});
