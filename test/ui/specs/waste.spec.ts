import { gzipSync } from 'node:zlib';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return win.page;
}

test('the waste figure in the status bar opens waste by layer and by file', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Waste: / }).click();
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  await expect(waste).toContainText(/efficiency \d+\.\d %/);
  const layers = waste.getByRole('region', { name: 'Waste by layer' });
  await expect(layers.getByRole('listitem')).toHaveCount(1);
  await expect(layers.getByRole('button', { name: /^Layer 0/ })).toContainText('384.7 kB');
  const overwritten = waste.getByRole('region', { name: 'Overwritten by a later layer' });
  // The columns are the size, the path, the layers that wrote and hid the file, and the command.
  await expect(overwritten.getByRole('columnheader')).toHaveText(['Size ↓', 'Path', 'Added in', 'Overwritten in', 'By command']);
  await expect(overwritten.getByRole('row').nth(1)).toHaveText(/^300\.0 kBusr\/lib\/libssl\.so\.301RUN apt-get update/);
  const causes = waste.getByRole('region', { name: 'Causes and kinds' }).getByRole('listitem');
  // Each cause names its biggest file and the layers that wrote and hid it; causes with the most bytes come first. A cause that hides
  // nothing comes last, on one line.
  await expect(causes).toHaveText([
    /^300\.0 kBOverwritten by a later layerusr\/lib\/libssl\.so\.3300\.0 kBlayer 0 → 1Layer 1 · RUN apt-get update.*Write a file once/,
    /^84\.7 kBDeleted by a later layervar\/cache\/a\.bin60\.0 kBlayer 0 → 3Layer 3 · RUN rm -rf.*2 more files · 24\.7 kBDelete files in/,
    /^No file was written again with the same content\.$/,
  ]);
  expect((await causes.nth(2).boundingBox())?.height).toBeLessThan(26);
  const deleted = waste.getByRole('region', { name: 'Deleted by a later layer' });
  await expect(deleted.getByRole('heading')).toContainText(/84\.7 kB in 3 files$/);
  const paths = deleted.getByRole('rowheader');
  await expect(paths).toHaveText([/^var\/cache\/a\.bin/, /b\.bin/, /./]);
  await expect(deleted.getByRole('row').nth(1)).toHaveText(/03RUN rm -rf/);
  // Files are sorted by size or by path; each column lines up with its heading.
  const head = (name: string) => deleted.getByRole('columnheader', { name });
  await expect(head('Size')).toHaveAttribute('aria-sort', 'descending');
  await head('Path').getByRole('button').click();
  await expect(head('Path')).toHaveAttribute('aria-sort', 'ascending');
  const named = await paths.allTextContents();
  expect(named).toEqual([...named].sort());
  await head('Path').getByRole('button').click();
  await expect(paths).toHaveText([...named].reverse());
  await head('Size').getByRole('button').click();
  await expect(paths.first()).toHaveText(/^var\/cache\/a\.bin/);
  // Paths matter most, so they get the most space.
  const width = async (name: string) => (await head(name).boundingBox())?.width ?? 0;
  expect(await width('Path')).toBeGreaterThan(150);
  expect(await width('Path')).toBeGreaterThan((await width('By command')) * 1.5);
  const left = async (name: string) => Math.round((await head(name).boundingBox())?.x ?? 0);
  expect(await left('Path')).toBe(Math.round((await paths.first().boundingBox())?.x ?? 0));
  await causes
    .nth(1)
    .getByRole('button', { name: /Deleted/ })
    .click();
  await expect(deleted).toBeFocused();
  await expect(deleted).toBeInViewport();
  // In a narrow pane the sums wrap, and the button stays inside.
  const box = await waste.boundingBox();
  const close = await waste.getByRole('button', { name: 'Close waste' }).boundingBox();
  expect((close?.x ?? 0) + (close?.width ?? 0)).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
  await page.getByRole('button', { name: 'Close waste' }).click();
  await expect(waste).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('causes are listed by bytes, even after rewritten files have been found', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const big = 'x'.repeat(200_000);
  const layers = [
    { createdBy: 'COPY . /app', tar: tar(file('app/data', big), file('app/old', big.slice(1)), file('var/lib/apt/lists/x', big)) },
    { createdBy: 'RUN chown -R app /app', tar: tar(file('app/data', big, { uid: 7 }), file('app/.wh.old')) },
  ];
  let found = () => {};
  const held = new Promise<void>((resolve) => {
    found = resolve;
  });
  await page.route(/image\.rewritten/, async (route) => {
    await held;
    await route.continue();
  });
  await win.drop(await win.write('chown.tar', dockerArchive(layers, { name: 'chown:1' })));
  await page.getByRole('button', { name: /^Waste: / }).click();
  const summary = page.getByRole('region', { name: 'Causes and kinds' });
  await expect(summary.getByRole('heading')).toHaveText('Other savings (may overlap with the above)');
  const causes = summary.getByRole('list').first().getByRole('listitem');
  await expect(causes).toHaveText([/^200\.0 kBOverwritten/, /^200\.0 kBDeleted/, /^Find files written again with the same content$/]);
  found();
  await expect(causes).toHaveText([/^200\.0 kBSame content/, /^200\.0 kBDeleted/]);
  const largest = summary
    .getByRole('listitem')
    .filter({ hasText: 'Same content' })
    .getByRole('button', { name: /app\/data/ });
  await expect(largest).toHaveText('app/data200.0 kBlayer 0 → 1');
  await largest.click();
  await expect(page.getByRole('row', { name: /added data/ })).toHaveAttribute('aria-selected', 'true');
});

test('closing a panel aborts its requests', async ({ win }) => {
  const page = await openWebApi(win);
  await page.evaluate(() => {
    const { abort } = AbortController.prototype;
    AbortController.prototype.abort = function (reason) {
      document.body.dataset.aborts = String(Number(document.body.dataset.aborts ?? 0) + 1);
      abort.call(this, reason);
    };
  });
  await page.getByRole('button', { name: /^Waste: / }).click();
  await expect(page.getByRole('region', { name: 'Overwritten by a later layer' })).toBeVisible();
  // Waits for the result of the automatic search.
  await expect(page.getByText('No file was written again with the same content.')).toBeVisible();
  await page.evaluate(() => delete document.body.dataset.aborts);
  await page.getByRole('button', { name: 'Close waste' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-aborts', '1');
});

test('each file and layer in the waste panel links to its place', { tag: '@page' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.keyboard.press('w');
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  const overwritten = waste.getByRole('region', { name: 'Overwritten by a later layer' });
  await overwritten.getByRole('button', { name: /usr\/lib\/libssl\.so\.3/ }).click();
  await expect(page.getByRole('heading', { name: 'Layer 0' }).first()).toBeVisible();
  await expect(page.getByRole('row', { name: /added libssl\.so\.3/ })).toHaveAttribute('aria-selected', 'true');
  await waste.getByRole('button', { name: '1: show in layer 1' }).first().click();
  await expect(page.getByRole('row', { name: /modified libssl\.so\.3/ })).toHaveAttribute('aria-selected', 'true');
});

test('files rewritten with the same content are found automatically, and distinguished from changed files', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  const big = 'x'.repeat(200_000);
  const layers = [
    { createdBy: 'COPY . /app', tar: tar(file('app/data', big), file('app/changed', big), file('app/small', 'one')) },
    {
      createdBy: 'RUN chown -R app /app',
      tar: tar(
        file('app/data', big, { uid: 7 }),
        file('app/changed', `${big.slice(1)}y`, { uid: 7 }),
        file('app/small', 'one', { uid: 7 }),
      ),
    },
  ];
  await win.drop(await win.write('chown.tar', dockerArchive(layers, { name: 'chown:1' })));
  await page.getByRole('button', { name: /^Waste: / }).click();
  const same = page.getByRole('region', { name: 'Same content written again' });
  await expect(same.getByRole('rowheader')).toHaveCount(2);
  await expect(same.getByRole('heading')).toContainText('200.0 kB in 2 files');
  await expect(page.getByRole('region', { name: 'Causes and kinds' })).toContainText('COPY --chown');
  await expect(same.getByRole('rowheader').first()).toContainText('app/data');
  await expect(same).not.toContainText('changed');
  await expect(page.getByRole('region', { name: 'Overwritten by a later layer' }).getByRole('rowheader')).toContainText('app/changed');
  await expect(page.getByRole('button', { name: 'Find files written again with the same content' })).toHaveCount(0);
  await same.getByRole('button', { name: '1: show in layer 1' }).first().click();
  await expect(page.getByRole('row', { name: /modified data/ })).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  if (process.env.LAYERSCOPE_SHOTS !== undefined) await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/rewritten.png` });
  expect(win.complaints).toEqual([]);
});

test('long lists show five files by default, and the panel can fill the window until something is selected', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  test.slow();
  const names = Array.from({ length: 700 }, (_, at) => `files/${String(at).padStart(3, '0')}`);
  const layers = [
    { createdBy: 'COPY files /files', tar: tar(...names.map((name, at) => file(name, 'x'.repeat(2000 - at)))) },
    { createdBy: 'RUN rm -rf /files', tar: tar(file('.wh.files')) },
  ];
  await win.drop(await win.write('many.tar', dockerArchive(layers, { name: 'acme/many:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('w');
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  const deleted = waste.getByRole('region', { name: 'Deleted by a later layer' });
  await expect(deleted.getByRole('rowheader')).toHaveCount(5);
  await deleted.getByRole('button', { name: 'Show all 700' }).click();
  await expect(deleted.getByRole('rowheader')).toHaveCount(500);
  await expect(deleted).toContainText('and 200 more');
  await deleted.getByRole('button', { name: 'Show 200 more' }).click();
  await expect(deleted.getByRole('rowheader')).toHaveCount(700);
  // Next to the causes, the largest files are shown a few at a time.
  const cause = waste.getByRole('region', { name: 'Causes and kinds' }).getByRole('listitem').first();
  await expect(cause.getByRole('button', { name: /^files\// })).toHaveCount(1);
  await cause.getByRole('button', { name: /^699 more files/ }).click();
  await expect(cause.getByRole('button', { name: /^files\// })).toHaveCount(6);
  await cause.getByRole('button', { name: /^694 more files/ }).click();
  await expect(cause.getByRole('button', { name: /^files\/010/ })).toBeVisible();
  await expect(cause).toContainText('689 more files');
  await waste.getByRole('button', { name: 'Expand waste to fill the window' }).click();
  await expect(page.getByRole('treegrid')).toHaveCount(0);
  await deleted.getByRole('button', { name: /files\/000/ }).click();
  await expect(page.getByRole('row', { name: /added 000/ })).toHaveAttribute('aria-selected', 'true');
  await expect(waste).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('before the report arrives, the panel says what it is adding up, and nothing jumps afterwards', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route(/image\.waste/, async (route) => {
    await held;
    await route.continue();
  });
  await openWebApi(win);
  await page.keyboard.press('w');
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  const adding = waste.getByText('Adding up hidden bytes by cause and layer…');
  await expect(adding).toBeVisible();
  const before = await waste.boundingBox();
  answer();
  await expect(adding).toHaveCount(0);
  await expect(waste.getByRole('table').first()).toBeVisible();
  expect(await waste.boundingBox()).toEqual(before);
  // When the panel opens again, the known report is shown while a new one is requested.
  await page.unroute(/image\.waste/);
  await page.route(/image\.waste/, () => {});
  await page.keyboard.press('w');
  await expect(waste).toHaveCount(0);
  await page.keyboard.press('w');
  await expect(waste.getByRole('table').first()).toBeVisible();
});

test('the waste panel says so if there is no waste', { tag: '@page' }, async ({ win }) => {
  await win.drop(await win.write('one.tar', dockerArchive(WEB_API.slice(0, 1), { name: 'acme/one:1' })));
  await win.page.getByRole('button', { name: /^Waste: 0 B hidden/ }).click();
  await expect(win.page.getByText(/No waste: /)).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`waste and search have no accessibility violations, ${colorScheme}`, { tag: '@page' }, async ({ win }) => {
      const page = await openWebApi(win);
      await page.getByRole('button', { name: /^Waste: / }).click();
      await expect(page.getByRole('region', { name: 'Overwritten by a later layer' })).toBeVisible();
      await page.getByRole('button', { name: 'Search all layers', exact: true }).click();
      await page.getByRole('searchbox').fill('lib');
      await expect(page.getByText(/paths in all layers/)).toBeVisible();
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}

test('waste lists what the image doesn’t need by kind, each with layer, command, advice and a link', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [
    { createdBy: 'RUN apt-get update', tar: tar(file('var/lib/apt/lists/x', 'x'.repeat(50_000)), file('a', 'a')) },
    { createdBy: 'RUN pip install x', tar: tar(file('root/.cache/pip/http/y', 'y'.repeat(9000)), file('var/lib/apt/lists/.wh.x')) },
  ];
  await win.drop(await win.write('kinds.tar', dockerArchive(layers, { name: 'acme/kinds:1' })));
  await page.getByRole('button', { name: /^Waste: / }).click();
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  const lists = waste.getByRole('region', { name: 'apt package lists' });
  await expect(lists).toContainText('50.0 kB');
  await expect(waste.getByRole('region', { name: 'Causes and kinds' })).toContainText('rm -rf /var/lib/apt/lists/* (hadolint DL3009)');
  await expect(lists.getByRole('columnheader')).toHaveText([/^Size/, 'Path', 'Added in', 'Removed in', 'By command']);
  await expect(lists.getByRole('row').nth(1)).toHaveText(/^50\.0 kB.*01RUN/);
  const whatIf = waste.getByRole('region', { name: 'What if' }).getByRole('row');
  for (const [row, text] of [
    /^ChangeLayersFilesSavedStored$/,
    /^As is259\.0 kB64\.0 kB$/,
    // Layers that aren't compressed don't need packing for their size to be known.
    /^Drop all caches21 B59\.0 kB\d\.\d kB$/,
    /^Squash all layers into one19\.0 kB50\.0 kB\d\d\.\d kB$/,
  ].entries())
    await expect(whatIf.nth(row)).toHaveText(text);
  const command = 'layerscope waste kinds.tar --if drop-caches --to slim.tar';
  await expect(waste.getByRole('region', { name: 'What if' })).toContainText(command);
  await waste.getByRole('button', { name: 'Copy the command for: Squash all layers into one' }).click();
  await expect(waste.getByRole('button', { name: 'Copied' })).toBeVisible();
  const pip = waste.getByRole('region', { name: 'pip cache' });
  await pip.getByRole('button', { name: /root\/\.cache\/pip/ }).click();
  await expect(page.getByRole('button', { name: /^Layer 1 /, pressed: true })).toBeVisible();
  await expect(page.getByRole('treegrid').getByRole('row', { name: /pip/ })).toHaveAttribute('aria-selected', 'true');
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

/** Returns compressed layers, some of whose files a later layer overwrites and removes; `size` bytes can't be compressed. */
function packedLayers(size: number) {
  const noise = Buffer.alloc(size);
  for (let at = 0, state = 1; at < size; at++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    noise[at] = state >>> 24;
  }
  return [
    { createdBy: 'COPY data /', tar: gzipSync(tar(file('data', noise), file('old', noise.subarray(0, size / 2))), { level: 1 }) },
    { createdBy: 'RUN rm /old', tar: gzipSync(tar(file('.wh.old'), file('data', noise.subarray(1))), { level: 1 }) },
  ];
}

test('a button packs the layers of each what-if, and shows their stored sizes', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('packed.tar', dockerArchive(packedLayers(200_000), { name: 'acme/packed:1' })));
  await page.getByRole('button', { name: /^Waste: / }).click();
  const whatIf = page.getByRole('region', { name: 'What if' });
  const merged = whatIf.getByRole('row', { name: /Delete files in the layer that adds them/ });
  await expect(merged).toContainText('not measured yet');
  const pack = whatIf.getByRole('button', { name: 'Measure stored sizes' });
  await pack.click();
  await expect(pack).toHaveCount(0);
  await expect(merged).toHaveText(/2400\.0 kB100\.0 kB40\d\.\d kB$/);
  await expect(whatIf.getByRole('row', { name: /Squash all layers into one/ })).toHaveText(/1200\.0 kB300\.0 kB20\d\.\d kB$/);
  await expect(whatIf).not.toContainText('not measured');
  for (const width of [320, 480, 720]) {
    await page.setViewportSize({ width, height: 860 });
    const [box, panel] = [await whatIf.getByRole('table').boundingBox(), await whatIf.boundingBox()];
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((panel?.x ?? 0) + (panel?.width ?? 0));
    if (process.env.LAYERSCOPE_SHOTS !== undefined) {
      await whatIf.scrollIntoViewIfNeeded();
      await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/what-if-${width}.png` });
    }
  }
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('packing shows its progress, and can be stopped', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('big.tar', dockerArchive(packedLayers(48_000_000), { name: 'acme/big:1' })));
  await page.getByRole('button', { name: /^Waste: / }).click();
  const whatIf = page.getByRole('region', { name: 'What if' });
  const pack = whatIf.getByRole('button', { name: 'Measure stored sizes' });
  await pack.click();
  await expect(whatIf.getByRole('progressbar', { name: 'Compressing the layers to measure them' })).toBeVisible();
  await expect(whatIf.getByRole('status')).toContainText(/packing \d of \d/);
  await whatIf.getByRole('button', { name: 'Stop measuring' }).click();
  await expect(pack).toBeVisible();
  await expect(pack).toBeFocused();
  await expect(whatIf).toContainText('not measured yet');
  expect(win.complaints).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`what-ifs, ${colorScheme}`, () => {
    test.use({ colorScheme });
    test(`while packing, what-ifs have no accessibility violations, ${colorScheme}`, { tag: '@page' }, async ({ win }) => {
      const { page } = win;
      await win.drop(await win.write('big.tar', dockerArchive(packedLayers(24_000_000), { name: 'acme/big:1' })));
      await page.getByRole('button', { name: /^Waste: / }).click();
      const whatIf = page.getByRole('region', { name: 'What if' });
      await whatIf.getByRole('button', { name: 'Measure stored sizes' }).click();
      await expect(whatIf.getByRole('progressbar', { name: 'Compressing the layers to measure them' })).toBeVisible();
      if (process.env.LAYERSCOPE_SHOTS !== undefined) {
        await whatIf.scrollIntoViewIfNeeded();
        await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/what-if-${colorScheme}.png` });
      }
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}

test('sizes and layers of the largest files line up in columns, and the paths get the rest', { tag: '@page' }, async ({ win }) => {
  const lists = file(`var/lib/apt/lists/${'main_binary-amd64_'.repeat(8)}Packages`, 'x'.repeat(30_000));
  const layers = [
    { createdBy: 'ADD / /', tar: tar(lists, file('etc/motd', 'x'.repeat(70_000))) },
    { createdBy: 'RUN rm -r /var', tar: tar(file('.wh.var'), file('etc/motd', 'y'.repeat(500))) },
  ];
  await win.drop(await win.write('columns.tar', dockerArchive(layers, { name: 'acme/columns:1' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Waste: / }).click();
  const summary = page.getByRole('region', { name: 'Causes and kinds' });
  const largest = summary.getByRole('button', { name: /layer 0/ });
  await expect(largest).toHaveCount(3);
  for (const width of [1320, 720, 600]) {
    await page.setViewportSize({ width, height: 860 });
    const edges = await largest.evaluateAll((buttons) =>
      buttons.map((button) => {
        const [path, size, where] = [...button.children].map((each) => each.getBoundingClientRect());
        return { size: Math.round(size?.right ?? 0), where: Math.round(where?.left ?? 0), fits: (path?.right ?? 0) <= (size?.left ?? 0) };
      }),
    );
    for (const edge of edges) expect(edge).toEqual({ ...edges[0], fits: true });
  }
});

test('a jump to a list of many files scrolls the panel but not the page', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const names = Array.from({ length: 30 }, (_, index) => `file-${index}`);
  // Each file is deleted by its own layer, so there is a heading for each step and the list is longer than the panel.
  const layers = [
    { createdBy: 'COPY data /', tar: tar(...names.map((name) => file(`data/${name}`, 'x'.repeat(5_000)))) },
    ...names.map((name) => ({ createdBy: `RUN rm /data/${name}`, tar: tar(file(`data/.wh.${name}`)) })),
  ];
  await win.drop(await win.write('many.tar', dockerArchive(layers, { name: 'acme/many:1' })));
  await page.getByRole('button', { name: /^Waste: / }).click();
  const causes = page.getByRole('region', { name: 'Causes and kinds' });
  await causes.getByRole('button', { name: /Deleted by a later layer/ }).click();
  await expect(page.getByRole('region', { name: 'Deleted by a later layer' })).toBeFocused();
  await expect(page.getByRole('heading', { name: /^Deleted by a later layer/ })).toBeInViewport({ ratio: 1 });
  const place = () => page.evaluate(() => [document.documentElement.scrollTop, document.documentElement.scrollHeight - window.innerHeight]);
  expect(await place()).toEqual([0, 0]);
  // Neither a script nor the browser's own search scrolls the page.
  await page.evaluate(() => window.scrollTo(0, 500));
  expect(await place()).toEqual([0, 0]);
  await expect(page.getByRole('contentinfo')).toBeInViewport({ ratio: 1 });
});

test('advice doesn’t break command-line options', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layer = {
    createdBy: 'RUN apt-get install x',
    tar: tar(file('var/cache/apt/archives/x.deb', 'x'.repeat(50_000)), file('tmp/left', 'y'.repeat(50_000))),
  };
  await win.drop(await win.write('advice.tar', dockerArchive([layer], { name: 'acme/advice:1' })));
  for (const [button, name] of [
    [/^Waste: /, 'Waste'],
    [/^Findings: /, 'Findings'],
  ] as const) {
    await page.setViewportSize({ width: 1440, height: 860 });
    await page.getByRole('button', { name: button }).click();
    const panel = page.getByRole('region', { name, exact: true });
    await expect(panel).toContainText('--mount=type=');
    for (let width = 1440; width >= 600; width -= 24) {
      await page.setViewportSize({ width, height: 860 });
      const broken = await panel.evaluate((element) => {
        const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        const wrong: string[] = [];
        while (texts.nextNode() !== null) {
          const text = texts.currentNode.nodeValue ?? '';
          const at = text.indexOf('--mount');
          if (at < 0) continue;
          const range = document.createRange();
          range.setStart(texts.currentNode, at);
          range.setEnd(texts.currentNode, at + '--mount'.length);
          if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) wrong.push(text);
        }
        return wrong;
      });
      expect(broken, `${name}, ${width} px`).toEqual([]);
    }
  }
  expect(win.complaints).toEqual([]);
});

test('Escape closes the panel that has the focus, and moves the focus to its button', { tag: '@window' }, async ({ win }) => {
  const page = await openWebApi(win);
  for (const [button, name] of [
    [page.getByRole('button', { name: /^Waste: / }), 'Waste'],
    [page.getByRole('button', { name: /^Findings: / }), 'Findings'],
  ] as const) {
    const panel = page.getByRole('region', { name, exact: true });
    await button.click();
    await expect(panel).toBeVisible();
    await button.focus();
    await page.keyboard.press('Escape');
    await expect(panel).toHaveCount(0);
    await button.click();
    await panel.getByRole('button').last().focus();
    await page.keyboard.press('Escape');
    await expect(panel).toHaveCount(0);
    await expect(button).toBeFocused();
    // If the focus is elsewhere, Escape leaves the panel open.
    await button.click();
    await page.getByRole('treegrid').locator('[tabindex="0"]').focus();
    await page.keyboard.press('Escape');
    await expect(panel).toBeVisible();
    await button.click();
  }
  expect(win.complaints).toEqual([]);
});

test('waste fills a short window, as at 200 %, and text gets the full width', { tag: '@page' }, async ({ win }) => {
  const page = await openWebApi(win);
  await page.setViewportSize({ width: 720, height: 430 });
  await page.getByRole('button', { name: /^Waste: / }).click();
  const waste = page.getByRole('region', { name: 'Waste', exact: true });
  await expect(page.getByRole('treegrid')).toHaveCount(0);
  await expect(waste.getByRole('button', { name: /Deleted by a later layer/ }).first()).toBeInViewport();
  const panel = await waste.boundingBox();
  const advice = await waste.getByText(/^Write a file once/).boundingBox();
  expect((advice?.x ?? 0) - (panel?.x ?? 0)).toBeLessThan(24);
  for (const name of ['What if', 'Waste by layer']) {
    const box = await waste.getByRole('region', { name }).boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((panel?.x ?? 0) + (panel?.width ?? 0));
  }
  // The panel shrinks to show what is selected.
  await waste
    .getByRole('button', { name: /libssl\.so\.3/ })
    .first()
    .click();
  await expect(page.getByRole('treegrid')).toBeVisible();
});

test('the waste and findings panels have the same header', { tag: '@page' }, async ({ win }) => {
  const page = await openWebApi(win);
  const heads = [];
  for (const name of ['Waste', 'Findings']) {
    await page.keyboard.press(name === 'Waste' ? 'w' : 'p');
    const panel = page.getByRole('region', { name, exact: true });
    const title = await panel.getByRole('heading', { name, exact: true }).boundingBox();
    const close = await panel.getByRole('button', { name: `Close ${name.toLowerCase()}` }).boundingBox();
    heads.push([title?.x, title?.height, close?.x, close?.width, (close?.y ?? 0) - (title?.y ?? 0)]);
  }
  expect(heads[1]).toEqual(heads[0]);
});
