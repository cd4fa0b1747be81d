// How the window behaves with the keyboard alone, in small windows, at 200 %, with forced colours, with reduced motion, and with deceptive
// names.
import type { Page } from '@playwright/test';
import { directory, file, hardlink, pax, symlink, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

const OLD = dockerArchive(
  [...WEB_API.slice(0, 4), { createdBy: 'COPY app.conf /etc/app.conf', tar: tar(file('etc/app.conf', 'port = 80\n')) }],
  { name: 'acme/web-api:1.7' },
);
const NEW = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });

/** Presses F6 until the focus is in the pane. */
async function goToPane(page: Page, pane: string): Promise<void> {
  for (let step = 0; step < 8; step++) {
    await page.keyboard.press('F6');
    if (await page.evaluate((name) => document.activeElement?.closest(`[data-pane="${name}"]`) !== null, pane)) return;
  }
  throw new Error(`F6 does not reach ${pane}`);
}

/** Expects the page not to scroll sideways: nothing is cut off. */
async function expectNoOverflow(page: Page): Promise<void> {
  const { scroll, room } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, room: window.innerWidth }));
  expect(scroll).toBeLessThanOrEqual(room);
}

test.describe('with the keyboard alone', () => {
  test.use({ startWith: { 'old.tar': OLD, 'new.tar': NEW } });
  test('the four main questions can be answered with the keyboard alone', async ({ win }) => {
    const { page } = win;
    const details = page.getByRole('region', { name: 'Details' });
    await expect(page.getByRole('treegrid')).toBeVisible();
    await expect(page.getByRole('button', { name: /web-api:1\.8/ }).first()).toBeVisible();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('show 1.8');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();

    // What made this image so big? The first screen names the biggest step; in that step, the biggest file comes first.
    await expect(page.getByRole('list', { name: 'What makes it big' })).toContainText('npm ci');
    await page.keyboard.press('1');
    await expect(page.getByRole('heading', { name: 'Layer 2' }).first()).toBeVisible();
    await expect(page.getByRole('columnheader', { name: 'Size' })).toHaveAttribute('aria-sort', 'descending');
    await goToPane(page, 'changes');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('row', { selected: true })).toContainText('server.js');

    // What did this step do?
    await page.keyboard.press(']');
    await expect(page.getByRole('heading', { name: 'Layer 3' }).first()).toBeVisible();
    await expect(page.getByRole('row', { name: /removed motd/ })).toBeVisible();

    // Where does this file come from?
    await page.keyboard.press('g');
    await page.keyboard.type('libssl.so.3');
    await expect(page.getByRole('option', { name: 'usr/lib/libssl.so.3' })).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(details).toContainText('modified in layer 1, first seen in layer 0');

    // What changed since yesterday's image?
    await page.keyboard.press('3');
    await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Side A: acme/web-api:1.7' })).toBeVisible();
    await page.keyboard.press('g');
    await page.keyboard.type('app.conf');
    await expect(page.getByRole('option', { name: 'etc/app.conf' })).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(details).toContainText('In A and B, different content');
    await expect(details.getByText('port = 8080')).toBeVisible();
    await expect(details.getByText('port = 80', { exact: true })).toBeVisible();
    expect(win.complaints).toEqual([]);
  });
});

test.describe('in small windows', () => {
  test.use({ startWith: { 'new.tar': NEW } });
  for (const [what, width, height] of [
    ['a narrow window', 640, 800],
    ['a window at 200 %', 660, 430],
    ['a window of medium width', 900, 700],
  ] as const) {
    test(`${what} shows everything, with details and library as drawers`, { tag: '@page' }, async ({ win }) => {
      test.slow();
      const { page } = win;
      await page.setViewportSize({ width, height });
      await expect(page.getByRole('treegrid')).toBeVisible();
      await expectNoOverflow(page);
      const row = page.getByRole('row', { name: /app/ }).first();
      await row.click();
      await page.keyboard.press('Control+d');
      const details = page.getByRole('region', { name: 'Details' });
      await expect(details.getByRole('heading').first()).toBeVisible();
      await expectNoOverflow(page);
      expect(await complaintsOf(page)).toEqual([]);
      if (process.env.LAYERSCOPE_SHOTS !== undefined)
        await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/${width}-details.png` });
      await details.getByRole('button', { name: 'Close details' }).click();
      await page.keyboard.press('Control+b');
      await expect(page.getByRole('navigation', { name: 'Library' }).first()).toBeVisible();
      await page.keyboard.press('Control+b');
      await page.keyboard.press('t');
      await expect(page.getByRole('application', { name: 'Treemap' })).toBeVisible();
      await expectNoOverflow(page);
      await page.keyboard.press('w');
      await expect(page.getByRole('region', { name: 'Waste', exact: true })).toBeVisible();
      await expectNoOverflow(page);
      expect(await complaintsOf(page)).toEqual([]);
      if (process.env.LAYERSCOPE_SHOTS !== undefined) await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/${width}.png` });
      expect(win.complaints).toEqual([]);
    });
  }
});

test.describe('with system preferences', () => {
  test.use({ startWith: { 'new.tar': NEW } });
  test('the marks of folders are visible in forced colours', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await page.emulateMedia({ forcedColors: 'active' });
    await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.9' })));
    await expect(page.getByRole('heading', { name: 'acme/web-api:1.9' })).toBeVisible();
    await page.getByRole('button', { name: /^Layer 1 / }).click();
    const mark = page
      .getByRole('row', { name: /usr/ })
      .first()
      .getByRole('img', { name: /^contains/ });
    await expect(mark).toBeVisible();
    const [parts, text] = [mark.locator('i'), await mark.evaluate((element) => getComputedStyle(element).color)];
    expect(await parts.count()).toBe(2);
    for (const part of await parts.all()) {
      const { background, width, height } = await part.evaluate((element) => {
        const style = getComputedStyle(element);
        return { background: style.backgroundColor, width: element.clientWidth, height: element.clientHeight };
      });
      expect(background).toBe(text);
      expect(Math.min(width, height)).toBeGreaterThan(1);
    }
  });

  test('the selected row, the selected layer and the focus are visible in forced colours', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await page.emulateMedia({ forcedColors: 'active' });
    await expect(page.getByRole('treegrid')).toBeVisible();
    const rows = page.getByRole('treegrid').getByRole('row');
    await rows.nth(1).click();
    const look = (element: Element) => {
      const { backgroundColor, outlineStyle, outlineColor, borderTopColor, borderTopStyle } = getComputedStyle(element);
      return [backgroundColor, outlineStyle === 'none' ? '' : outlineColor, borderTopStyle === 'none' ? '' : borderTopColor].join(' ');
    };
    const chosen = await page.getByRole('row', { selected: true }).evaluate(look);
    await page.keyboard.press('ArrowDown');
    const other = await rows.nth(1).evaluate(look);
    expect(other).not.toBe(chosen);
    await page.getByRole('button', { name: /^Layer 2 / }).click();
    const stratum = (name: RegExp) => page.getByRole('button', { name }).locator('xpath=ancestor::li[1]');
    expect(await stratum(/^Layer 2 /).evaluate(look)).not.toBe(await stratum(/^Layer 1 /).evaluate(look));
    if (process.env.LAYERSCOPE_SHOTS !== undefined) await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/forced.png` });
    expect(await complaintsOf(page)).toEqual([]);
  });

  test('nothing moves with reduced motion', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await expect(page.getByRole('treegrid')).toBeVisible();
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog')).toBeVisible();
    const moving = await page.evaluate(
      () =>
        [...document.querySelectorAll('*')].filter((element) => {
          const { transitionDuration, animationDuration, animationName, scrollBehavior } = getComputedStyle(element);
          const seconds = [...transitionDuration.split(','), ...(animationName === 'none' ? [] : animationDuration.split(','))];
          return scrollBehavior === 'smooth' || seconds.some((each) => Number.parseFloat(each) > 0.01);
        }).length,
    );
    expect(moving).toBe(0);
  });
});

const EVIL = 'a\u202egnp.exe\u0007\u001b[31m<img src=x onerror=alert(1)>\n\u2066b';
const LONG = 'long-name-'.repeat(24);
const HOSTILE = dockerArchive(
  [
    {
      createdBy: `RUN ${EVIL}`,
      tar: tar(
        directory('d/'),
        pax({ path: `d/${EVIL}` }),
        file('x', EVIL),
        pax({ path: `d/${LONG}/${LONG}` }),
        file('x', 'long'),
        pax({ path: 'd/link', linkpath: EVIL }),
        symlink('x', 'x'),
        pax({ path: 'd/hard', linkpath: `d/${EVIL}` }),
        hardlink('x', 'x'),
        pax([
          ['path', 'd/noted'],
          [`SCHILY.xattr.user.${EVIL.replaceAll('=', '')}`, EVIL],
        ]),
        file('x', 'noted', { uname: 'root\u202e', gname: '\u0007g' }),
      ),
    },
    { createdBy: `COPY ${LONG}`, tar: tar(pax({ path: `d/${EVIL}` }), file('x', `${EVIL} again`), file('../out', 'x')) },
  ],
  { name: `evil/${EVIL}:1` },
);

test.describe('with deceptive names', () => {
  test.use({ startWith: { 'evil.tar': HOSTILE } });
  test('no control or bidi character from a name reaches the page, and no name is interpreted as markup', async ({ win }) => {
    test.slow();
    const { page } = win;
    const expectSafe = async (where: string) => {
      const found = await page.evaluate(() => {
        const texts = [document.title, document.body.textContent];
        for (const element of document.querySelectorAll('*')) for (const { value } of element.attributes) texts.push(value);
        return texts.filter((text) => /[\p{Cc}\p{Bidi_Control}]/u.test(text.replaceAll('\n', '').replaceAll('\t', '')));
      });
      expect(found, where).toEqual([]);
      expect(await page.locator('img[src="x"]').count(), where).toBe(0);
      await expectNoOverflow(page);
    };
    await expect(page.getByRole('treegrid')).toBeVisible();
    await expectSafe('the tree');
    await page.keyboard.press('2');
    await page.keyboard.press('+');
    await expect(page.getByRole('row', { name: /noted/ })).toBeVisible();
    await expectSafe('the stacked tree');
    const rows = page.getByRole('treegrid').getByRole('row');
    const details = page.getByRole('region', { name: 'Details' });
    for (let at = 2, count = await rows.count(); at < count; at++) {
      await rows.nth(at).click();
      for (const tab of ['Attributes', 'Raw', 'Content']) {
        await details.getByRole('tab', { name: tab }).click();
        await expect(details.getByRole('tabpanel')).not.toBeEmpty();
        await expectSafe(`row ${at}, ${tab}`);
      }
    }
    for (const key of ['t', 'w', 'w', 't', 'p', '3']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(200);
      await expectSafe(`after ${key}`);
    }
    await page.keyboard.press('g');
    await page.keyboard.type('d/');
    await expect(page.getByRole('option').first()).toBeVisible();
    await expectSafe('Go to path');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await expectSafe('the palette');
    expect(win.complaints).toEqual([]);
  });
});
