import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

const dpkg = (...packages: readonly (readonly [name: string, version: string])[]): Uint8Array =>
  file(
    'var/lib/dpkg/status',
    packages.map(([name, version]) => `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`).join('\n'),
  );
const list = (name: string, path: string): Uint8Array => file(`var/lib/dpkg/info/${name}.list`, `${path}\n`);

const YESTERDAY = dockerArchive(
  [
    {
      createdBy: 'ADD rootfs.tar /',
      tar: tar(
        dpkg(['curl', '7.88'], ['ssl', '3.0'], ['nano', '7']),
        list('curl', '/usr/bin/curl'),
        list('nano', '/usr/bin/nano'),
        file('usr/bin/curl', 'c'.repeat(20_000)),
        file('usr/bin/nano', 'n'.repeat(5_000)),
        file('opt/tool.zip', 'z'.repeat(70_000)),
      ),
    },
  ],
  { name: 'acme/tool:yesterday' },
);
const TODAY = dockerArchive(
  [
    {
      createdBy: 'ADD rootfs.tar /',
      tar: tar(
        dpkg(['curl', '8.5'], ['ssl', '3.0'], ['jq', '1.7']),
        list('curl', '/usr/bin/curl'),
        list('jq', '/usr/bin/jq'),
        file('usr/bin/curl', 'C'.repeat(30_000)),
        file('usr/bin/jq', 'j'.repeat(9_000)),
      ),
    },
  ],
  { name: 'acme/tool:today' },
);
const WEB = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });

const differences = (page: Page) => page.getByRole('treegrid', { name: 'Differences' });
const sheet = (page: Page) => page.getByRole('dialog', { name: 'Compare with…' });

test.describe('with two images open', () => {
  test.use({ startWith: { 'yesterday.tar': YESTERDAY, 'today.tar': TODAY } });
  test.beforeEach(async ({ win: { page } }) => {
    await expect(page.getByRole('treegrid')).toBeVisible();
    // Waits for both images: with only one open, the window would ask what to compare it with.
    await expect(page.locator('[data-image]')).toHaveCount(2);
    await expect(page.getByRole('list', { name: 'In progress' })).toHaveCount(0);
    await page.keyboard.press('3');
    await expect(differences(page)).toBeVisible();
    // Make yesterday's image side A, whichever opened first.
    if (!(await page.getByRole('button', { name: 'Side A: acme/tool:yesterday' }).isVisible())) await page.keyboard.press('x');
    await expect(page.getByRole('row', { name: /removed nano \d/ })).toBeVisible();
  });

  test('a comparison’s packages are those added, upgraded and removed, and link to their files', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await page.keyboard.press('i');
    const table = page.getByRole('table', { name: 'Packages that differ' });
    await expect(table.getByRole('row')).toHaveCount(4);
    await expect(table.getByRole('row').nth(1)).toHaveText(/jq deb1\.79\.0 kB\+9\.0 kB/);
    await expect(table.getByRole('row').nth(2)).toHaveText(/curl deb7\.88 → 8\.530\.0 kB\+10\.0 kB/);
    await expect(table.getByRole('row').nth(3)).toHaveText(/nano deb75\.0 kB−5\.0 kB/);
    await expect(page.getByText('1 only in B, 1 in different versions, 1 only in A (A has 3 packages, B has 3)')).toBeVisible();
    await expect(page.getByRole('radio', { name: 'Packages' })).toBeChecked();
    expect(await complaintsOf(page)).toEqual([]);
    await page.getByRole('searchbox').fill('7.88');
    await expect(table.getByRole('row')).toHaveCount(2);
    await page.getByRole('button', { name: 'curl: show its largest file in the comparison' }).click();
    await expect(page.getByRole('row', { name: /modified curl/ })).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByRole('searchbox')).toHaveValue('');
    expect(win.complaints).toEqual([]);
  });

  test('a comparison’s breakdown is by file type and folder, with the difference, largest first', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await page.keyboard.press('y');
    const rows = page.getByRole('table', { name: 'By top folder' }).getByRole('row');
    await expect(rows.nth(1)).toHaveText(/opt\/70\.0 kB−70\.0 kB/);
    await expect(rows.nth(2)).toHaveText(/usr\/25\.0 kB39\.0 kB\+14\.0 kB/);
    await expect(page.getByRole('table', { name: 'By kind of file' }).getByRole('row').nth(1)).toHaveText(/Archives70\.0 kB−70\.0 kB/);
    expect(await complaintsOf(page)).toEqual([]);
    expect(win.complaints).toEqual([]);
  });

  test('a comparison’s treemap has a legend that explains which side each colour stands for', { tag: '@page' }, async ({
    win: { page },
  }) => {
    await page.keyboard.press('t');
    const key = page.getByRole('list', { name: 'Colours of the comparison' });
    await expect(key.getByRole('listitem')).toHaveText(['− only in A', '+ only in B', '~ changed']);
    // The chain isn't coloured, so only the legend explains the drawing's colours.
    const fill = (name: string) =>
      key
        .getByRole('listitem')
        .filter({ hasText: name })
        .locator('i')
        .evaluate((swatch) => getComputedStyle(swatch).backgroundColor);
    const drawn = () =>
      page
        .getByRole('application', { name: 'Treemap' })
        .locator('canvas')
        .evaluate((canvas: HTMLCanvasElement) => {
          const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
          const seen = new Set<string>();
          for (let at = 0; at < data.length; at += 4) seen.add(`rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`);
          return [...seen];
        });
    for (const name of ['only in A', 'only in B', 'changed']) await expect.poll(drawn, name).toContain(await fill(name));
  });

  test('a comparison’s treemap shows how much files grew or shrank, as its legend and captions explain', { tag: '@page' }, async ({
    win: { page },
  }) => {
    await page.keyboard.press('t');
    await expect(page.getByText('Areas: changes in size', { exact: true })).toBeVisible();
    const caption = page.locator('#treemap-caption');
    await page.getByRole('application', { name: 'Treemap' }).focus();
    // opt/tool.zip is gone; curl grew by half; nano is gone, and jq is new.
    await page.keyboard.press('ArrowRight');
    await expect(caption).toHaveText(/^opt −70\.0 kB · \d/);
    await page.keyboard.press('ArrowRight');
    await expect(caption).toHaveText(/^usr \+19\.0 kB −5\.0 kB · /);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect(caption).toHaveText(/^usr\/bin\/curl \+10\.0 kB · .* · changed · 20\.0 kB → 30\.0 kB · /);
    await expect(page.getByRole('navigation', { name: 'Current folder' })).toContainText(/\+19\.\d kB −75\.\d kB$/);
  });

  test('a comparison’s details show both images and their layers side by side', { tag: '@page' }, async ({ win: { page } }) => {
    const details = page.getByRole('region', { name: 'Details' });
    await page.keyboard.press('Escape');
    await expect(details.getByRole('row', { name: /^Name/ })).toHaveText('NameAacme/tool:yesterdayBacme/tool:today');
    await expect(details.getByRole('row', { name: /^Visible/ })).toHaveText(/A95\.\d kBB39\.\d kB−56\.\d kB/);
    await expect(details.getByRole('row', { name: /^Platform/ })).toHaveText('Platformlinux/amd64 (both)');
    await expect(details.getByRole('row', { name: /^Diff ID/ }).getByText(/^sha256:/)).toHaveCount(2);
    expect(await complaintsOf(page)).toEqual([]);
    // A path that both sides have is shown with both sizes.
    await page.getByRole('row', { name: /modified curl/ }).click();
    await details.getByRole('tab', { name: 'Attributes' }).click();
    await expect(details.getByRole('row', { name: /^Size/ })).toContainText(/A20\.0 kBB30\.0 kB/);
  });

  test('both compared images are on screen in a narrow window; in a wide one, numbers stay close to their names', { tag: '@page' }, async ({
    win: { page },
  }) => {
    await page.setViewportSize({ width: 600, height: 800 });
    for (const side of ['A', 'B']) {
      await expect(page.getByRole('list', { name: `Layers of side ${side} only, newest first` }).getByRole('button')).toBeInViewport();
      await expect(page.getByRole('button', { name: `Layer of side ${side}: whole image` })).toHaveText('whole image');
    }
    await page.setViewportSize({ width: 1440, height: 860 });
    // A stratum shows its command and its size.
    const stratum = page.getByRole('list', { name: 'Layers of side A only, newest first' }).getByRole('button').first();
    await expect(stratum).toHaveText(/^Layer \d+(RUN|COPY|ADD) .*B/);
    await expect(page.getByRole('button', { name: 'Layer of side A: whole image' })).toHaveText('whole image');
    await page.setViewportSize({ width: 2560, height: 1440 });
    const name = await page.getByRole('columnheader', { name: 'Name' }).boundingBox();
    const size = await page.getByRole('columnheader', { name: 'Size' }).boundingBox();
    expect((size?.x ?? 9_999) - (name?.x ?? 0)).toBeLessThan(900);
  });
});

test.describe('with one image open', () => {
  test.use({ startWith: { 'web.tar': WEB } });
  test('with only one image open, the window asks what to compare it with, and shows how big both sides are and how much differs', {
    tag: '@page',
  }, async ({ win }) => {
    const { page } = win;
    await expect(page.getByRole('treegrid')).toBeVisible();
    await page.getByRole('radio', { name: 'Compare' }).click();
    await expect(sheet(page).getByRole('option')).toHaveText([/^Open…/, /^Layer 3/, /^Layer 2/, /^Layer 1/, /^Layer 0/]);
    expect(await complaintsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(sheet(page)).toHaveCount(0);
    await expect(page.getByRole('radio', { name: 'Image' })).toBeChecked();
    await page.keyboard.press('3');
    await page.keyboard.type('layer 1');
    await page.keyboard.press('Enter');
    await expect(differences(page)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Layer of side A: layer 1' })).toHaveText('layer 1');
    // Layer 1 shows libssl (301,000), curl (150,000), the caches (80,000) and small files; the top shows no caches but the app.
    const bar = page.getByRole('region', { name: 'Changes' });
    await expect(bar.getByText(/^A 0\.54 MB → B 1\.29 MB/)).toBeVisible();
    await expect(bar.getByTitle(/^Files that differ: 84\.\d kB in A, /)).toBeVisible();
    expect(win.complaints).toEqual([]);
  });

  test('a selected layer is compared with the layer below without asking', { tag: '@page' }, async ({ win: { page } }) => {
    await page.getByRole('button', { name: /^Layer 2 / }).click();
    await page.keyboard.press('3');
    await expect(differences(page)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Layer of side A: layer 1' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Layer of side B: layer 2' })).toBeVisible();
  });

  test('an image is compared with a file that is opened for the comparison', async ({ win }) => {
    const { page } = win;
    await expect(page.getByRole('treegrid')).toBeVisible();
    const other = await win.write('today.tar', TODAY);
    await page.keyboard.press('3');
    await win.choose([other], () =>
      sheet(page)
        .getByRole('option', { name: /^Open…/ })
        .click(),
    );
    await expect(page.getByRole('button', { name: 'Side A: acme/web-api:1.8' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Side B: acme/tool:today' })).toBeVisible();
  });
});

test('sides with equal packages and equal rounded sizes are still shown to differ, and by how much', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const image = (bytes: number, tag: string) =>
    dockerArchive([{ createdBy: 'ADD rootfs.tar /', tar: tar(dpkg(['curl', '7.88']), file('opt/data.bin', new Uint8Array(bytes))) }], {
      name: `acme/data:${tag}`,
    });
  await win.drop(await win.write('one.tar', image(1_210_000, '1')));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('two.tar', image(1_237_000, '2')));
  await expect(differences(page)).toBeVisible();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('row', { name: /^Visible/ })).toHaveText('VisibleA1.210 MBB1.237 MB+27.0 kB');
  await page.keyboard.press('i');
  await expect(page.getByText('Same packages, but files differ: see Tree')).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
});

test('the later image is side B, whichever is on screen', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const image = (name: string, created: string) =>
    dockerArchive([{ createdBy: 'COPY x /', tar: tar(file('x', name)) }], { name: `acme/app:${name}`, created });
  await win.drop(await win.write('new.tar', image('new', '2025-11-21T00:00:00Z')));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.drop(await win.write('old.tar', image('old', '2025-11-19T00:00:00Z')));
  await expect(page.getByRole('banner').getByRole('heading', { name: 'acme/app:old' })).toBeAttached();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await expect(page.getByRole('button', { name: 'Side A: acme/app:old' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Side B: acme/app:new' })).toBeVisible();
  await expect(differences(page)).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('radio', { name: 'Image' })).toBeChecked();
  await expect(page.getByRole('banner').getByRole('heading', { name: 'acme/app:old' })).toBeAttached();
});

test.describe('with three images open', () => {
  test.use({ startWith: { 'web.tar': WEB, 'yesterday.tar': YESTERDAY, 'today.tar': TODAY } });
  test('with several other images open, the window asks which one to compare with', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await expect(page.getByRole('treegrid')).toBeVisible();
    const shown = await page.getByRole('banner').getByRole('heading').textContent();
    const [first = '', second = ''] = ['acme/web-api:1.8', 'acme/tool:yesterday', 'acme/tool:today'].filter((name) => name !== shown);
    await page.keyboard.press('3');
    for (const name of [first, second]) await expect(sheet(page).getByRole('option', { name })).toBeVisible();
    await sheet(page).getByRole('option', { name: second }).click();
    await expect(page.getByRole('button', { name: `Side A: ${second}` })).toBeVisible();
    await expect(page.getByRole('button', { name: `Side B: ${shown}` })).toBeVisible();
    expect(win.complaints).toEqual([]);
  });
});
