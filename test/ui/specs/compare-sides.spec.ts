// How details and chains distinguish the sides of a comparison.
import { file, symlink, tar } from '../../support/tar-builder.ts';
import { dockerArchive, PNG } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

/** Opens two images and compares the first, A, with the second, B. */
async function compareTwo(win: LayerscopeWindow, a: Uint8Array, b: Uint8Array) {
  const { page } = win;
  await win.drop(await win.write('a.tar', a));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('b.tar', b));
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  return page;
}

test('the breadcrumb has a path’s name and folder at every width', { tag: '@page' }, async ({ win }) => {
  const path = 'opt/application/releases/current/configuration/settings.conf';
  const image = (text: string, tag: string) =>
    dockerArchive([{ createdBy: 'COPY', tar: tar(file(path, text)) }], { name: `registry.example.com/platform/team/web-api:${tag}` });
  const page = await compareTwo(win, image('a', '1'), image('bb', '2'));
  const row = page.getByRole('row', { name: /modified settings/ });
  const crumbs = page.getByRole('navigation', { name: 'Location' });
  for (const width of [1320, 720, 600]) {
    await page.setViewportSize({ width, height: width === 1320 ? 860 : 450 });
    if (width === 1320 || (await crumbs.isHidden())) await row.click();
    await expect(crumbs.getByRole('listitem').first()).toHaveText('A → B');
    const [folder, name] = [crumbs.getByRole('listitem').nth(-2), crumbs.getByRole('listitem').last()];
    await expect(folder).toHaveText('configuration');
    await expect(name).toHaveText('settings.conf');
    for (const part of [folder, name]) {
      expect((await part.boundingBox())?.width, `${width} px`).toBeGreaterThan(64);
      await expect(part).toBeInViewport({ ratio: 1 });
    }
  }
  // The folders in between are in a menu.
  await crumbs.getByRole('button', { name: 'Folders in between' }).click();
  await page.getByRole('menuitem', { name: 'releases' }).click();
  await expect(crumbs.getByRole('listitem').last()).toHaveText('releases');
});

test('for a path that differs only in its mode, the Attributes tab is selected; tabs about only one side say which', {
  tag: '@page',
}, async ({ win }) => {
  const image = (tag: string, mode: number) =>
    dockerArchive(
      [
        { createdBy: 'COPY', tar: tar(file('run.sh', 'exec', { mode }), file('text', tag)) },
        { createdBy: 'RUN', tar: tar(file('y', 'y')) },
      ],
      {
        name: `acme/app:${tag}`,
      },
    );
  const page = await compareTwo(win, image('1', 0o644), image('2', 0o755));
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('row', { name: /modified run/ }).click();
  await expect(details.getByRole('tab', { name: 'Attributes' })).toHaveAttribute('aria-selected', 'true');
  await expect(details.getByRole('tabpanel')).toContainText('0755');
  // Only that path opens with the Attributes tab. The next one opens with the tab that the user chose.
  await page.getByRole('row', { name: /modified text/ }).click();
  await expect(details.getByRole('tab', { name: 'Content' })).toHaveAttribute('aria-selected', 'true');
  for (const name of ['Origin', 'Raw']) {
    await details.getByRole('tab', { name }).click();
    await expect(details.getByRole('tabpanel')).toContainText('Side B');
  }
  // For such a path, too, the user can choose another tab.
  await details.getByRole('tab', { name: 'Content' }).click();
  await page.getByRole('row', { name: /modified run/ }).click();
  await expect(details.getByRole('tab', { name: 'Attributes' })).toHaveAttribute('aria-selected', 'true');
  await details.getByRole('tab', { name: 'Content' }).click();
  await expect(details.getByRole('tabpanel')).toContainText('exec');
  expect(win.complaints).toEqual([]);
});

test('bytes and pictures in a comparison are labelled A and B, not before and now', { tag: '@page' }, async ({ win }) => {
  const image = (byte: number, tag: string) =>
    dockerArchive(
      [
        {
          createdBy: 'COPY',
          tar: tar(file('data.bin', Uint8Array.of(0, 1, 2, byte, 255)), file('logo.png', Uint8Array.from([...PNG, byte]))),
        },
      ],
      { name: `acme/app:${tag}` },
    );
  const page = await compareTwo(win, image(1, '1'), image(2, '2'));
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('row', { name: /modified data/ }).click();
  await expect(details.getByRole('region', { name: 'Differing bytes' })).toContainText(/A: 00 ?01 ?02 ?01 ?ff.*B: 00 ?01 ?02 ?02 ?ff/);
  await page.getByRole('row', { name: /modified logo/ }).click();
  for (const side of ['A', 'B']) await expect(details.getByRole('img', { name: `Picture in ${side}` })).toBeVisible();
  await expect(details.getByText(/^Before|^Now/)).toHaveCount(0);
});

test('digests and sizes that look the same when shortened show what differs', { tag: '@page' }, async ({ win }) => {
  const image = (bytes: number, tag: string) =>
    dockerArchive([{ createdBy: 'COPY', tar: tar(file('data.bin', 'x'.repeat(bytes))) }], { name: `acme/app:${tag}` });
  const page = await compareTwo(win, image(700_010, '1'), image(700_020, '2'));
  await page.setViewportSize({ width: 1440, height: 900 });
  const details = page.getByRole('region', { name: 'Details' });
  const digests = details.getByRole('row', { name: /^Diff ID/ }).locator('dd > span');
  await expect(digests).toHaveCount(2);
  for (const digest of await digests.all()) {
    // The algorithm isn't drawn, because both digests have it.
    await expect(digest.locator('.visually-hidden')).toHaveText('sha256:');
    expect(await digest.evaluate((element) => element.clientWidth / 7.3)).toBeGreaterThan(10);
  }
  const size = page.getByRole('row', { name: /modified data/ });
  await expect(size).toContainText(/(?:700,010(?: B)?→)?700,020 B/);
  await size.click();
  await details.getByRole('tab', { name: 'Attributes' }).click();
  await expect(details.getByRole('row', { name: /^Size/ })).toContainText(/A700,010 bytesB700,020 bytes/);
});

test('in a short and narrow window, the sizes in both chains aren’t cut', { tag: '@page' }, async ({ win }) => {
  const layers = (text: string) =>
    [888_800, 640_000, 120].map((bytes, at) => ({
      createdBy: `RUN make step-${at} ${text}`,
      tar: tar(file(`step/${at}`, text.repeat(bytes))),
    }));
  const image = (text: string) => dockerArchive(layers(text), { name: `registry.example.com/platform/team/web-api:${text}` });
  const page = await compareTwo(win, image('1'), image('2'));
  for (const [width, height] of [
    [1320, 860],
    [900, 700],
    [720, 450],
    [600, 450],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const side of ['A', 'B']) {
      const list = page.getByRole('list', { name: `Layers of side ${side} only, newest first` });
      const sizes = list.locator('span[title$=" bytes"]');
      await expect(sizes).toHaveText(['120 B', '640.0 kB', '888.8 kB']);
      for (const size of await sizes.all()) {
        const spill = await size.evaluate((element) => {
          const [own, stratum] = [element.getBoundingClientRect(), element.closest('li')?.getBoundingClientRect()];
          if (stratum === undefined) return 999;
          return Math.max(stratum.left - own.left, own.right - stratum.right, stratum.top - own.top, own.bottom - stratum.bottom);
        });
        expect(spill, `${width} × ${height}, ${side}, ${await size.textContent()}`).toBeLessThanOrEqual(0);
      }
    }
  }
});

test('a path’s details show what both sides have, equal facts only once, and from which layers', { tag: '@page' }, async ({ win }) => {
  const base = { createdBy: 'ADD rootfs /', tar: tar(file('etc/passwd', 'app:x:7:7\n'), file('etc/same', 's', { uid: 0 })) };
  const image = (tag: string, text: string, mode: number) =>
    dockerArchive(
      [
        base,
        {
          createdBy: `COPY ${tag} /opt`,
          tar: tar(file('opt/run', text, { mode, uid: 7 }), symlink('opt/now', tag), file(`opt/only-${tag}`, tag)),
        },
        { createdBy: 'RUN true', tar: tar(file('tmp/last', tag)) },
      ],
      { name: `acme/app:${tag}` },
    );
  const page = await compareTwo(win, image('v1', 'one', 0o644), image('v2', 'three', 0o755));
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('row', { name: /modified run/ }).click();
  const layers = details.getByRole('list', { name: 'Where each side gets it from' }).getByRole('button');
  await expect(layers).toHaveText(['side Alayer 1COPY v1 /opt', 'side Blayer 1COPY v2 /opt']);
  await details.getByRole('tab', { name: 'Attributes' }).click();
  const fact = (name: string) => details.getByRole('row', { name: new RegExp(`^${name}`) }).getByRole('cell');
  await expect(fact('Size')).toHaveText('A3 BB5 B');
  await expect(fact('Mode')).toHaveText('A0644 -rw-r--r--B0755 -rwxr-xr-x');
  await expect(fact('Owner')).toHaveText('app (7)');
  // Layer 1 of one image isn't layer 1 of the other.
  await expect(fact('From layer')).toHaveText('A1B1');
  await expect(fact('Layer digest')).toHaveText(/^Asha256:[0-9a-f]{64}Bsha256:[0-9a-f]{64}$/);
  await page.getByRole('row', { name: /modified now/ }).click();
  await expect(fact('Target')).toHaveText('Av1Bv2');
  await page.getByRole('row', { name: /removed only-v1/ }).click();
  await expect(layers).toHaveText(['side Alayer 1COPY v1 /opt']);
  await expect(details).toContainText('Only on side A, from its layer 1.');
  await expect(fact('Layer digest')).toHaveText(/^sha256:[0-9a-f]{64}$/);
  // The labels of facts stay on one line, and a long digest doesn't make the details scroll sideways.
  const type = await details.getByRole('rowheader', { name: 'Type' }).boundingBox();
  expect(type?.height).toBeLessThan(32);
  const body = details.getByRole('table').locator('xpath=..');
  expect(await body.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
  await page.getByRole('row', { name: /added only-v2/ }).click();
  await expect(layers).toHaveText(['side Blayer 1COPY v2 /opt']);
  await expect(details).toContainText('Only on side B, from its layer 1.');
  // A layer links to what it changed.
  await layers.first().click();
  await expect(page.getByRole('heading', { name: 'Layer 1' })).toBeVisible();
  await expect(page.getByRole('row', { name: /added only-v2/ })).toHaveAttribute('aria-selected', 'true');
  expect(win.complaints).toEqual([]);
});

test('attributes that a layer changes are shown with their old and new values', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [0o644, 0o755].map((mode) => ({ createdBy: 'RUN', tar: tar(file('opt/run', 'x', { mode })) }));
  await win.drop(await win.write('a.tar', dockerArchive(layers)));
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /modified run/ }).click();
  const details = page.getByRole('region', { name: 'Details' });
  await details.getByRole('tab', { name: 'Attributes' }).click();
  const mode = details.getByRole('row', { name: /^Mode/ }).getByRole('cell');
  await expect(mode).toHaveText('Before0644 -rw-r--r--Now0755 -rwxr-xr-x');
});

test('sides with the same name are distinguished by their files wherever they are named', { tag: '@page' }, async ({ win }) => {
  const image = (name: string, text: string) => dockerArchive([{ createdBy: 'COPY', tar: tar(file('x', text)) }], { name });
  const page = await compareTwo(win, image('web-api:1', 'a'), image('acme/web-api:1', 'b'));
  for (const [side, archive] of [
    ['A', 'a.tar'],
    ['B', 'b.tar'],
  ]) {
    await expect(page.getByRole('button', { name: new RegExp(`^Side ${side}: .*web-api:1 · ${archive}$`) })).toContainText(
      `web-api:1 · ${archive}`,
    );
    await expect(page.getByRole('heading', { level: 3 }).filter({ hasText: archive ?? '' })).toBeVisible();
    await expect(page.getByRole('navigation', { name: 'Location' })).toContainText(`${side} web-api:1 · ${archive}`);
  }
  await win.drop(await win.write('b.tar', image('acme/web-api:1', 'b')));
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library).toContainText('b.tar (1)');
  await expect(library).toContainText('b.tar (2)');
});

test('a path that nothing on screen names has no dots in the chains, and a side’s letter is as high as the text next to it', {
  tag: '@page',
}, async ({ win }) => {
  const image = (text: string, tag: string) =>
    dockerArchive(
      [
        { createdBy: 'COPY', tar: tar(file('same', 'same'), file('x', text)) },
        { createdBy: 'RUN', tar: tar(file('y', text)) },
      ],
      { name: `web-api:${tag}` },
    );
  const page = await compareTwo(win, image('a', '1'), image('bb', '2'));
  const dots = page.getByRole('region', { name: 'Chain' }).locator('[data-touch]');
  await page.getByRole('row', { name: /modified x/ }).click();
  await expect(dots).toHaveCount(2);
  const letters = page.getByRole('region', { name: 'Details' }).getByText(/^(side )?B$/);
  await expect(letters.first()).toBeVisible();
  for (const letter of await letters.all()) expect((await letter.boundingBox())?.height ?? 18).toBeLessThanOrEqual(18);
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await page.getByRole('row', { name: /same/ }).click();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await expect(page).toHaveURL(/path=same/);
  // The details name the path, unless they are a closed drawer.
  await expect(dots).toHaveCount(2);
  await page.setViewportSize({ width: 900, height: 860 });
  await page.getByRole('row', { name: /modified x/ }).hover();
  await expect(dots).toHaveCount(0);
});
