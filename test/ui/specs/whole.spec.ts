import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, type ImageLayer, WEB_API, wideLayer } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openImage(win: LayerscopeWindow, layers: readonly ImageLayer[] = WEB_API) {
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/web-api:1.8' })));
  const { page } = win;
  const whole = page.getByRole('button', { name: /^Whole image/ });
  await expect(page.getByRole('treegrid')).toBeVisible();
  return {
    page,
    whole,
    layer: (index: number) => page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }),
    changes: page.getByRole('region', { name: 'Changes' }),
    hash: () => page.evaluate(() => window.location.hash),
  };
}

test('switching to layers shows the one that the heading calls the largest, even if it is the lowest', { tag: '@page' }, async ({
  win,
}) => {
  const { page, layer, changes } = await openImage(win, [
    { createdBy: 'COPY base /', tar: tar(file('base', 'x'.repeat(9_000))) },
    { createdBy: 'COPY app /', tar: tar(file('app', 'x'.repeat(2_000))) },
  ]);
  await expect(changes.getByRole('button', { name: /^Largest layer/ })).toContainText('0 COPY base /');
  await page.keyboard.press('1');
  await expect(layer(0)).toHaveAttribute('aria-pressed', 'true');
});

const rowCount = (page: LayerscopeWindow['page']) => page.getByRole('treegrid').getAttribute('aria-rowcount');

test('an image opens with all its bytes, the largest branches open, and what makes it big', { tag: '@page' }, async ({ win }) => {
  const { page, whole, changes, hash } = await openImage(win);
  await expect(whole).toHaveAttribute('aria-pressed', 'true');
  await expect(whole).toContainText('1.7 MB');
  await expect(whole).toContainText('1.3 MB visible · 384.7 kB hidden');
  await expect.poll(() => hash()).toMatch(/^#\/image\/[^/]+$/);
  await expect(page.getByRole('heading', { name: 'Whole image' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'Size' })).toHaveAttribute('aria-sort', 'descending');
  const rows = page.getByRole('treegrid', { name: 'Files' }).getByRole('row');
  await expect(rows.nth(1)).toContainText('app/');
  await expect(rows.nth(1)).toHaveAttribute('aria-expanded', 'true');
  await expect(rows.nth(2)).toContainText('server.js');
  await expect(page.getByRole('row', { name: /^hidden motd/ })).toContainText('4.7 kB');
  const markOf = (name: RegExp) => page.getByRole('row', { name }).first().getByRole('img');
  await expect(markOf(/server\.js/)).toHaveAccessibleName('visible');
  await expect(markOf(/libssl\.so\.3/)).toHaveAccessibleName('partly hidden');
  await expect(markOf(/libssl\.so\.3/)).toHaveText('◐');
  const libssl = page.getByRole('row', { name: /libssl\.so\.3/ }).first();
  await expect(libssl).toContainText('601.0 kB');
  await expect(libssl).toContainText('300.0 kB');

  const culprits = changes.getByRole('list', { name: 'What makes it big' }).getByRole('button');
  await expect(culprits).toHaveText(
    [
      /Largest layer\s2 RUN npm ci.*838\.7 kB/s,
      /Largest folder\sapp\/\s?838\.7 kB/,
      /Most hidden\susr\/.*libssl\.so\.3 added in 0, changed in 1\s?300\.0 kB/s,
    ],
    { useInnerText: true },
  );
  await culprits.nth(2).click();
  await expect(libssl).toHaveAttribute('aria-selected', 'true');
  await expect.poll(() => hash()).toMatch(/^#\/image\/[^/]+\?path=usr\/lib\/libssl\.so\.3$/);
  await culprits.nth(0).click();
  await expect(page.getByRole('button', { name: /^Layer 2 / })).toHaveAttribute('aria-pressed', 'true');
  await expect(whole).toHaveAttribute('aria-pressed', 'false');
  await page.goBack();
  await expect(whole).toHaveAttribute('aria-pressed', 'true');
  expect(win.complaints).toEqual([]);
});

test.describe('whichever arrives first, the image or its layers', () => {
  test.use({ startWith: { 'web-api.tar': dockerArchive(WEB_API, { name: 'acme/web-api:1.8' }) } });
  test('the whole image is selected and the same folders are open, whether the image or its layers arrive first', { tag: '@page' }, async ({
    win,
  }) => {
    const { page } = win;
    const seen = new Set<string>();
    for (let time = 0; time < 4; time++) {
      await expect(page.getByRole('button', { name: /^Whole image/ })).toHaveAttribute('aria-pressed', 'true');
      await expect(page.getByRole('row', { name: /server\.js/ })).toBeVisible();
      seen.add(`${await rowCount(page)} ${await page.evaluate(() => window.location.hash)}`);
      // A window that was just opened has an address without a selection.
      await page.evaluate(() => window.history.replaceState(null, '', '#/'));
      await page.reload();
    }
    expect([...seen]).toHaveLength(1);
  });
});

test.describe('while a long table is loading', () => {
  const late = tar(file('zz/large', 'x'.repeat(900_000)));
  const layers = [wideLayer(60_000), { createdBy: 'COPY zz /', tar: late }];
  test.use({ startWith: { 'long.tar': dockerArchive(layers, { name: 'acme/long:1' }) } });
  test('the focus is on the first row of a long table, even after sorting has put the largest first', { tag: '@page' }, async ({
    win: { page },
  }) => {
    const focused = page.locator('[role="row"]:focus');
    await expect(page.getByRole('row', { name: /zz\// }).first()).toHaveAttribute('aria-rowindex', '2');
    await expect(focused).toHaveAttribute('aria-rowindex', '2');
    await expect(page.getByRole('row', { selected: true })).toHaveCount(0);
    // A focus outline would look like a second selection.
    await expect(focused).toHaveCSS('outline-style', 'none');
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('row', { selected: true })).toHaveCount(1);
    await expect(focused).toHaveCSS('outline-style', 'solid');
  });
});

test('the open folders don’t depend on which page arrives first', { tag: '@page' }, async ({ win }) => {
  const members = Array.from({ length: 45 * 60 }, (_, at) => file(`a/part-${at % 45}/file-${at}`, 'x'));
  const layers = [
    { createdBy: 'ADD', tar: tar(...members, file('b/c', 'x'.repeat(900))) },
    { createdBy: 'RUN true', tar: tar(file('z', '')) },
  ];
  const { page, layer } = await openImage(win, layers);
  await layer(0).click();
  await expect(page.getByRole('heading', { name: 'Layer 0' }).first()).toBeVisible();
  await expect(page.getByRole('row', { name: /b\// })).toBeVisible();
  const first = await rowCount(page);
  await layer(1).click();
  await expect(page.getByRole('row', { name: /added z/ })).toBeVisible();
  await layer(0).click();
  await expect(page.getByRole('row', { name: /b\// })).toBeVisible();
  expect(await rowCount(page)).toBe(first);
  await page.reload();
  await expect(page.getByRole('row', { name: /b\// })).toBeVisible();
  expect(await rowCount(page)).toBe(first);
});

test('addresses of layers and of whole images open them', async ({ win }) => {
  const { page, whole, layer, hash } = await openImage(win);
  const image = await hash();
  const go = (address: string) =>
    page.evaluate((to) => {
      window.location.hash = to;
    }, address);
  await go(`${image}/layer/1?path=usr/lib/libssl.so.3`);
  await expect(layer(1)).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('row', { name: /modified libssl/ })).toHaveAttribute('aria-selected', 'true');
  await go(`${image}?path=etc/motd`);
  await expect(whole).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('row', { name: /hidden motd/ })).toHaveAttribute('aria-selected', 'true');
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('removed in layer 3');
  await expect(details.getByText('welcome 1', { exact: true })).toBeVisible();
  await go(`${image}?view=breakdown`);
  await expect(page.getByRole('table', { name: 'By kind of file' })).toBeVisible();
});

test('the whole image is reached with keys: 0, or up from the top layer', { tag: '@window' }, async ({ win }) => {
  const { page, whole, layer } = await openImage(win);
  await page.keyboard.press('[');
  await expect(layer(4)).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('0');
  await expect(whole).toHaveAttribute('aria-pressed', 'true');
  await whole.focus();
  await page.keyboard.press('ArrowDown');
  await expect(layer(4)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(whole).toBeFocused();
  await page.keyboard.press('1');
  await expect(layer(2)).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('0');
  await page.keyboard.press('2');
  await expect(page.getByRole('heading', { name: 'Filesystem at layer 4' })).toBeVisible();
});

test('until all rows have arrived, folders have no numbers and keep their order', { tag: '@page' }, async ({ win }) => {
  test.skip(
    win.door !== 'web',
    'answers are held back on their way through HTTP, which Electron’s window doesn’t use; the page is the same',
  );
  const { page } = win;
  const members = Array.from({ length: 2_500 }, (_, at) => file(`a/file-${at}`, 'x'));
  const { changes } = await openImage(win, [{ createdBy: 'ADD', tar: tar(...members, file('b/c', 'x'.repeat(90_000))) }]);
  const folders = changes.getByRole('row', { name: /^(visible )?[ab]\// });
  await expect(folders).toHaveText([/^b.*90\.0/, /^a.*2\.5/]);
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let pages = 0;
  await page.route(/\/call\/image\.whole$/, async (route) => {
    pages++;
    if (pages > 1) await held;
    await route.continue();
  });
  await page.reload();
  await expect(changes.getByText(/2,000 of 2,50\d/)).toBeVisible();
  await expect(folders).toHaveText([/^a\/$/]);
  await page.route(/\/call\/entry\.folder$/, async (route) => {
    await held;
    await route.continue();
  });
  await folders.first().click();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('status', { name: 'Adding up the folder’s files…' })).toBeVisible();
  answer();
  await expect(details).toContainText('2,500');
  await expect(folders).toHaveText([/^b.*90\.0/, /^a.*2\.5/]);
});

test('selecting a thin layer does not move others', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openImage(win);
  await page.setViewportSize({ width: 1320, height: 400 });
  const boxes = () => Promise.all([0, 1, 2, 3, 4].map((index) => layer(index).boundingBox()));
  await expect(layer(4)).toBeVisible();
  // The window has just become shorter. Its layers are in place once two measurements agree.
  let before = await boxes();
  await expect(async () => {
    const last = before;
    before = await boxes();
    expect(before).toEqual(last);
    expect(before[3]?.height).toBeLessThan(30);
  }).toPass({ intervals: [100] });
  await layer(3).click();
  await expect(page.getByRole('heading', { name: 'Layer 3' }).first()).toBeVisible();
  expect(await boxes()).toEqual(before);
});

test('layer numbers from 100 on do not overlap the commands', { tag: '@page' }, async ({ win }) => {
  const layers = Array.from({ length: 112 }, (_, at) => ({
    createdBy: `RUN /bin/sh -c make part-${at}`,
    tar: tar(file(`part-${at}`, 'x')),
  }));
  const { page, layer } = await openImage(win, layers);
  await layer(105).click();
  await expect(page.getByRole('row', { name: /part-105/ })).toBeVisible();
  const { textWidth, width, right, next } = await layer(105).evaluate((button) => {
    const [, index, text] = button.children;
    if (index === undefined || text === undefined) throw new Error('a layer has other parts');
    const range = document.createRange();
    range.selectNodeContents(index.lastChild ?? index);
    const box = range.getBoundingClientRect();
    return {
      textWidth: box.width,
      width: index.clientWidth,
      right: box.right,
      next: (text.firstElementChild ?? text).getBoundingClientRect().left,
    };
  });
  expect(textWidth).toBeLessThanOrEqual(width);
  expect(right).toBeLessThanOrEqual(next);
});

test('a changed size is shown in full, and so is every other number', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openImage(win);
  for (const width of [700, 900, 1320, 1440, 1700, 2560]) {
    await page.setViewportSize({ width, height: 860 });
    await layer(1).click();
    await expect(page.getByRole('row', { name: /modified libssl/ })).toBeVisible();
    const cut = await page
      .getByRole('gridcell')
      .evaluateAll((cells) =>
        cells
          .filter((cell) => cell.querySelector(':scope > .number, :scope > * > .number') !== null && cell.scrollWidth > cell.clientWidth)
          .map((cell) => cell.textContent),
      );
    expect(cut, `${width} px`).toEqual([]);
    await expect(page.getByRole('row', { name: /modified libssl/ }), `${width} px`).toContainText(/300\.0 kB→301\.0 kB|was 300\.0 kB, /);
  }
});

test('the note for an empty list does not overlap the filters', { tag: '@page' }, async ({ win }) => {
  const { page, layer, changes } = await openImage(win, [...WEB_API, { createdBy: 'RUN true', tar: tar() }]);
  await layer(5).click();
  // An icon precedes the text.
  const first = changes.getByText('No changes', { exact: true }).locator('xpath=preceding-sibling::*[1]');
  for (const height of [860, 400, 200]) {
    await page.setViewportSize({ width: 1320, height });
    await expect(first).toBeAttached();
    const [filters, notice] = await Promise.all([page.getByRole('toolbar', { name: 'Filters' }).boundingBox(), first.boundingBox()]);
    expect(notice?.y, `${height} px`).toBeGreaterThanOrEqual((filters?.y ?? 0) + (filters?.height ?? 0));
  }
});

test('a filter marks its matches, sums their bytes, and can be cleared', { tag: '@page' }, async ({ win }) => {
  const { page, changes } = await openImage(win);
  await page.getByRole('searchbox').fill('SSL');
  await expect(changes.getByRole('status').first()).toContainText(/2 matches · 601\.0 kB/);
  await expect(
    page
      .getByRole('row', { name: /libssl\.so\.3/ })
      .first()
      .locator('mark'),
  ).toHaveText('ssl');
  await changes.getByRole('button', { name: 'Clear filter' }).click();
  await expect(page.getByRole('searchbox')).toHaveValue('');
  await expect(changes.getByRole('button', { name: 'Clear filter' })).toHaveCount(0);
  await expect(page.locator('mark')).toHaveCount(0);
});

test('a whole image with nothing hidden has no column for hidden bytes', { tag: '@page' }, async ({ win }) => {
  const layers = [{ createdBy: 'COPY app /app', tar: tar(file('app/main', 'content'.repeat(100_000))) }];
  await win.drop(await win.write('one.tar', dockerArchive(layers, { name: 'acme/one:1' })));
  const grid = win.page.getByRole('treegrid');
  await expect(grid.getByRole('columnheader', { name: 'Size' })).toBeVisible();
  await expect(grid.getByRole('columnheader', { name: 'Hidden' })).toHaveCount(0);
  const row = win.page.getByRole('button', { name: /^Whole image/ });
  for (const width of [1320, 720, 600]) {
    await win.page.setViewportSize({ width, height: 860 });
    const cut = await row.evaluate((button) => [...button.children].filter((line) => line.scrollWidth > line.clientWidth).length);
    expect(cut, `${width} px`).toBe(0);
  }
  // Without packages, the window doesn't offer ways to list them either.
  await win.page.keyboard.press('i');
  await expect(win.page.getByText('No packages here')).toBeVisible();
  await expect(win.page.getByRole('radio', { name: 'By layer' })).toHaveCount(0);
});

test('a whole image is filtered by what is visible and what is hidden', { tag: '@page' }, async ({ win }) => {
  const { page } = await openImage(win);
  await page.getByRole('button', { name: 'visible', exact: true }).click();
  await expect(page.getByRole('row', { name: /server\.js/ })).toHaveCount(0);
  await expect(page.getByRole('row', { name: /hidden motd/ })).toBeVisible();
  await page.getByRole('button', { name: 'hidden', exact: true }).click();
  await expect(page.getByRole('row', { name: /motd/ })).toHaveCount(0);
  await expect(page.getByRole('row', { name: /libssl\.so\.3/ })).toBeVisible();
});

test('a breakdown has sums by file type and top folder, and lists the biggest files', { tag: '@page' }, async ({ win }) => {
  const { page, layer, changes } = await openImage(win);
  // The breakdown covers all files, whatever was typed to filter them.
  const filter = page.getByRole('searchbox', { name: 'Filter by path' });
  await filter.fill('ssl');
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  await expect(filter).toBeDisabled();
  await expect(filter).toHaveValue('');
  await page.getByRole('radio', { name: 'Tree', exact: true }).click();
  await expect(filter).toHaveValue('ssl');
  await filter.fill('');
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  const table = (name: string) => changes.getByRole('table', { name });
  await expect(changes).toContainText('127 files');
  await expect(table('By kind of file').getByRole('row', { name: /Source code/ })).toContainText('.js');
  await expect(table('By kind of file').getByRole('row', { name: /Libraries/ })).toContainText(/601\.0 kB ?300\.0 kB/);
  await expect(table('By top folder').getByRole('row').nth(1)).toContainText('app/');
  const biggest = table('Biggest files').getByRole('button');
  await expect(biggest.first()).toHaveText('app/server.js');
  await biggest.first().click();
  await expect(page.getByRole('heading', { name: 'server.js' })).toBeVisible();
  await layer(4).click();
  await expect(changes).toContainText('2 files');
  await page.keyboard.press('2');
  await expect(table('By top folder').getByRole('row').nth(1)).toContainText('app/');
  await page.keyboard.press('y');
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('in a breakdown, a file type links to its files in the tree, a folder to its row', { tag: '@page' }, async ({ win }) => {
  const { page, changes } = await openImage(win);
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  await changes
    .getByRole('table', { name: 'By kind of file' })
    .getByRole('row', { name: /Libraries/ })
    .getByText('300.0')
    .click();
  await expect(page.getByRole('row', { name: /libssl\.so\.3/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /curl|server\.js/ })).toHaveCount(0);
  await changes.getByRole('button', { name: 'Libraries', exact: true }).click();
  await expect(page.getByRole('row', { name: /server\.js/ })).toBeVisible();
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  await changes.getByRole('button', { name: 'usr/', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('row', { name: /usr\// }).first()).toHaveAttribute('aria-selected', 'true');
});

test('file types in a breakdown are readable at every width, even in a comparison', { tag: '@page' }, async ({ win }) => {
  const { page, changes } = await openImage(win);
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  const kinds = changes.getByRole('table', { name: 'By kind of file' }).getByRole('rowheader');
  const check = async (what: string) => {
    for (const width of [1440, 1320, 1200, 900, 600, 420]) {
      await page.setViewportSize({ width, height: 860 });
      const [cell] = await kinds.evaluateAll((cells) => cells.map((each) => each.getBoundingClientRect().width));
      expect(cell, `${what}, ${width} px`).toBeGreaterThanOrEqual(130);
      const cut = await kinds.evaluateAll((cells) =>
        cells.flatMap((each) => {
          const name = each.querySelector('i + span') as HTMLElement;
          return name.scrollWidth > name.clientWidth || each.scrollWidth > each.clientWidth ? [name.textContent] : [];
        }),
      );
      expect(cut, `${what}, ${width} px`).toEqual([]);
      if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/kinds-${what}-${width}.png` });
    }
  };
  await check('image');
  await page.setViewportSize({ width: 1440, height: 860 });
  await win.drop(await win.write('other.tar', dockerArchive(WEB_API.slice(0, 3), { name: 'acme/other:1' })));
  await expect(page.getByRole('heading', { name: 'acme/other:1' })).toBeVisible();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  await expect(kinds.first()).toBeVisible();
  await check('comparison');
});

for (const [colorScheme, forcedColors] of [
  ['light', 'none'],
  ['dark', 'none'],
  ['light', 'active'],
] as const) {
  test.describe(`${colorScheme}, forced colours ${forcedColors}`, () => {
    test.use({ colorScheme });
    test(`a whole image and its breakdown have no accessibility violations, ${colorScheme}, ${forcedColors}`, { tag: '@page' }, async ({
      win,
    }) => {
      const { page } = await openImage(win);
      await page.emulateMedia({ colorScheme, forcedColors });
      expect(await complaintsOf(page)).toEqual([]);
      await page.getByRole('searchbox').fill('ssl');
      await expect(page.locator('mark').first()).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('radio', { name: 'Breakdown' }).click();
      await expect(page.getByRole('table', { name: 'Biggest files' })).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}

test('what makes an image big has a reserved place before it is known, in every window', { tag: '@page' }, async ({ win }) => {
  const { page, changes } = await openImage(win);
  const culprits = changes.getByRole('list', { name: 'What makes it big' });
  for (const [width, height] of [
    [1320, 860],
    [900, 700],
    [720, 450],
    [600, 400],
    [320, 400],
  ] as const) {
    await page.setViewportSize({ width, height });
    const buttons = culprits.getByRole('button');
    await expect(buttons).toHaveCount(3);
    for (const button of await buttons.all()) {
      await expect(button, `${width} × ${height}`).toBeInViewport({ ratio: 1 });
      const size = button.locator('[title$=" bytes"]');
      expect(await size.evaluate((element) => element.scrollWidth <= element.clientWidth + 1)).toBe(true);
      const [box, room] = [await size.boundingBox(), await culprits.boundingBox()];
      expect((box?.x ?? 0) + (box?.width ?? 0), `${width} × ${height}`).toBeLessThanOrEqual((room?.x ?? 0) + (room?.width ?? 0));
    }
    await expect(page.getByRole('treegrid').getByRole('row').nth(1)).toBeInViewport({ ratio: 1 });
  }
  // The breakdown and the packages don't have this line, and use its space.
  await page.setViewportSize({ width: 1320, height: 860 });
  for (const [layout, isThere] of [
    ['Breakdown', false],
    ['Treemap', true],
    ['Packages', false],
    ['Tree', true],
  ] as const) {
    await page.getByRole('radio', { name: layout, exact: true }).click();
    await expect(culprits, layout).toHaveCount(isThere ? 1 : 0);
  }
  if (win.door !== 'web') return;
  for (const [width, height] of [
    [1320, 860],
    [720, 800],
    [720, 450],
  ] as const) {
    await page.setViewportSize({ width, height });
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route(/\/call\/image\.breakdown$/, async (route) => {
      await held;
      await route.continue();
    });
    await page.reload();
    const grid = page.getByRole('treegrid');
    await expect(grid).toBeVisible();
    await expect(culprits).toHaveAttribute('aria-busy', 'true');
    const before = await grid.boundingBox();
    const places = () => culprits.locator('li').evaluateAll((items) => items.map((item) => item.getBoundingClientRect().x));
    const first = await places();
    answer();
    await expect(culprits.getByRole('button')).toHaveCount(3);
    expect(await grid.boundingBox(), `${width} × ${height}`).toEqual(before);
    expect(await places(), `${width} × ${height}`).toEqual(first);
    await page.unroute(/\/call\/image\.breakdown$/);
  }
});
