// How a comparison's header and columns show what differs and by how much.
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

/** Compares two images with the same files: `old` bytes of `x` and `now` bytes of `y`. */
async function compareSizes(win: LayerscopeWindow, old: number, now: number) {
  const { page } = win;
  const image = (tag: string, letter: string, bytes: number) =>
    dockerArchive(
      [
        {
          createdBy: 'COPY . /srv',
          tar: tar(
            file('srv/data', letter.repeat(bytes)),
            file('srv/run.sh', 'exec srv', { mode: tag === '1' ? 0o644 : 0o755, uid: Number(tag), mtime: Number(tag) }),
            file('srv/settings', `of ${letter}`, { mode: tag === '1' ? 0o644 : 0o600, uid: Number(tag), mtime: Number(tag) }),
          ),
        },
      ],
      { name: `registry.example.com/team/web-api:1.${tag}` },
    );
  await win.drop(await win.write('a.tar', image('1', 'x', old)));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', image('2', 'y', now)));
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  return page;
}

test('sizes in the header, the details and the breakdown have enough digits to distinguish them', { tag: '@page' }, async ({ win }) => {
  const page = await compareSizes(win, 5_600_000, 5_632_400);
  const changes = page.getByRole('region', { name: 'Changes' });
  await expect(changes.getByTitle('Files that a container sees: 5.600 MB in A, 5.632 MB in B')).toHaveText(
    'visible 5.600 → 5.632 MB +32.4 kB',
  );
  const visible = page.getByRole('region', { name: 'Details' }).getByRole('row', { name: /^Visible/ });
  await expect(visible).toHaveText('VisibleA5.600 MBB5.632 MB+32.4 kB');
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  const sums = page.getByRole('table', { name: 'By top folder' }).getByRole('row', { name: /srv/ }).getByRole('cell');
  await expect(sums.filter({ hasText: 'B' })).toHaveText(['5.600 MB', '5.632 MB', '+32.4 kB']);
  for (const width of [600, 720, 900, 1320]) {
    await page.setViewportSize({ width, height: 860 });
    const cut = await sums.evaluateAll((cells) => Math.max(...cells.map((cell) => cell.scrollWidth - cell.clientWidth)));
    expect(cut, `${width} px`).toBeLessThanOrEqual(0);
  }
});

test('the header shows growth in stored and hidden bytes that no visible file shows', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const base = { createdBy: 'COPY . /srv', tar: tar(file('srv/data', 'x'.repeat(100_000))) };
  const cache = { createdBy: 'RUN make', tar: tar(file('tmp/cache', 'c'.repeat(300_000))) };
  const clean = { createdBy: 'RUN rm /tmp/cache', tar: tar(file('tmp/.wh.cache', '')) };
  await win.drop(await win.write('a.tar', dockerArchive([base], { name: 'app:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', dockerArchive([base, cache, clean], { name: 'app:2' })));
  const changes = page.getByRole('region', { name: 'Changes' });
  await expect(changes.getByTitle(/^Layers as stored: /)).toHaveText(/^stored 10\d\.\d → 40\d\.\d kB \+30\d\.\d kB$/);
  await expect(changes.getByTitle(/^Files hidden by higher layers: /)).toHaveText('hidden 0 B → 300.0 kB +300.0 kB');
  // No visible file grew, so the largest hidden one is named.
  const culprit = changes.getByRole('button', { name: /^Most hidden/ });
  await expect(culprit).toContainText('300.0 kB tmp/cache added in 1, deleted in 2');
  await expect(changes.getByTitle(/^Files that a container sees: /)).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('the top layers of whole images are compared only if they are the same step', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const details = page.getByRole('region', { name: 'Details' });
  const layer = (createdBy: string, name: string) => ({ createdBy, tar: tar(file(name, name)) });
  const whole = (tag: string, ...layers: ReturnType<typeof layer>[]) => dockerArchive(layers, { name: `app:${tag}` });
  await win.drop(await win.write('a.tar', whole('1', layer('COPY . /srv', 'one'))));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', whole('2', layer('COPY . /srv', 'two'))));
  await expect(details.getByRole('heading', { name: 'Top layer' })).toBeVisible();
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await win.dropRight(await win.write('c.tar', whole('3', layer('COPY . /srv', 'three'), layer('RUN make', 'four'))));
  await expect(details.getByRole('button', { name: 'B app:3' })).toBeVisible();
  await expect(details.getByRole('heading', { name: 'Top layer' })).toHaveCount(0);
  const top = page.getByRole('list', { name: 'Layers of side B only, newest first' }).getByRole('listitem').first();
  await expect(top).toHaveCSS('box-shadow', 'none');
  await page.getByRole('list', { name: 'Layers of side B only, newest first' }).getByRole('button').last().click();
  await expect(details.getByRole('heading', { name: 'Layer', exact: true })).toBeVisible();
});

test('sizes that look the same when rounded are in a smaller unit in the list, but not in the sums of a breakdown', {
  tag: '@page',
}, async ({ win }) => {
  const page = await compareSizes(win, 12_353, 12_400);
  await page.setViewportSize({ width: 1600, height: 860 });
  const row = page.getByRole('row', { name: /modified data/ });
  await expect(row).toContainText('12,353 B→12,400 B');
  await expect(row).toContainText('+47 B');
  await page.getByRole('radio', { name: 'Breakdown' }).click();
  const sums = page.getByRole('table', { name: 'By top folder' }).getByRole('row', { name: /srv/ }).getByRole('cell');
  await expect(sums.filter({ hasText: 'B' })).toHaveText(['12.4 kB', '12.4 kB', '+47 B']);
});

test('files that changed without changing size are counted', { tag: '@page' }, async ({ win }) => {
  const page = await compareSizes(win, 5_000, 5_000);
  await expect(page.getByText('3 files changed without changing size')).toBeVisible();
  await expect(page.getByText('(0 B)')).toHaveCount(0);
});

test('both layer menus have words, and no change is cut, at any width', { tag: '@page' }, async ({ win }) => {
  const page = await compareSizes(win, 5_000, 6_000);
  for (const width of [600, 720, 900, 1320, 1440, 1920]) {
    await page.setViewportSize({ width, height: 860 });
    for (const side of ['A', 'B']) {
      const menu = page.getByRole('button', { name: `Layer of side ${side}: whole image` });
      const word = await menu.evaluate((element) => {
        const short = element.querySelector('[data-text]');
        const isShort = short !== null && getComputedStyle(short).display !== 'none';
        const shown = isShort ? short : element.querySelector('.number');
        return { width: shown?.getBoundingClientRect().width ?? 0, cut: element.scrollWidth - element.clientWidth };
      });
      expect(word.width, `${width} px, ${side}`).toBeGreaterThan(30);
      expect(word.cut, `${width} px, ${side}`).toBeLessThanOrEqual(0);
    }
    await expect(page.getByRole('columnheader', { name: 'Change' }), `${width} px`).toBeVisible();
    for (const name of [/modified run/, /modified settings/]) {
      const change = page.getByRole('row', { name }).getByTitle(/mode 0644 → 0\d{3}, owner/);
      expect(await change.evaluate((element) => element.scrollWidth - element.clientWidth), `${width} px, ${name}`).toBeLessThanOrEqual(0);
    }
  }
  await page.setViewportSize({ width: 1320, height: 860 });
  await expect(page.getByRole('row', { name: /modified settings/ }).getByTitle('content, mode 0644 → 0600, owner, time')).toHaveText(
    /^content, (metadata|mode, owner, time)$/,
  );
  expect(win.complaints).toEqual([]);
});

test('the visible size always has both sides’ sizes, and narrow chains leave out verbs', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const image = (letter: string, bytes: number) => [
    { createdBy: `RUN make-${letter}`, tar: tar(file('srv/data', letter.repeat(bytes)), file('srv/old', letter.repeat(bytes))) },
    { createdBy: `RUN renew-${letter}`, tar: tar(file('srv/old', letter)) },
  ];
  await win.drop(await win.write('a.tar', dockerArchive(image('x', 50_000), { name: 'app:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', dockerArchive(image('y', 90_000), { name: 'app:2' })));
  const changes = page.getByRole('region', { name: 'Changes' });
  await page.setViewportSize({ width: 1320, height: 860 });
  await expect(changes.getByText('50.0 → 90.0 kB').first()).toBeVisible();
  const layer = page
    .getByRole('list', { name: /side A only/ })
    .getByRole('button')
    .first();
  await expect(layer.getByText('renew-x')).toBeVisible();
  await expect(layer.getByText('RUN', { exact: true })).toBeHidden();
});
