import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const OLD = dockerArchive(
  [
    ...WEB_API.slice(0, 4),
    {
      createdBy: 'COPY app.conf /etc/app.conf',
      tar: tar(file('etc/app.conf', 'port = 80\nhost = a\n'), file('opt/tool', 'x'.repeat(90_000))),
    },
  ],
  { name: 'acme/web-api:1.7' },
);
const NEW = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });

async function compareImages(win: LayerscopeWindow, old = OLD) {
  const { page } = win;
  await win.drop(await win.write('old.tar', old));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.drop(await win.write('new.tar', NEW));
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  return page;
}

test('comparing two images shows shared layers once, sizes of both sides, and what B adds', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain).toContainText('Shared base (4 layers)');
  await expect(chain.getByRole('list', { name: 'Shared layers, newest first' }).getByRole('button')).toHaveCount(4);
  await expect(chain.getByRole('list', { name: /side A only/ }).getByRole('button')).toHaveCount(1);
  // The size below a command isn't cut.
  const size = chain.getByRole('list', { name: /side A only/ }).locator('span[title$=" bytes"]');
  const room = await size.evaluate((element) => {
    const stratum = element.closest('li')?.getBoundingClientRect().bottom ?? 0;
    return stratum - element.getBoundingClientRect().bottom;
  });
  expect(room).toBeGreaterThanOrEqual(2);
  await expect(page.getByRole('row', { name: /removed opt/ })).toContainText('−90.0 kB');
  await expect(page.getByRole('row', { name: /modified app\.conf/ })).toContainText('content');
  await expect(page.getByRole('row', { name: /modified passwd/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /libssl/ })).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('in a comparison, each side marks the layers that touch the selected path by its own history', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  const chain = page.getByRole('region', { name: 'Chain' });
  const dotsOf = (list: RegExp) =>
    chain
      .getByRole('list', { name: list })
      .locator('[data-touch]')
      .evaluateAll((dots) => dots.map((dot) => [dot.closest('button')?.title.split('\n').at(-1), dot.getAttribute('data-touch')]));
  await expect(chain.locator('[data-touch]')).toHaveCount(0);
  await page.getByRole('row', { name: /modified app\.conf/ }).click();
  await expect.poll(() => dotsOf(/side A only/)).toEqual([['● app.conf: added here', 'added']]);
  expect(await dotsOf(/side B only/)).toEqual([['● app.conf: added here', 'added']]);
  await expect(chain.getByRole('button', { name: /app\.conf.*the path was added here/ })).toHaveCount(2);
  await page.getByRole('row', { name: /modified passwd/ }).click();
  await expect.poll(() => dotsOf(/side B only/)).toEqual([['● passwd: modified here', 'modified']]);
  expect(await dotsOf(/Shared layers/)).toEqual([['● passwd: added here', 'added']]);
});

test('a modified row shows its previous size, in changes and comparisons alike', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  const size = page.getByRole('row', { name: /modified passwd/ });
  for (const width of [600, 900, 1440]) {
    await page.setViewportSize({ width, height: 860 });
    await expect(size, `${width} px`).toContainText(/\d( B)?→\d+ B|was \d+ B, content/);
    const cell = size.getByRole('gridcell').filter({ hasText: /→|was/ });
    expect(await cell.evaluate((element) => element.scrollWidth - element.clientWidth), `${width} px`).toBeLessThanOrEqual(0);
  }
});

const STEPS = Array.from({ length: 30 }, (_, step) => ({
  createdBy: `RUN /bin/sh -c make step-${step} && echo ${'the end of a long command '.repeat(4)}`,
  tar: tar(file(`step/${step}`, 'x'.repeat(10_000))),
}));
const topped = (name: string, text: string) =>
  dockerArchive([...STEPS, { createdBy: `COPY ${text} /a`, tar: tar(file('a', text), file('b', 'y'.repeat(90_000))) }], { name });

test.describe('with long chains', () => {
  test.use({ startWith: { 'long-1.tar': topped('acme/long:1', 'one'), 'long-2.tar': topped('acme/long:2', 'two') } });

  test('shared layers, and layers outside the comparison, are folded into one line that opens', { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await expect(page.getByRole('treegrid')).toBeVisible();
    await page.keyboard.press('3');
    const chain = page.getByRole('region', { name: 'Chain' });
    const shared = chain.getByRole('list', { name: 'Shared layers, newest first' }).getByRole('button');
    await expect(shared).toHaveText([/^30 identical layers300\.0 kB$/]);
    // Even in a short window, the line of shared layers isn't cut.
    for (const [width, height] of [
      [1320, 860],
      [660, 430],
      [320, 400],
    ] as const) {
      await page.setViewportSize({ width, height });
      const [line, pane] = [await shared.boundingBox(), await chain.boundingBox()];
      expect((line?.y ?? 0) + (line?.height ?? 0)).toBeLessThanOrEqual((pane?.y ?? 0) + (pane?.height ?? 0));
    }
    await page.setViewportSize({ width: 1320, height: 860 });
    await shared.click();
    await expect(shared).toHaveCount(31);
    // Layers with the same size are one line high, not 64 px each.
    expect((await shared.last().boundingBox())?.height).toBeLessThan(32);
    await shared.first().click();
    await expect(shared).toHaveCount(1);

    // Within one image, the layers between the sides are shown.
    await page.getByRole('button', { name: /^Side A: / }).click();
    await page.getByRole('menuitemradio', { name: /long:2/ }).click();
    await page.getByRole('button', { name: /^Layer of side A: / }).click();
    const command = page.getByRole('menuitemradio', { name: /^Layer 28(?! alone)/ });
    await expect(command).toHaveText(/the end of a long command$/);
    await command.click();
    await expect(chain.getByRole('button')).toHaveText([/^Layer 30/, /^Layer 29/, /^Layer 28/, /^28 lower layers280\.0 kB$/]);
    expect(win.complaints).toEqual([]);
  });

  test('a picker cuts a long command with an ellipsis, but not its layer’s number', { tag: '@page' }, async ({ win: { page } }) => {
    await expect(page.getByRole('treegrid')).toBeVisible();
    await page.getByRole('button', { name: 'Close long-2.tar' }).click();
    // Waits, because as long as long-2.tar is open, the other image is compared with it without asking.
    await expect(page.getByRole('button', { name: 'Close long-2.tar' })).toHaveCount(0);
    await expect(page.getByRole('heading', { level: 1, name: 'acme/long:1' })).toBeVisible();
    await expect(page.getByRole('row', { name: /step/ })).toBeVisible();
    await page.keyboard.press('3');
    const choice = page.getByRole('dialog', { name: 'Compare with…' }).getByRole('option', { name: /^Layer 29\b/ });
    await expect(choice).toContainText('the end of a long command');
    const cut = await choice.locator('span').evaluateAll((parts) => parts.map((part) => part.scrollWidth > part.clientWidth));
    expect(cut).toEqual([false, true]);
  });
});

test('an image dropped on the right half is compared with the one shown', async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('old.tar', OLD));
  await expect(page.getByRole('treegrid')).toBeVisible();
  const next = await win.write('new.tar', NEW);
  await win.hover(next);
  await expect(page.getByText('Compare web-api:1.7 with this')).toBeVisible();
  await expect(page.getByText('Open this archive')).toBeVisible();
  await win.dropRight(next);
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Side A: acme/web-api:1.7' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Side B: acme/web-api:1.8' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a button and the key x swap the sides of a comparison', { tag: '@window' }, async ({ win }) => {
  const page = await compareImages(win);
  await expect(page.getByRole('button', { name: 'Side A: acme/web-api:1.7' })).toBeVisible();
  await page.getByRole('button', { name: 'Swap sides' }).click();
  await expect(page.getByRole('button', { name: 'Side A: acme/web-api:1.8' })).toBeVisible();
  await expect(page.getByRole('row', { name: /added tool/ })).toContainText('+90.0 kB');
  await page.keyboard.press('x');
  await expect(page.getByRole('row', { name: /removed opt/ })).toBeVisible();
});

test('Alt-click compares with a layer of the same image', { tag: '@window' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('new.tar', NEW));
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.getByRole('button', { name: /^Layer 1 / }).click({ modifiers: ['Alt'] });
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/layer\/4\?mode=compare&against=[^&]+@1$/);
  await expect(page.getByRole('row', { name: /added app\.conf/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /removed motd/ })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('row', { name: /added app\.conf/ })).toBeVisible();
});

test('the layer of each side of a comparison is chosen by name', { tag: '@window' }, async ({ win }) => {
  const page = await compareImages(win);
  await page.getByRole('button', { name: 'Layer of side B: whole image' }).click();
  await page.getByRole('menuitemradio', { name: /^Layer 3(?! alone)/ }).click();
  await expect(page.getByRole('row', { name: /removed app\.conf/ })).toBeVisible();
  await page.getByRole('button', { name: 'Layer of side A: whole image' }).click();
  await page.getByRole('menuitemradio', { name: /^Layer 3(?! alone)/ }).click();
  await expect(page.getByText('No differences')).toBeVisible();
  for (const side of ['A', 'B']) {
    const layer = page.getByRole('button', { name: `Layer of side ${side}: layer 3` }).getByText('layer 3');
    expect(await layer.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), side).toBe(0);
  }
});

test('layers are compared on their own, without the layers below, even after swapping sides', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  await page.getByRole('button', { name: 'Layer of side A: whole image' }).click();
  await page.getByRole('menuitemradio', { name: /^Layer 2(?! alone)/ }).click();
  await page.getByRole('button', { name: 'Layer of side A: layer 2' }).click();
  // From the bottom, there are no lower layers to leave out.
  await expect(page.getByRole('menuitemradio', { name: /^Layers 0–2 alone/ })).toHaveCount(0);
  await page.getByRole('menuitemradio', { name: /^Layers 1–2 alone/ }).click();
  await page.getByRole('button', { name: 'Layer of side B: whole image' }).click();
  await page.getByRole('menuitemradio', { name: /^Layer 4 alone/ }).click();
  // Side A has the changes of layers 1 and 2, side B only those of layer 4.
  await expect(page.getByRole('row', { name: /removed app\// })).toBeVisible();
  await expect(page.getByRole('row', { name: /added .*app\.conf/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /motd/ })).toHaveCount(0);
  const address = page.url();
  expect(address).toContain('~1');
  await page.reload();
  await expect(page.getByRole('row', { name: /removed app\// })).toBeVisible();
  await page.getByRole('button', { name: 'Swap sides' }).click();
  await expect(page.getByRole('row', { name: /added app\// })).toBeVisible();
  // The details show the selected path, on either side and with either host.
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('row', { name: /server\.js/ }).click();
  await expect(details.getByRole('region', { name: 'File text' })).toBeVisible();
  await page.getByRole('button', { name: 'Swap sides' }).click();
  await page.getByRole('row', { name: /added .*app\.conf/ }).click();
  await expect(details.getByText('port = 8080')).toBeVisible();
  expect(win.complaints).toEqual([]);
  expect(await complaintsOf(page)).toEqual([]);
});

test('the library marks both sides of a comparison with their letters', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  const library = page.getByRole('navigation', { name: 'Library' });
  const images = () =>
    library
      .getByRole('button', { name: /web-api.*of the comparison/ })
      .evaluateAll((buttons) =>
        buttons.map((button) => [
          (button.getAttribute('aria-label') ?? button.textContent)?.match(/web-api:1\.\d/)?.[0],
          button.parentElement?.querySelector('[data-sides]')?.getAttribute('data-sides'),
        ]),
      );
  await expect.poll(images).toEqual([
    ['web-api:1.7', 'A'],
    ['web-api:1.8', 'B'],
  ]);
  await page.keyboard.press('x');
  await expect.poll(images).toEqual([
    ['web-api:1.7', 'B'],
    ['web-api:1.8', 'A'],
  ]);
  await page.setViewportSize({ width: 900, height: 860 });
  await expect.poll(images).toEqual([
    ['web-api:1.7', 'B'],
    ['web-api:1.8', 'A'],
  ]);
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.press('1');
  await expect(library.locator('[data-sides]')).toHaveCount(0);
});

test('text is compared line by line, unified or side by side', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  await page.getByRole('row', { name: /modified app\.conf/ }).click();
  const diff = page.getByRole('region', { name: 'Text differences' });
  await expect(diff).toContainText('removed: port = 80');
  await expect(diff).toContainText('added: port = 8080');
  await expect(diff.getByText('8080', { exact: true })).toBeVisible(); // the changed word is marked
  await expect(page.getByRole('region', { name: 'Details' })).toContainText('+1 −2 lines');
  // The side-by-side view needs more space than this pane has.
  await page.getByRole('row', { name: /modified app\.conf/ }).focus();
  await page.keyboard.press(' ');
  const large = page.getByRole('dialog');
  await large.getByRole('radio', { name: 'Side by side' }).click();
  await expect(large.getByRole('region', { name: 'Text differences' })).toContainText('host = a');
  await page.keyboard.press('Escape');
  await expect(diff).toContainText('removed: port = 80');
});

test('content that only one side has is shown', { tag: '@page' }, async ({ win }) => {
  const own = tar(file('etc/old.conf', 'from = a\n'), file('opt/tool', 'sharp\n'));
  const old = dockerArchive([...WEB_API.slice(0, 4), { createdBy: 'COPY etc /etc', tar: own }], { name: 'acme/web-api:1.7' });
  const page = await compareImages(win, old);
  const text = page.getByRole('region', { name: 'File text' });
  await page.getByRole('row', { name: /removed old\.conf/ }).click();
  await expect(text).toContainText('from = a');
  await page.getByRole('tab', { name: 'Attributes' }).click();
  await expect(page.getByRole('tabpanel')).toContainText('0644');
  await page.getByRole('tab', { name: 'Content' }).click();
  // After swapping sides, only B has the file.
  await page.getByRole('button', { name: 'Swap sides' }).click();
  await page.getByRole('row', { name: /added old\.conf/ }).click();
  await expect(text).toContainText('from = a');
  await expect(page.getByText('Could not load')).toHaveCount(0);
  // A removed folder is one row; its files are shown on side A.
  await page.getByRole('button', { name: 'Swap sides' }).click();
  await page.getByRole('row', { name: /removed opt/ }).click();
  await page.getByRole('button', { name: 'Show its contents on side A' }).click();
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7' })).toBeVisible();
  await expect(page.getByRole('treegrid', { name: 'Files' }).getByRole('row', { selected: true })).toContainText('opt');
  expect(win.complaints).toEqual([]);
});

test('all details of a file that only side A has come from side A', { tag: '@page' }, async ({ win }) => {
  // Side B has fewer layers than side A, so that a layer from the wrong side would be noticed.
  const own = { createdBy: 'COPY etc /etc', tar: tar(file('etc/old.conf', 'from = a\n')) };
  const old = dockerArchive([...WEB_API, own], { name: 'acme/web-api:1.7' });
  const page = await compareImages(win, old);
  const details = page.getByRole('region', { name: 'Details' });
  const layer = WEB_API.length;
  await page.getByRole('row', { name: /removed old\.conf/ }).click();
  const crumbs = details.getByRole('navigation', { name: 'Location' });
  // Wide enough for all parts of the breadcrumb.
  await page.setViewportSize({ width: 1920, height: 900 });
  await expect(crumbs.getByRole('listitem')).toHaveText(['A → B', 'etc', 'old.conf']);
  await expect(details).toContainText(`from layer ${layer} of side A`);
  const touched = details.getByRole('list', { name: 'Path history' }).getByRole('button');
  await expect(touched).toHaveCount(1);
  await details.getByRole('tab', { name: 'Attributes' }).click();
  await expect(details).toContainText(`Only on side A, from its layer ${layer}.`);
  await details.getByRole('tab', { name: 'Raw' }).click();
  await expect(details.getByRole('tabpanel')).toContainText('etc/old.conf');
  await expect(details.getByRole('tabpanel')).toContainText('Side A');
  await details.getByRole('tab', { name: 'Origin' }).click();
  await expect(details.getByRole('list', { name: 'Versions of this path' })).toContainText('COPY etc /etc');
  await expect(details).not.toContainText('Could not');
  // The layer is one of side A's; the comparison stays.
  await touched.click();
  await expect(page.getByRole('button', { name: /^Side A: .*web-api:1\.7/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await crumbs.getByRole('button', { name: 'A web-api:1.7' }).click();
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a file changed by a layer is compared with the version below', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('new.tar', NEW));
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.getByRole('row', { name: /modified passwd/ }).click();
  await page.getByRole('radio', { name: 'Diff' }).click();
  await expect(page.getByRole('region', { name: 'Text differences' })).toContainText('added: app:x:10001');
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /modified libssl/ }).click();
  await page.getByRole('radio', { name: 'Diff' }).click();
  await expect(page.getByText(/bytes differ/)).toBeVisible();
});

test('a comparison begins with what grew or shrank most, and its header leaves space for it', { tag: '@page' }, async ({ win }) => {
  const page = await compareImages(win);
  const net = page.getByRole('columnheader', { name: 'Net' });
  await expect(net).toHaveAttribute('aria-sort', 'descending');
  // The folder that shrank most comes first.
  await expect(page.getByRole('row', { name: /opt\// })).toHaveAttribute('aria-posinset', '1');
  // Both sides are on one line, the sums on another, and the chips on a third.
  const [a, b] = await Promise.all(
    ['A', 'B'].map((side) => page.getByRole('button', { name: new RegExp(`^Side ${side}: `) }).boundingBox()),
  );
  expect(a?.y).toBe(b?.y);
  const pane = await page.getByRole('region', { name: 'Changes' }).boundingBox();
  const grid = await page.getByRole('treegrid', { name: 'Differences' }).boundingBox();
  expect((grid?.y ?? 999) - (pane?.y ?? 0)).toBeLessThanOrEqual(96);
  // There is space for both sizes of a file, for the bars of both sides and for the words of the chips.
  await expect(page.getByRole('columnheader', { name: 'A, B' })).toBeVisible();
  await expect(page.getByRole('row', { name: /app\.conf/ })).toContainText(/19(?: B)?→12 B/);
  for (const kind of ['added', 'modified', 'removed']) {
    const word = await page.getByRole('toolbar').getByText(kind, { exact: true }).boundingBox();
    expect(word?.width, kind).toBeGreaterThan(30);
  }
  // The waste and findings in the status bar are about only one image.
  await expect(page.getByRole('contentinfo')).toContainText('Waste and findings of side B');
  await net.getByRole('button').click();
  await expect(net).toHaveAttribute('aria-sort', 'ascending');
  await page.getByRole('button', { name: 'More filters: Any size, All types' }).click();
  await page.getByRole('menuitemradio', { name: 'Folders' }).click();
  await expect(page.getByRole('button', { name: 'More filters: Any size, Folders' })).toBeVisible();
});

test('a folder whose contents differ only in ways that the filter leaves out is left out too', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layer = (mtime: number, text: string) => ({
    createdBy: 'ADD',
    tar: tar(file('bin/sh', 'sh', { mtime }), file('etc/app.conf', text, { mtime: 1 }), ...(text === 'b' ? [file('new', 'new')] : [])),
  });
  await win.drop(await win.write('one.tar', dockerArchive([layer(1, 'a')], { name: 'acme/app:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('two.tar', dockerArchive([layer(2, 'b')], { name: 'acme/app:2' })));
  await expect(page.getByRole('row', { name: /modified app\.conf/ })).toBeVisible();
  await expect(page.getByRole('row', { name: /bin/ })).toHaveCount(0);
  // The chips next to ~ add up to its count, and a class without paths has no chip.
  const chips = page.getByRole('group', { name: 'How modified paths differ' }).getByRole('button');
  await expect(chips).toHaveText(['content1', 'time only1']);
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText(/\+1 added\D*~1 modified \(\+1 time only\)/);
  await chips.nth(1).click();
  await expect(page.getByRole('row', { name: /modified sh/ })).toBeVisible();
});

test('config differences are counted next to the sums, shown on request, and included in the report', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [{ createdBy: 'COPY x', tar: tar(file('x', 'one')) }];
  await win.drop(
    await win.write(
      'a.tar',
      dockerArchive(layers, { name: 'app:1', config: { Env: ['PATH=/bin'], Cmd: ['sh'], ExposedPorts: { '8080/tcp': {} } } }),
    ),
  );
  await expect(page.getByRole('treegrid')).toBeVisible();
  const config = { Env: ['PATH=/usr/bin'], Cmd: ['sh'], User: '\u202eroot', Labels: { team: 'web' } };
  await win.drop(await win.write('b.tar', dockerArchive(layers, { name: 'app:2', config })));
  await expect(page.getByRole('heading', { name: 'app:2' })).toBeVisible();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await expect(page.getByText('The files of both sides are identical.')).toBeVisible();
  const button = page.getByRole('button', { name: 'Config: 4 fields differ' });
  await expect(button).toHaveAttribute('aria-expanded', 'false');
  await button.click();
  const region = page.getByRole('region', { name: 'Config differences' });
  await expect(region.getByRole('row', { name: 'Env.PATH' })).toContainText('/usr/bin');
  await expect(region.getByRole('row', { name: 'User' })).toContainText('not set');
  await expect(region.getByRole('row', { name: 'User' })).toContainText('\\u202Eroot');
  await expect(region.getByRole('columnheader')).toHaveText(['Field', 'A', 'B']);
  await expect(region.getByRole('row', { name: 'Port 8080/tcp' })).toHaveText('Port 8080/tcpA only');
  await expect(region.getByRole('row', { name: 'Label team' })).toHaveText('Label teamnot setweb');
  expect(await complaintsOf(page)).toEqual([]);
  await button.click();
  await expect(region).toHaveCount(0);
  // Configs aren't compared between layers.
  await page.getByRole('button', { name: /^Layer of side A/ }).click();
  await page.getByRole('menuitemradio', { name: /^Layer 0 alone/ }).click();
  await expect(button).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('names that fit aren’t cut, and all on one level begin at the same edge', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const names = ['package.json', 'app.js', '.dockerignore', 'docker-compose.yml', 'readme', 'tsconfig.build.json', 'x'];
  const layers = (content: string) => [{ createdBy: 'COPY . /', tar: tar(...names.map((name) => file(name, content))) }];
  await win.drop(await win.write('a.tar', dockerArchive(layers('one'), { name: 'app:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.drop(await win.write('b.tar', dockerArchive(layers('another'), { name: 'app:2' })));
  await expect(page.getByRole('heading', { name: 'app:2' })).toBeVisible();
  await page.getByRole('radio', { name: 'Compare' }).click();
  const grid = page.getByRole('treegrid', { name: 'Differences' });
  const boxes = () =>
    grid.getByRole('gridcell').evaluateAll((cells) =>
      cells.flatMap((cell) => {
        const name = cell.querySelector('[title]');
        const icon = cell.querySelector('svg');
        if (name === null || icon === null) return [];
        const parts = [...name.querySelectorAll('[aria-hidden] > span')];
        const pieces = parts.length > 0 ? parts : [name];
        const range = document.createRange();
        range.selectNodeContents(pieces.find((piece) => piece.textContent !== '') ?? name);
        const cut = parts.some((part) => part.scrollWidth > part.clientWidth);
        const end = pieces.at(-1)?.getBoundingClientRect().right ?? 0;
        return [
          {
            text: name.getAttribute('title'),
            start: range.getBoundingClientRect().left,
            cut,
            free: cell.getBoundingClientRect().right - end,
          },
        ];
      }),
    );
  for (const width of [1000, 1180, 1320, 1440]) {
    await page.setViewportSize({ width, height: 860 });
    await expect(grid.getByRole('row').nth(1)).toBeVisible();
    const found = await boxes();
    expect(found.map(({ text }) => text).sort()).toEqual([...names].sort());
    expect(new Set(found.map(({ start }) => Math.round(start))).size, `${width} px`).toBe(1);
    // A cut name leaves no space unused.
    for (const { text, cut, free } of found) if (cut) expect(free, `${text}, ${width} px`).toBeLessThan(2);
  }
});

test('a file that differs only in its mode shows no content change', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layer = (mode: number, end: string) => ({
    createdBy: 'RUN chmod',
    tar: tar(file('chmod', 'same', { mode }), file('other', `same${end}`)),
  });
  await win.drop(await win.write('a.tar', dockerArchive([layer(0o644, 'a'), layer(0o600, 'b')], { name: 'app:1' })));
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const row = page.getByRole('row', { name: /modified chmod/ });
  await expect(row).toContainText('rewritten, mode 0644 → 0600');
  await expect(page.getByRole('row', { name: /modified other/ })).toContainText('content');
  await row.click();
  await expect(page.getByText('modified in layer 1, first seen in layer 0, same content')).toBeVisible();
  await page.getByRole('row', { name: /modified other/ }).click();
  await expect(page.getByText('modified in layer 1, first seen in layer 0, different content')).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a comparison’s report is copied as text', async ({ win }) => {
  const page = await compareImages(win);
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: async (text: string) => Object.assign(window, { copied: text }) },
    });
  });
  await page.getByRole('button', { name: 'Copy report' }).click();
  await expect(page.getByText('Report copied')).toBeVisible();
  const text = await page.evaluate(() => (window as unknown as { copied: string }).copied);
  expect(text).toMatch(/^A {2}acme\/web-api:1\.7\nB {2}acme\/web-api:1\.8\n/);
  expect(text).toMatch(/− {13}opt\/ {2}\(and 1 below, 90\.0 kB\)\n/);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test(`the comparison has no accessibility violations, ${colorScheme}`, { tag: '@page' }, async ({ win }) => {
      const page = await compareImages(win);
      await page.getByRole('row', { name: /modified app\.conf/ }).click();
      await expect(page.getByRole('tabpanel')).not.toBeEmpty();
      expect(await complaintsOf(page)).toEqual([]);
    });
  });
}

test('differences in content, metadata and time are distinguished; differences in time only are left out by default', {
  tag: '@page',
}, async ({ win }) => {
  const { page } = win;
  const base = tar(file('a.txt', 'a', { mtime: 1 }), file('b.txt', 'b', { mtime: 1, mode: 0o644 }), file('c.txt', 'c', { mtime: 1 }));
  const rebuilt = tar(file('a.txt', 'A', { mtime: 2 }), file('b.txt', 'b', { mtime: 2, mode: 0o600 }), file('c.txt', 'c', { mtime: 2 }));
  await win.drop(await win.write('one.tar', dockerArchive([{ createdBy: 'ADD', tar: base }], { name: 'acme/app:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await win.dropRight(await win.write('two.tar', dockerArchive([{ createdBy: 'ADD', tar: rebuilt }], { name: 'acme/app:2' })));
  const rows = page.getByRole('treegrid', { name: 'Differences' }).getByRole('row');
  const chip = (name: string) => page.getByRole('group', { name: 'How modified paths differ' }).getByRole('button', { name });
  await expect(rows).toHaveCount(3);
  await expect(chip('time only')).toHaveText('time only1');
  // The heading counts what the list shows, and the rest separately.
  const changes = page.getByRole('region', { name: 'Changes' });
  await expect(changes.getByTitle(/^Files that differ: /)).toHaveText('~2 modified (+1 time only)');
  await chip('time only').click();
  await expect(rows).toHaveCount(4);
  await expect(changes.getByTitle(/^Files that differ: /)).toHaveText('~3 modified');
  await expect(page.getByRole('row', { name: /modified c\.txt/ })).toContainText('time');
  await chip('content').click();
  await chip('metadata').click();
  await expect(rows).toHaveCount(2);
  await expect(changes.getByTitle(/^Files that differ: /)).toHaveText('~1 modified');
  await chip('time only').click();
  await expect(page.getByText('All differences are of hidden kinds, such as times')).toBeVisible();
  await page.getByRole('button', { name: 'Show all differences' }).click();
  await expect(rows).toHaveCount(4);
  // The sizes of both filesystems are on one line.
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('A 3 B → B 3 B3 files changed without changing size');
  // The chips filter only comparisons.
  await chip('content').click();
  await page.getByRole('radio', { name: 'Layer' }).click();
  await expect(page.getByRole('treegrid').getByRole('row')).toHaveCount(4);
  expect(win.complaints).toEqual([]);
});

test('a comparison’s breadcrumb names its sides, and links to each and back to the comparison', { tag: '@page' }, async ({ win }) => {
  const own = { createdBy: 'COPY etc /etc', tar: tar(file('etc/old.conf', 'from = a\n')) };
  const page = await compareImages(win, dockerArchive([...WEB_API, own], { name: 'acme/web-api:1.7' }));
  const details = page.getByRole('region', { name: 'Details' });
  const crumbs = details.getByRole('navigation', { name: 'Location' });
  await expect(crumbs.getByRole('listitem')).toHaveText(['A web-api:1.7', 'B web-api:1.8']);
  await page.getByRole('row', { name: /removed old\.conf/ }).click();
  const both = crumbs.getByRole('button', { name: 'A → B' });
  await expect(both).toHaveAttribute('title', 'Comparison of A, acme/web-api:1.7, with B, acme/web-api:1.8');
  await both.click();
  await expect(details.getByRole('region', { name: 'Both sides' })).toBeVisible();
  await crumbs.getByRole('button', { name: 'B web-api:1.8' }).click();
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Image', exact: true })).toBeChecked();
  // A side at a lower layer links to the filesystem at that layer.
  await page.getByRole('button', { name: /^Layer 2 / }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Compare with the layer below' }).click();
  await crumbs.getByRole('button', { name: 'A web-api:1.8 at layer 1' }).click();
  await expect(page.getByRole('radio', { name: 'Filesystem' })).toBeChecked();
  await expect(crumbs.getByRole('listitem')).toHaveText(['web-api:1.8', 'Layer 1']);
});
