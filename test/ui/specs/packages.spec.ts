import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const status = (...packages: readonly (readonly [name: string, version: string])[]): Uint8Array =>
  file(
    'var/lib/dpkg/status',
    packages
      .map(([name, version]) => `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`)
      .join('\n'),
  );
const list = (name: string, ...paths: readonly string[]): Uint8Array =>
  file(`var/lib/dpkg/info/${name}.list`, paths.map((path) => `${path}\n`).join(''));

const LAYERS = [
  {
    createdBy: 'ADD rootfs.tar /',
    tar: tar(
      status(['curl', '7.88'], ['libssl3', '3.0.11']),
      list('curl', '/usr/bin/curl', '/usr/share/doc/curl/copyright'),
      list('libssl3', '/usr/lib/libssl.so.3'),
      file('usr/bin/curl', 'c'.repeat(20_000)),
      file('usr/share/doc/curl/copyright', 'x'.repeat(100)),
      file('usr/lib/libssl.so.3', 's'.repeat(50_000)),
    ),
  },
  {
    createdBy: 'RUN apt-get install -y libssl3 && apt-get remove -y curl',
    tar: tar(status(['libssl3', '3.0.12']), file('usr/bin/.wh.curl'), file('usr/lib/libssl.so.3', 't'.repeat(60_000))),
  },
  {
    createdBy: 'COPY app /app',
    tar: tar(file('app/node_modules/ms/package.json', '{"name":"ms","version":"2.1.2"}'), file('app/own', 'x'.repeat(5000))),
  },
  { createdBy: 'COPY notes /', tar: tar(file('notes', 'n'.repeat(3000))) },
];

const groups = (page: Page) => page.getByRole('rowgroup', { name: /^Layer/ });

async function openPackages(win: LayerscopeWindow) {
  await win.drop(await win.write('image.tar', dockerArchive(LAYERS, { name: 'acme/tool:1' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  await win.page.keyboard.press('i');
  await expect(win.page.getByRole('table').first()).toBeVisible();
  return win.page;
}

test('packages are listed by layer, with the files that no package owns', { tag: '@page' }, async ({ win }) => {
  const page = await openPackages(win);
  // The newest layer comes first, as in the chain.
  await expect(groups(page)).toHaveCount(4);
  const cells = (at: number, row: number) => groups(page).nth(at).getByRole('row').nth(row).locator('th, td');
  await expect(cells(0, 0)).toHaveText(['Layer 3COPY notes /No package changes', '', '', '3.0 kB', '']);
  await expect(groups(page).first().getByRole('row')).toHaveCount(1);
  await expect(groups(page).nth(1).getByRole('row').last()).toHaveText(/Not owned by a package.*5\.0 kB/);
  await expect(cells(3, 1)).toHaveText(['+libssl3 deb amd64', '3.0.11', '1', '', '50.0 kB', '']);
  await expect(cells(3, 2)).toHaveText(['+curl deb amd64', '7.88', '2', '', '20.1 kB', '']);
  // What a layer replaces or removes takes up space in the layers below; the layer's line has the sums.
  await expect(cells(2, 0)).toHaveText([/^Layer 1RUN apt-get.*~1 modified−1 removed$/, '', '', /kB$/, '70.0 kB']);
  await expect(cells(2, 1)).toHaveText(['~libssl3 deb amd64', '3.0.11 → 3.0.12', '1', '', '60.0 kB', '50.0 kB']);
  await expect(cells(2, 2)).toHaveText(['−curl deb amd64', '7.88', '1', '', '', '20.0 kB']);
  await expect(groups(page).nth(2).getByRole('img', { name: 'removed' })).toBeVisible();
  const sums = page.getByRole('status').getByText('in packages');
  await expect(sums).toHaveText(/kB in packages, \d+\.\d kB outside/);
  // Where there is space, bars are proportional to sizes, at one scale for all layers.
  await page.setViewportSize({ width: 1620, height: 860 });
  const bar = (at: number, row: number) => groups(page).nth(at).getByRole('row').nth(row).locator('td i');
  const widths = [await bar(3, 1).boundingBox(), await bar(2, 1).boundingBox()].map((box) => box?.width ?? 0);
  expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(50 / 60, 1);
  await page.setViewportSize({ width: 1320, height: 860 });
  // The sums are on one line.
  expect((await sums.boundingBox())?.height).toBeLessThan(24);
  // Packages are sorted by size, as the host lists them, and after a click by name.
  const head = page.getByRole('columnheader', { name: 'Package' });
  await head.getByRole('button').click();
  await expect(cells(3, 1).first()).toHaveText('+curl deb amd64');
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('a package without a list of files has no file count and no size, and comes last', { tag: '@page' }, async ({ win }) => {
  const layer = tar(status(['bare', '1'], ['whole', '1']), list('whole', '/usr/whole'), file('usr/whole', 'x'.repeat(500)));
  await win.drop(await win.write('bare.tar', dockerArchive([{ createdBy: 'ADD / /', tar: layer }], { name: 'acme/bare:1' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  await win.page.keyboard.press('i');
  const rows = groups(win.page).getByRole('row', { name: /deb amd64/ });
  await expect(rows).toHaveCount(2);
  await expect(rows.last()).toHaveAccessibleName(/^added bare deb amd64 1 unknown unknown$/);
  await win.page.getByRole('button', { name: 'Size' }).click();
  await win.page.getByRole('button', { name: 'Size' }).click();
  await expect(rows.last()).toContainText('bare');
});

test('only removed packages are grey; one whose files are written again has a note instead', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const [base] = LAYERS as [(typeof LAYERS)[0]];
  const again = {
    createdBy: 'RUN apt-get remove -y curl && strip /usr/lib/libssl.so.3',
    tar: tar(status(['libssl3', '3.0.11']), file('usr/bin/.wh.curl'), file('usr/lib/libssl.so.3', 'u'.repeat(40_000))),
  };
  await win.drop(await win.write('image.tar', dockerArchive([base, again], { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('i');
  const rows = groups(page).first().getByRole('row');
  const nameOf = (row: RegExp) => rows.filter({ hasText: row }).getByRole('rowheader').getByRole('button');
  // The package has a mark, which doesn't add a line to its version.
  const rewritten = rows.filter({ hasText: /libssl3/ });
  await expect(rewritten.getByRole('rowheader').getByRole('img', { name: 'written again' })).toBeVisible();
  await expect(rewritten.getByRole('cell').first()).toHaveText('3.0.11');
  const colour = (name: ReturnType<typeof nameOf>) => name.evaluate((element) => getComputedStyle(element).color);
  expect(await colour(nameOf(/libssl3/))).not.toBe(await colour(nameOf(/curl/)));
  expect(await colour(nameOf(/libssl3/))).toBe(await page.evaluate(() => getComputedStyle(document.body).color));
  await expect(nameOf(/curl/)).toHaveCSS('text-decoration-line', 'line-through');
  // There is a gap between the name and the version.
  const version = rows.nth(1).getByRole('cell').first();
  await expect(version).toHaveCSS('padding-left', '24px');
});

test('all layers that change no packages are one line, and the origin of a file leads to its package', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  const other = (name: string) => ({ createdBy: `COPY ${name} /`, tar: tar(file(name, 'x'.repeat(3000))) });
  const [base, upgrade] = LAYERS as [(typeof LAYERS)[number], (typeof LAYERS)[number]];
  const layers = [base, other('a'), upgrade, other('b'), other('c')];
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('i');
  await expect(groups(page)).toHaveCount(2);
  await expect(page.getByRole('rowgroup', { name: 'No package changes in 3 layers' })).toHaveText(
    /^No package changes in 3 layers1, 3–49\.0 kB$/,
  );
  await page.keyboard.press('i');
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await page.getByRole('row', { name: /libssl\.so\.3/ }).click();
  await page.getByRole('tab', { name: 'Origin' }).click();
  await page.getByRole('button', { name: 'libssl3 3.0.12' }).click();
  await expect(
    page
      .getByRole('table', { name: /^Packages/ })
      .getByRole('rowheader', { name: /^libssl3|libssl3/ })
      .first(),
  ).toBeVisible();
  await expect(page.getByRole('searchbox')).toHaveValue('libssl3');
  expect(win.complaints).toEqual([]);
});

test('layers that change no packages are one line, and a long name leaves its type visible', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const name = '@img/sharp-libvips-linuxmusl-x64-with-everything';
  const layers = [
    { createdBy: 'COPY app /app', tar: tar(file(`app/node_modules/${name}/package.json`, `{"name":"${name}","version":"1.0.0"}`)) },
    ...['a', 'b', 'c'].map((each) => ({ createdBy: `COPY ${each} /`, tar: tar(file(each, 'x'.repeat(3000))) })),
  ];
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('i');
  await expect(groups(page)).toHaveCount(2);
  await expect(groups(page).first()).toHaveText(/^Layers 1–3COPY a \/ – COPY c \/No package changes9\.0 kB$/);
  await page.setViewportSize({ width: 600, height: 800 });
  const cell = groups(page).nth(1).getByRole('rowheader', { name: /npm$/ });
  const type = await cell.getByText('npm', { exact: true }).boundingBox();
  const box = await cell.boundingBox();
  expect((type?.y ?? 0) + (type?.height ?? 0)).toBeLessThanOrEqual((box?.y ?? 0) + (box?.height ?? 0));
  expect((type?.x ?? 0) + (type?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
});

test('all packages in an image are listed by size, and a click anywhere in a row shows the files', { tag: '@page' }, async ({ win }) => {
  const page = await openPackages(win);
  await page.getByRole('radio', { name: 'All', exact: true }).click();
  const rows = page.getByRole('table', { name: 'Packages in the whole image' }).getByRole('row');
  await expect(rows.nth(1)).toHaveText(/^libssl3 deb amd64.*3\.0\.12.*60\.0 kB/);
  await expect(rows.nth(2)).toHaveText(/^ms npm.*2\.1\.2/);
  await expect(rows).toHaveCount(3);
  await expect(page.getByRole('status').filter({ hasText: '2 packages' })).toHaveText(/^2 packages · 1 deb, 1 npm · 60\.0 kB$/);
  expect(await complaintsOf(page)).toEqual([]);
  await rows.nth(1).getByText('60.0').click();
  await expect(page.getByRole('radio', { name: 'Image', exact: true })).toBeChecked();
  await expect(page.getByRole('row', { name: /libssl\.so\.3/ })).toHaveAttribute('aria-selected', 'true');
});

test('a layer’s long command doesn’t push a column out of the pane, at any width', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const command = `RUN /bin/sh -c apt-get update && apt-get install -y ${Array.from({ length: 60 }, (_, at) => `package-${at}`).join(' ')}`;
  const [base, ...others] = LAYERS as [(typeof LAYERS)[0], ...typeof LAYERS];
  await win.drop(await win.write('image.tar', dockerArchive([{ ...base, createdBy: command }, ...others], { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('i');
  const table = page.getByRole('table').last();
  for (const width of [1440, 1100, 900, 600]) {
    await page.setViewportSize({ width, height: 860 });
    await expect(table).toBeVisible();
    const outside = await table.evaluate((element) => {
      const edge = (element.parentElement?.getBoundingClientRect().right ?? 0) + 1;
      const cells = [...element.querySelectorAll('caption, th, td')];
      return cells.filter((cell) => cell.getBoundingClientRect().right > edge).map((cell) => cell.textContent);
    });
    expect(outside, `${width} px`).toEqual([]);
    await expect(
      groups(page)
        .last()
        .getByRole('cell', { name: /50\.0 kB/ }),
    ).toBeInViewport();
    // The title bar names the layout that is shown, even where it has no space for a row of layouts.
    const layout = page.getByRole('radio', { name: 'Packages', checked: true }).or(page.getByRole('button', { name: 'Layout: Packages' }));
    await expect(layout).toBeVisible();
  }
});

test('a package links to its files in the tree', { tag: '@window' }, async ({ win }) => {
  const page = await openPackages(win);
  await page.getByRole('button', { name: 'libssl3: show its files in layer 1' }).click();
  await expect(page.getByRole('row', { name: /modified libssl\.so\.3/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('i');
  await page.getByRole('button', { name: 'curl: show its files in layer 1' }).click();
  await expect(page.getByRole('row', { name: /removed curl/ })).toHaveAttribute('aria-selected', 'true');
  await page.getByRole('button', { name: /^Whole image/ }).click();
  await page.keyboard.press('i');
  // A package that has its own folder links to it.
  await page.getByRole('button', { name: 'ms: show its files in layer 2' }).click();
  await expect(page.getByRole('row', { name: /added ms\// })).toHaveAttribute('aria-selected', 'true');
});

test('text typed to find packages is forgotten when the tree comes back, and the tree’s own text is restored', {
  tag: '@page',
}, async ({ win }) => {
  const page = await openPackages(win);
  const filter = page.getByRole('searchbox', { name: /^Filter/ });
  await filter.fill('7.88');
  await expect(groups(page)).toHaveCount(2);
  // A package that matches the text links to a file that doesn't.
  await page.getByRole('button', { name: 'curl: show its files in layer 1' }).click();
  await expect(page.getByRole('row', { name: /removed curl/ })).toHaveAttribute('aria-selected', 'true');
  await expect(filter).toHaveValue('');
  await filter.fill('libssl');
  await expect(page.getByRole('row', { name: /removed curl/ })).toHaveCount(0);
  await page.getByRole('radio', { name: 'Packages' }).click();
  await expect(filter).toHaveValue('');
  await expect(groups(page)).toHaveCount(1);
  await filter.fill('nowhere');
  await expect(page.getByText('No matching package')).toBeVisible();
  await page.getByRole('radio', { name: 'Tree', exact: true }).click();
  await expect(filter).toHaveValue('libssl');
  await expect(page.getByRole('row', { name: /modified libssl\.so\.3/ })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('the filter finds packages, and a view lists the installed packages', { tag: '@page' }, async ({ win }) => {
  const page = await openPackages(win);
  await page.getByRole('searchbox', { name: 'Filter packages' }).fill('SSL');
  await expect(groups(page)).toHaveCount(2);
  await expect(groups(page).last().getByRole('row')).toHaveCount(2);
  await page.getByRole('searchbox', { name: 'Filter packages' }).fill('nowhere');
  await expect(page.getByText('No matching package')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await expect(page.getByRole('searchbox', { name: 'Filter packages' })).toHaveValue('');
  await page.getByRole('searchbox', { name: 'Filter packages' }).focus();
  await expect(groups(page)).toHaveCount(4);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('searchbox', { name: 'Filter packages' })).not.toBeFocused();
  await page.keyboard.press('2');
  await expect(page.getByRole('table', { name: /Packages as seen at layer 3/ }).getByRole('row')).toHaveCount(3);
});

test.describe('in dark mode', () => {
  test.use({ colorScheme: 'dark' });

  test('packages can be filtered, stepped through and followed with the keyboard alone, and are legible', async ({ win }) => {
    const page = await openPackages(win);
    await page.keyboard.press('/');
    await page.keyboard.type('deb');
    await expect(groups(page)).toHaveCount(2);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: 'libssl3: show its files in layer 1' })).toBeFocused();
    expect(await complaintsOf(page)).toEqual([]);
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: 'curl: show its files in layer 1' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('row', { name: /removed curl/ }).first()).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('i');
    await expect(groups(page)).toHaveCount(1);
    expect(win.complaints).toEqual([]);
  });
});

test('a long name keeps its space and its type at every width, and a file count is shown in full or not at all', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  const name = '@next/swc-linux-x64-gnu';
  const folder = `app/node_modules/${name}`;
  const many = Array.from({ length: 1200 }, (_, at) => file(`${folder}/${at}.js`, '1'));
  const layer = { createdBy: 'COPY app /app', tar: tar(file(`${folder}/package.json`, `{"name":"${name}","version":"15.1.3"}`), ...many) };
  await win.drop(await win.write('image.tar', dockerArchive([...LAYERS.slice(0, 2), layer], { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('i');
  const table = page.getByRole('table').first();
  const row = groups(page).first().getByRole('row').nth(1);
  const button = row.getByRole('button');
  await expect(button).toHaveText(name);
  for (const width of [1440, 1320, 1200, 900, 600, 400]) {
    await page.setViewportSize({ width, height: 860 });
    const { room, share, shown, typeTop } = await button.evaluate((element) => {
      const cell = element.closest('th') as HTMLElement;
      const type = element.nextElementSibling as HTMLElement;
      return {
        room: element.getBoundingClientRect().width,
        share: cell.offsetWidth / (cell.closest('table') as HTMLElement).offsetWidth,
        // Whether nothing else covers the name, 40 px from its left edge.
        shown: element.contains(document.elementFromPoint(element.getBoundingClientRect().x + 40, element.getBoundingClientRect().y + 8)),
        typeTop: type.getBoundingClientRect().top - cell.getBoundingClientRect().top,
      };
    });
    expect(room, `${width} px`).toBeGreaterThanOrEqual(56);
    expect(share, `${width} px`).toBeGreaterThanOrEqual(0.4);
    expect(shown, `${width} px`).toBe(true);
    expect(typeTop, `${width} px`).toBeLessThan(24);
    const files = row.locator('td').nth(1);
    const heading = table.getByRole('columnheader', { name: 'Files' });
    expect(await files.isVisible(), `${width} px`).toBe(await heading.isVisible());
    expect(await files.evaluate((cell) => cell.scrollWidth <= cell.clientWidth), `${width} px`).toBe(true);
  }
  expect(win.complaints).toEqual([]);
});

test('a version never breaks in the middle, and commands of two layers are set apart', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const images = ['3.0.11-1~deb12u2', '3.0.15-1~deb12u1'].map((version) => ({
    createdBy: `RUN apt-get install -y libssl3=${version}`,
    tar: tar(status(['libssl3', version]), list('libssl3', '/usr/lib/libssl.so.3'), file('usr/lib/libssl.so.3', version.repeat(400))),
  }));
  const quiet = ['a', 'b'].map((name) => ({ createdBy: `COPY ${name} /`, tar: tar(file(name, 'x'.repeat(3000))) }));
  const again = { createdBy: 'RUN strip /usr/lib/libssl.so.3', tar: tar(file('usr/lib/libssl.so.3', 'stripped')) };
  await win.drop(await win.write('image.tar', dockerArchive([...images, ...quiet, again], { name: 'acme/tool:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('i');
  const cell = page.getByTitle('3.0.11-1~deb12u2 → 3.0.15-1~deb12u1');
  await expect(cell).toHaveText('3.0.11-1~deb12u2 → 3.0.15-1~deb12u1');
  for (const width of [1620, 1320, 1000, 720, 400]) {
    await page.setViewportSize({ width, height: 860 });
    const parts = await cell.locator('> span').evaluateAll((versions) =>
      versions.map((version) => ({
        height: version.getBoundingClientRect().height,
        end: (version.getAttribute('data-cut') ?? version.textContent ?? '').slice(-3),
      })),
    );
    // The versions differ at their ends, so the ends are visible.
    expect(parts, `${width} px`).toEqual([
      { height: 16, end: '2u2' },
      { height: 16, end: '2u1' },
    ]);
  }
  await page.setViewportSize({ width: 1320, height: 860 });
  const range = page.getByRole('rowgroup', { name: 'Layers 2–3' });
  await expect(range.locator('code')).toHaveText(['COPY a /', 'COPY b /']);
  const gap = await range
    .locator('code')
    .evaluateAll(([a, b]) => (b?.getBoundingClientRect().left ?? 0) - (a?.getBoundingClientRect().right ?? 0));
  expect(gap).toBeGreaterThanOrEqual(4);
  // The line that counts the changes explains the mark of a package whose files are written again.
  await expect(page.getByRole('status').filter({ hasText: 'package changes' })).toContainText(
    '≈ files written again, with the same version',
  );
  await expect(page.getByRole('img', { name: 'written again' }).last()).toHaveAttribute('title', /^Files written again: /);
  expect(await complaintsOf(page)).toEqual([]);
});
