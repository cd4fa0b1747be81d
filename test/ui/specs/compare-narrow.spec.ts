// A comparison between 1,000 and 1,320 px, where both chains and the details leave the least space.
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

/** Compares two images. `count`: how many more of their files differ in content. */
async function compare(win: LayerscopeWindow, count = 0) {
  const { page } = win;
  const many = (letter: string) => Array.from({ length: count }, (_, at) => file(`srv/many/file-${at}`, letter));
  const image = (tag: string, letter: string) =>
    dockerArchive(
      [
        {
          createdBy: 'COPY . /srv',
          tar: tar(
            file('srv/data', letter.repeat(tag === '1' ? 40_000 : 52_000)),
            file('srv/run.sh', 'exec srv', { mode: tag === '1' ? 0o644 : 0o755 }),
            file('srv/settings', `of ${letter}`, { mode: tag === '1' ? 0o644 : 0o600 }),
            file('srv/later', 'same', { mtime: Number(tag) }),
            file(`srv/only-${tag}`, letter),
            ...many(letter),
          ),
        },
      ],
      { name: `registry.example.com/team/web-api:1.${tag}` },
    );
  await win.drop(await win.write('a.tar', image('1', 'x')));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', image('2', 'y')));
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  return page;
}

test('a comparison says what changed in each row at every width with details, and nothing overflows', { tag: '@page' }, async ({ win }) => {
  const page = await compare(win);
  for (const width of [1000, 1090, 1179, 1180, 1320]) {
    await page.setViewportSize({ width, height: 860 });
    await expect(page.getByRole('columnheader', { name: 'Change' }), `${width} px`).toBeVisible();
    const change = (name: RegExp) => page.getByRole('row', { name }).getByRole('gridcell').nth(1);
    await expect(change(/modified data/), `${width} px`).toHaveText(/^content/);
    await expect(change(/modified settings/), `${width} px`).toHaveText(/^content, /);
    await expect(change(/modified run\.sh/), `${width} px`).toHaveText(/mode|metadata|0644/);
    const cut = await page
      .getByRole('row', { name: /modified (data|settings|run)/ })
      .getByRole('gridcell')
      .evaluateAll((cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent));
    expect(cut, `${width} px`).toEqual([]);
    const grid = page.getByRole('treegrid');
    expect(await grid.evaluate((element) => element.scrollWidth - element.clientWidth), `${width} px`).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), `${width} px`).toBeLessThanOrEqual(0);
  }
  expect(win.complaints).toEqual([]);
});

test('rows have the sizes of both sides where both chains leave space for them, and short names aren’t cut for them', {
  tag: '@page',
}, async ({ win }) => {
  const page = await compare(win);
  for (const width of [600, 720, 1320, 1600]) {
    await page.setViewportSize({ width, height: 860 });
    const row = page.getByRole('row', { name: /modified data/ });
    await expect(row.getByText(/^40\.0( kB)?$/), `${width} px`).toBeVisible();
    await expect(row.getByText(/^52\.0 kB$/), `${width} px`).toBeVisible();
    await expect(page.getByRole('row', { name: /modified settings/ }).locator('span[aria-hidden]', { hasText: '…' })).toHaveCount(0);
  }
});

test('rows stay where they are when a filter is typed, and a cross after the chips clears it', { tag: '@page' }, async ({ win }) => {
  const page = await compare(win);
  const grid = page.getByRole('treegrid');
  const clear = page.getByRole('toolbar', { name: 'Filters' }).getByRole('button', { name: 'Clear filter' });
  for (const width of [600, 720, 1320]) {
    await page.setViewportSize({ width, height: 860 });
    const before = await grid.boundingBox();
    await page.getByRole('searchbox').fill('data');
    if (width === 720) await expect(clear).toHaveText('1');
    else await expect(page.getByText('1 match')).toBeVisible();
    expect((await grid.boundingBox())?.y, `${width} px`).toBe(before?.y);
    await clear.click();
    await expect(page.getByRole('searchbox')).toHaveValue('');
    await expect(clear).toHaveCount(0);
  }
});

test('the chips of a comparison are on one line next to the details', { tag: '@page' }, async ({ win }) => {
  const page = await compare(win, 1_200);
  for (const width of [1000, 1100, 1180, 1320]) {
    await page.setViewportSize({ width, height: 700 });
    const chips = page.getByRole('toolbar', { name: 'Filters' }).getByRole('button');
    const tops = await chips.evaluateAll((buttons) =>
      buttons
        .filter((button) => (button as HTMLElement).offsetParent !== null)
        .map((button) => Math.round(button.getBoundingClientRect().top)),
    );
    expect(new Set(tops).size, `${width} px`).toBe(1);
  }
});
