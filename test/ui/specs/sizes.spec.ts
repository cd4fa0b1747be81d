import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const NAME = 'registry.example.com/platform/team/web-api';
const SIZES = [
  [600, 800],
  [720, 450],
  [900, 700],
  [1320, 860],
  [2560, 1440],
] as const;

/** Returns controls in a bar that overlap, and elements wider than the window. */
function misplaced(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if (document.documentElement.scrollWidth > window.innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
    for (const bar of document.querySelectorAll('header, footer, [role="toolbar"]')) {
      const controls = [...bar.querySelectorAll<HTMLElement>('button, input, label')].filter(
        (each) =>
          each.offsetParent !== null &&
          each.closest('label, button, [role="radiogroup"]') === each &&
          each.closest('header, footer, [role="toolbar"]') === bar,
      );
      const boxes = controls.map((each) => ({
        name: each.getAttribute('aria-label') ?? each.textContent ?? '',
        box: each.getBoundingClientRect(),
      }));
      for (const [at, a] of boxes.entries()) {
        for (const b of boxes.slice(at + 1)) {
          const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
          const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
          if (across > 1 && down > 1) found.push(`${a.name} and ${b.name} overlap`);
        }
        if (bar.getAttribute('role') !== 'toolbar' && (a.box.right > window.innerWidth || a.box.left < 0))
          found.push(`${a.name} is outside`);
      }
    }
    return found;
  });
}

async function openTwo(win: LayerscopeWindow) {
  const old = [
    ...WEB_API.slice(0, 4),
    { createdBy: 'COPY app.conf /etc/', tar: tar(file('etc/app.conf', 'port = 80\n'), file('opt/tool', 'x')) },
  ];
  await win.drop(await win.write('old.tar', dockerArchive(old, { name: `${NAME}:1.7` })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  await win.drop(await win.write('new.tar', dockerArchive(WEB_API, { name: `${NAME}:1.8` })));
  await expect(win.page.getByRole('heading', { name: `${NAME}:1.8` })).toBeAttached();
}

test('at every size, bars fit, the image’s tag is visible, and a comparison has rows', { tag: '@page' }, async ({ win }) => {
  test.slow(); // a dozen sizes
  const { page } = win;
  await openTwo(win);
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    for (const mode of ['Layer', 'Filesystem', 'Compare']) {
      await page.getByRole('radio', { name: mode }).click();
      await expect(page.getByRole('treegrid').getByRole('row').nth(2)).toBeVisible();
      const wrong = await misplaced(page);
      expect(wrong, `${width} × ${height}, ${mode}`).toEqual([]);
      const row = await page.getByRole('treegrid').getByRole('row').nth(2).boundingBox();
      const bar = await page.getByRole('contentinfo').boundingBox();
      expect((row?.y ?? height) + 24, `a row at ${width} × ${height}, ${mode}`).toBeLessThanOrEqual(bar?.y ?? 0);
    }
    // The part with the tag isn't cut.
    const tail = page.getByRole('banner').locator('[data-text=":1.8"]');
    await expect
      .poll(() => tail.evaluate((part) => part.scrollWidth <= part.clientWidth && part.clientWidth > 0), { message: `${width} px` })
      .toBe(true);
  }
});

test('modes stay in place whatever the image’s name', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('short.tar', dockerArchive(WEB_API, { name: 'a:1' })));
  const mode = page.getByRole('radio', { name: 'Layer' });
  await expect(mode).toBeVisible();
  const before = await mode.boundingBox();
  await win.drop(await win.write('long.tar', dockerArchive(WEB_API.slice(0, 2), { name: `${NAME}:a-long-tag` })));
  await expect(page.getByRole('heading', { name: /a-long-tag/ })).toBeAttached();
  expect(await mode.boundingBox()).toEqual(before);
});

test('at every width, the title bar shows the mode and the layout, and offers all others', { tag: '@page' }, async ({ win }) => {
  test.slow(); // a dozen sizes
  const { page } = win;
  await openTwo(win);
  const banner = page.getByRole('banner');
  const choose = async (name: 'View' | 'Layout', label: string) => {
    const radio = banner.getByRole('radio', { name: label, exact: true });
    const menu = banner.getByRole('button', { name: new RegExp(`^${name}: `) });
    await expect(radio.or(menu)).toBeVisible();
    if (await radio.isVisible()) {
      await radio.click();
      await expect(radio).toBeChecked();
    } else {
      await menu.click();
      await page.getByRole('menuitemradio', { name: label, exact: true }).click();
      await expect(menu).toHaveText(label);
    }
  };
  for (const width of [400, 600, 900, 1000, 1200, 1320]) {
    await page.setViewportSize({ width, height: 800 });
    for (const [name, label] of [
      ['View', 'Layer'],
      ['View', 'Filesystem'],
      ['Layout', 'Treemap'],
      ['View', 'Compare'],
      ['Layout', 'Breakdown'],
      ['View', 'Image'],
      ['Layout', 'Packages'],
      ['Layout', 'Tree'],
    ] as const) {
      await choose(name, label);
      // The controls at the end stay on the first line.
      const first = await banner.getByRole('button', { name: /library/ }).boundingBox();
      const last = await banner.getByRole('button', { name: 'Settings' }).boundingBox();
      expect(Math.abs((first?.y ?? 0) - (last?.y ?? 99)), `${width} px, ${label}`).toBeLessThan(4);
    }
  }
});

test('where the details are a drawer, a click on a file or folder opens it, and so does a button', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await openTwo(win);
  const details = page.getByRole('region', { name: 'Details' });
  for (const width of [900, 600]) {
    await page.setViewportSize({ width, height: 800 });
    await page.getByRole('button', { name: /^Layer 4 / }).click();
    await expect(details).toHaveCount(0);
    await page.getByRole('button', { name: 'Show details' }).click();
    await expect(details.getByRole('heading', { name: 'Layer 4' })).toBeVisible();
    await page.getByRole('button', { name: 'Hide details' }).click();
    await expect(details).toHaveCount(0);
    await page.getByRole('row', { name: /etc/ }).first().click();
    await expect(details.getByRole('heading', { name: 'etc' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(details).toHaveCount(0);
    await page.getByRole('row', { name: /passwd/ }).click();
    await expect(details.getByRole('heading', { name: 'passwd' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(details).toHaveCount(0);
    await page.keyboard.press('0');
    await expect(page.getByRole('row', { name: /usr/ }).first()).toBeVisible();
  }
});

test('images in the folded library can be distinguished', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await openTwo(win);
  await page.setViewportSize({ width: 900, height: 800 });
  const rail = page.getByRole('navigation', { name: 'Library' });
  for (const tag of ['1.7', '1.8']) {
    const caption = rail.getByRole('button', { name: `${NAME}:${tag}` }).locator('[data-text]');
    await expect(caption).toBeVisible();
    await expect(caption).toHaveAttribute('data-text', `web-api\n${tag}`);
  }
  await rail.getByRole('button', { name: `${NAME}:1.7` }).focus();
  await expect(page.getByRole('tooltip', { name: `${NAME}:1.7` })).toBeVisible();
});

test('pressed chips look different in forced colours', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await page.emulateMedia({ forcedColors: 'active' });
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'a:1' })));
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const chip = page.getByRole('button', { name: 'added', exact: true });
  await expect(chip).toHaveAttribute('aria-pressed', 'true');
  const colour = () => chip.evaluate((element) => getComputedStyle(element).backgroundColor);
  const pressed = await colour();
  await chip.click();
  await expect.poll(colour).not.toBe(pressed);
});

test('choosing another view or layout moves nothing in the title bar', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await openTwo(win);
  const banner = page.getByRole('banner');
  const places = () => banner.getByRole('radio').evaluateAll((all) => all.map((each) => each.getBoundingClientRect().x));
  const before = await places();
  for (const name of ['Layer', 'Filesystem', 'Image', 'Treemap', 'Breakdown', 'Packages', 'Tree']) {
    const radio = banner.getByRole('radio', { name, exact: true });
    await radio.click();
    await expect(radio).toBeChecked();
    expect(await places(), name).toEqual(before);
  }
});

test('views, column headings and the status bar are click targets at least 24 px high', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await openTwo(win);
  const targets = [
    page.getByRole('radio'),
    page.getByRole('columnheader').getByRole('button'),
    page.getByRole('contentinfo').getByRole('button'),
    page.getByRole('button', { name: 'Sample image' }),
  ];
  for (const target of targets) {
    await expect(target.first()).toBeVisible();
    for (const each of await target.all())
      expect((await each.boundingBox())?.height, (await each.textContent()) ?? '').toBeGreaterThanOrEqual(24);
  }
});

test('details grow with the window until the user chooses a width, and the rows fill their pane', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await openTwo(win);
  const details = page.getByRole('region', { name: 'Details' });
  const changes = page.getByRole('region', { name: 'Changes' });
  const right = (box: { x: number; width: number } | null) => (box?.x ?? 0) + (box?.width ?? 0);
  for (const [width, wanted] of [
    [1320, 300],
    [2560, 480],
  ] as const) {
    await page.setViewportSize({ width, height: 860 });
    await expect.poll(async () => Math.round((await details.boundingBox())?.width ?? 0)).toBe(wanted);
    const last = await page.getByRole('columnheader').last().boundingBox();
    expect(right(await changes.boundingBox()) - right(last)).toBeLessThan(40);
  }
  const edge = page.getByRole('separator', { name: 'Details width' });
  await edge.press('ArrowRight');
  await expect(edge).toHaveAttribute('aria-valuenow', '464');
  await page.setViewportSize({ width: 1440, height: 860 });
  await expect(edge).toHaveAttribute('aria-valuenow', '464');
});

test('a details drawer is on the right, moves nothing under the pointer, and has one button to close it', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  await openTwo(win);
  const details = page.getByRole('region', { name: 'Details' });
  for (const [width, height] of [
    [720, 450],
    [900, 700],
    [999, 700],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.getByRole('button', { name: /^Layer 4 / }).click();
    const row = page.getByRole('row', { name: /passwd/ });
    const cells = () => row.getByRole('gridcell').evaluateAll((all) => all.map((cell) => JSON.stringify(cell.getBoundingClientRect())));
    await expect(row).toBeVisible();
    const before = await cells();
    await row.click();
    await expect(details.getByRole('heading', { name: 'passwd' })).toBeVisible();
    const [pane, tree] = [await details.boundingBox(), await page.getByRole('treegrid').boundingBox()];
    expect(await cells(), `${width} px`).toEqual(before);
    expect((pane?.x ?? 0) + (pane?.width ?? 0)).toBeGreaterThanOrEqual(width - 1);
    expect(pane?.width).toBeGreaterThanOrEqual(300);
    // Next to the drawer, the names of rows can be read and clicked.
    expect((pane?.x ?? 0) - (tree?.x ?? 0), `${width} px`).toBeGreaterThan(width < 800 ? 130 : 280);
    await expect(page.getByRole('button', { name: 'Show the layer’s details' })).toHaveCount(0);
    await details.getByRole('button', { name: 'Close details' }).click();
    await expect(details).toHaveCount(0);
    await page.keyboard.press('Escape');
  }
});

test('rows have the focus once an image is shown, and again when the details drawer closes', async ({ win }) => {
  const { page } = win;
  await page.setViewportSize({ width: 900, height: 700 });
  await win.drop(await win.write('image.tar', dockerArchive(WEB_API, { name: 'a:1' })));
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex') ?? document.activeElement?.tagName);
  await expect(page.getByRole('treegrid')).toBeVisible();
  await expect.poll(focused).toBe(await page.getByRole('row').nth(1).getAttribute('aria-rowindex'));
  const details = page.getByRole('region', { name: 'Details' });
  const row = page.getByRole('row', { name: /libssl\.so\.3/ }).first();
  for (const close of ['Escape', 'Enter']) {
    await row.click();
    await details.getByRole('tab', { name: 'Attributes' }).click();
    if (close === 'Enter') await details.getByRole('button', { name: 'Close details' }).focus();
    await page.keyboard.press(close);
    await expect(details).toHaveCount(0);
    await expect.poll(focused, close).toBe(await row.getAttribute('aria-rowindex'));
  }
  // If no row is selected, the first one has the focus.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('button', { name: 'Show details' }).click();
  await details.getByRole('button', { name: 'Close details' }).click();
  await expect.poll(focused).toBe(await page.getByRole('row').nth(1).getAttribute('aria-rowindex'));
});

test('no size is cut in a breakdown or in packages, at any width; there is space for the widest', { tag: '@page' }, async ({ win }) => {
  test.slow(); // a dozen sizes
  const { page } = win;
  const curl = (version: string, bytes: number) =>
    tar(
      file('var/lib/dpkg/status', `Package: curl\nStatus: install ok installed\nVersion: ${version}\n`),
      file('var/lib/dpkg/info/curl.list', '/usr/bin/curl\n'),
      file('usr/bin/curl', 'c'.repeat(bytes)),
    );
  const layers = [
    { createdBy: 'ADD rootfs.tar /', tar: curl('7.88', 20_000) },
    { createdBy: 'RUN apt-get upgrade', tar: curl('8.5', 30_000) },
  ];
  await win.drop(await win.write('old.tar', dockerArchive(layers.slice(0, 1), { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.drop(await win.write('new.tar', dockerArchive(layers, { name: 'acme/tool:2' })));
  await expect(page.getByRole('heading', { name: 'acme/tool:2' })).toBeAttached();
  /** Returns what would be cut off if every size were as wide as the widest. */
  const cut = () =>
    page.getByRole('region', { name: 'Changes' }).evaluate((pane) => {
      const found: string[] = [];
      for (const cell of pane.querySelectorAll<HTMLElement>('tbody td')) {
        const size = cell.querySelector<HTMLElement>('.number[title$=" bytes"]');
        if (size === null || cell.offsetParent === null) continue;
        const isSigned = /^[+−]/.test(size.textContent ?? '');
        size.textContent = isSigned ? '−888.8 MiB' : '888.8 MiB';
        if (cell.scrollWidth > cell.clientWidth) found.push(`${size.textContent} by ${cell.scrollWidth - cell.clientWidth} px`);
      }
      return [...new Set(found)];
    });
  for (const [mode, layout] of [
    ['Image', 'y'],
    ['Compare', 'y'],
    ['Layer', 'i'],
    ['Image', 'i'],
    ['Compare', 'i'],
  ] as const) {
    await page.setViewportSize({ width: 1440, height: 860 });
    await page.getByRole('radio', { name: mode, exact: true }).click();
    await page.getByRole('radio', { name: layout === 'y' ? 'Breakdown' : 'Packages' }).click();
    await expect(page.getByRole('region', { name: 'Changes' }).getByRole('table').first()).toBeVisible();
    for (const width of [1440, 1320, 1200, 1000, 900, 800, 760, 720, 700, 600, 480, 420]) {
      await page.setViewportSize({ width, height: width === 720 ? 450 : 860 });
      expect.soft(await cut(), `${mode}, ${layout}, ${width} px`).toEqual([]);
    }
  }
});

test('shortcuts are one column in a short window, and never scroll sideways', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await page.keyboard.press('?');
  const sheet = page.getByRole('region', { name: 'All shortcuts' });
  const firstOf = () =>
    sheet.getByRole('heading', { level: 3 }).evaluateAll((all) => new Set(all.map((each) => each.getBoundingClientRect().x)).size);
  for (const [width, height, columns] of [
    [1320, 860, 2],
    [720, 600, 2],
    [720, 450, 1],
  ] as const) {
    await page.setViewportSize({ width, height });
    expect(await sheet.evaluate((each) => each.scrollWidth - each.clientWidth), `${width} × ${height}`).toBeLessThanOrEqual(0);
    await expect.poll(firstOf, `${width} × ${height}`).toBe(columns);
  }
});

for (const isShared of [false, true]) {
  const name = isShared
    ? 'in a short window, the layers above a shared base are on screen'
    : 'in a short window, the layers of both sides are on screen';
  test(name, { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    const base = isShared ? [{ createdBy: 'FROM base', tar: tar(file('base', 'x'.repeat(9_000))) }] : [];
    const big = Array.from({ length: 6 }, (_, at) => ({ createdBy: `RUN step ${at}`, tar: tar(file(`part-${at}`, 'x'.repeat(9_000))) }));
    const small = { createdBy: 'COPY a /', tar: tar(file('a', 'x')) };
    await page.setViewportSize({ width: 720, height: 450 });
    await win.drop(await win.write('small.tar', dockerArchive([...base, small], { name: 'small:1' })));
    await expect(page.getByRole('treegrid')).toBeVisible();
    await win.drop(await win.write('big.tar', dockerArchive([...base, ...big], { name: 'big:1' })));
    await expect(page.getByRole('heading', { name: 'big:1' }).first()).toBeAttached();
    await page.keyboard.press('3');
    for (const side of ['A', 'B']) {
      const layers = page.getByRole('list', { name: `Layers of side ${side} only, newest first` });
      await expect(layers.getByRole('button').first()).toBeInViewport({ ratio: 1 });
    }
  });
}
