import { gzipSync } from 'node:zlib';
import { sddlToSecurityDescriptor } from '#format/security-descriptor';
import { base64Bytes } from '#format/windows-tar';
import { directory, file, pax, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow, layer: number) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  const { page } = win;
  await page.getByRole('button', { name: new RegExp(`^Layer ${layer} `) }).click();
  await expect(page.getByRole('heading', { name: `Layer ${layer}` }).first()).toBeVisible();
  const details = page.getByRole('region', { name: 'Details' });
  const choose = async (name: string) => {
    await page.getByRole('row', { name: new RegExp(`(added|modified|removed) ${name.replaceAll('.', '\\.')}(?![-.\\w])(?! →)`) }).click();
    await expect(details.getByRole('heading', { name, exact: true })).toBeVisible();
  };
  return { page, details, choose };
}

test('in a short window, a path’s layer, command and history are on one line', { tag: '@page' }, async ({ win }) => {
  const { page, details, choose } = await openWebApi(win, 2);
  await choose('server.js');
  const tops = async () => {
    const parts = [
      details.getByText(/^added in layer 2/),
      details.getByRole('button', { name: /^Show layer 2/ }),
      details.getByRole('list', { name: 'Path history' }),
    ];
    return Promise.all(
      parts.map(async (part) => {
        const box = await part.boundingBox();
        return (box?.y ?? 0) + (box?.height ?? 0) / 2;
      }),
    );
  };
  const spread = (of: readonly number[]) => Math.max(...of) - Math.min(...of);
  expect(spread(await tops())).toBeGreaterThan(30);
  await page.setViewportSize({ width: 1320, height: 450 });
  expect(spread(await tops())).toBeLessThan(8);
});

test('with no path selected, the details show the layer and the image', async ({ win }) => {
  const { details } = await openWebApi(win, 2);
  await expect(details.getByRole('heading', { name: 'Layer 2' })).toBeVisible();
  await expect(details).toContainText('npm ci --omit=dev');
  await expect(details).toContainText('Diff ID');
  // The share of hidden bytes is shown, as in the status bar; its complement, efficiency, is only in Waste.
  await expect(details.getByText(/^\(\d+\.\d %\)$/)).toBeVisible();
  await expect(details).not.toContainText('efficiency');
});

test('the config shows how the image is run, and the history shows every step, including steps without a layer', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  await page.getByRole('button', { name: 'Explore the sample image' }).click();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByRole('heading', { name: 'Config' })).toBeVisible();
  await expect(details).toContainText('Commandnode dist/server.js');
  await expect(details).toContainText('NODE_ENV=production');
  await details.getByText('Full config (JSON)').click();
  await expect(details.getByText('"rootfs": {')).toBeVisible();
  await expect(details.getByText(/^no layer/)).toHaveCount(5);
  await details.getByRole('button', { name: 'Step 7: layer 3' }).click();
  await expect(page.getByRole('heading', { name: 'Layer 3' }).first()).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('the history is one tab stop, whose arrow keys go from layer to layer', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await page.getByRole('button', { name: 'Explore the sample image' }).click();
  const steps = page.getByRole('region', { name: 'Details' }).getByRole('button', { name: /^Step \d+: layer / });
  const stops = steps.and(page.locator('[tabindex="0"]'));
  await expect(stops).toHaveAccessibleName(/: layer 0$/);
  await stops.focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator(':focus')).toHaveAccessibleName(/: layer 2$/);
  await page.keyboard.press('End');
  await expect(steps.last()).toBeFocused();
  await expect(stops).toHaveCount(1);
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Layer 1' }).first()).toBeVisible();
});

test('a text file has numbered lines and loads more on demand', async ({ win }) => {
  const { details, choose } = await openWebApi(win, 2);
  await choose('server.js');
  const text = details.getByRole('region', { name: 'File text' });
  await expect(text).toContainText("console.log('hello from line') 1");
  await expect(details).toContainText('first 262.1 kB of');
  for (let pages = 0; pages < 4 && (await details.getByRole('button', { name: 'Load more' }).isVisible()); pages++) {
    await details.getByRole('button', { name: 'Load more' }).click();
    await expect(details.getByRole('button', { name: 'Loading…' })).toHaveCount(0);
  }
  await expect(details.getByRole('button', { name: 'Load more' })).toHaveCount(0);
  await text.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(text).toContainText("console.log('hello from line') 20000");
});

test('a binary file is shown as bytes', { tag: '@page' }, async ({ win }) => {
  const { details, choose, page } = await openWebApi(win, 0);
  await choose('libssl.so.3');
  const bytes = details.getByRole('region', { name: 'File bytes' });
  await expect(bytes).toContainText(/00 ?1f 3e ?5d 7c ?9b ba ?d9/);
  // Lines aren't cut at any width that the pane can have.
  const overflow = () => bytes.evaluate((element) => element.scrollWidth - element.clientWidth);
  const edge = details.getByRole('separator', { name: 'Details width' });
  for (const key of ['Home', 'End']) {
    await edge.focus();
    await page.keyboard.press(key);
    await expect.poll(overflow).toBe(0);
  }
  await details.getByRole('radio', { name: 'Text' }).click();
  await expect(details.getByRole('region', { name: 'File text' })).toBeVisible();
});

test('an image file is drawn, and can be viewed as bytes', async ({ win }) => {
  const { details, choose } = await openWebApi(win, 2);
  await choose('logo.png');
  await expect(details.getByRole('img', { name: 'File preview' })).toBeVisible();
  await expect(details).toContainText('1 × 1');
  await details.getByRole('radio', { name: 'Hex' }).click();
  const dump = details.getByRole('region', { name: 'File bytes' });
  await expect(dump).toContainText('89 50 4e 47');
  // Lines aren't cut at any width of the pane.
  expect(await dump.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
  expect(win.complaints).toEqual([]);
});

test('a symbolic link shows its target', { tag: '@page' }, async ({ win }) => {
  const { details, page } = await openWebApi(win, 0);
  await page
    .getByRole('row', { name: /libssl\.so →|libssl\.so(?!\.3)/ })
    .first()
    .click();
  await expect(details.getByText('Symbolic link')).toBeVisible();
  await expect(details).toContainText('libssl.so.3');
});

test('the old content of a removed file can still be read', { tag: '@page' }, async ({ win }) => {
  const { details, choose } = await openWebApi(win, 3);
  await choose('motd');
  await expect(details).toContainText('removed in layer 3, first seen in layer 0');
  await expect(details.getByRole('region', { name: 'File text' })).toContainText('welcome 1');
});

test('a path that the shown layer doesn’t have isn’t reported as removed there', { tag: '@page' }, async ({ win }) => {
  const { page, details, choose } = await openWebApi(win, 4);
  const showLayer = (layer: number) =>
    details.getByRole('list', { name: 'Path history' }).getByRole('button', { name: new RegExp(` in layer ${layer}$`) });
  await choose('app.conf');
  for (const layer of [3, 2]) {
    await page.keyboard.press('[');
    await expect(details).toContainText(`Not in layer ${layer} yet; added in layer 4`);
    await expect(details).not.toContainText('removed');
  }
  await choose('server.js');
  await page.keyboard.press('[');
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await expect(details).toContainText('Not in layer 1 yet; added in layer 2');
  // The path was removed by a layer below the shown one.
  await page.getByRole('radio', { name: 'Layer', exact: true }).click();
  await page.getByRole('button', { name: /^Layer 3 / }).click();
  await choose('motd');
  await page.keyboard.press(']');
  await expect(details).toContainText('Not in layer 4; removed in layer 3');
  await showLayer(3).click();
  await expect(details).toContainText('removed in layer 3, first seen in layer 0');
  // The content comes from layer 0, which wrote it, not from layer 2, which is just below the removal.
  await expect(details.getByRole('tabpanel')).toContainText('from layer 0');
});

test('attributes are shown old → new', { tag: '@page' }, async ({ win }) => {
  const { details, choose } = await openWebApi(win, 1);
  await choose('libssl.so.3');
  await details.getByRole('tab', { name: 'Attributes' }).click();
  const mode = details.getByRole('row', { name: /^Mode/ });
  await expect(mode).toContainText('0755');
  await expect(mode).toContainText('0644');
  await expect(details.getByRole('row', { name: /^Size/ })).toContainText('300.0 kB');
  // The image's /etc/passwd names the owner; it has no /etc/group.
  await expect(details.getByRole('row', { name: /^Owner/ })).toContainText('root (0)');
  await expect(details.getByRole('row', { name: /^Group/ })).toContainText('GID 0');
});

test('a folder is added by the layer that implies it, and shows what changed in it', { tag: '@page' }, async ({ win }) => {
  const { page, details } = await openWebApi(win, 2);
  await page.getByRole('row', { name: /node_modules/ }).click();
  await expect(details).toContainText('added in layer 2');
  await page.getByRole('button', { name: /^Layer 4 / }).click();
  await page.getByRole('row', { name: /contains .* etc/ }).click();
  await expect(details).toContainText('contains 1 added, 1 modified');
  await page.getByRole('radio', { name: 'Image' }).click();
  await page.getByRole('row', { name: / app/ }).first().click();
  await expect(details.getByRole('heading', { name: 'app', exact: true })).toBeVisible();
  await expect(details).not.toContainText('unchanged');
});

test('a nested archive is listed, and can be viewed as bytes', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const inner = gzipSync(tar(file('package/index.js', 'x'.repeat(1234)), file('package/README.md', 'y')));
  const layers = [{ createdBy: 'COPY pkg.tgz /', tar: tar(file('pkg.tgz', inner), file('log.gz', gzipSync('just text'.repeat(400)))) }];
  await win.drop(await win.write('inner.tar', dockerArchive(layers, { name: 'inner:1' })));
  await page.getByRole('row', { name: /pkg\.tgz/ }).click();
  const entries = page.getByRole('region', { name: 'Entries of the archive' });
  await expect(entries.getByRole('listitem')).toHaveText([/package\/index\.js1\.2 kB/, /package\/README\.md1 B/]);
  await expect(page.getByText('tar.gz · 2 entries')).toBeVisible();
  expect(await complaintsOf(page)).toEqual([]);
  await page.getByRole('radio', { name: 'Hex' }).click();
  await expect(page.getByRole('region', { name: 'File bytes' })).toBeVisible();
  await page.getByRole('row', { name: /log\.gz/ }).click();
  await expect(page.getByText('Compressed, but not a known archive format')).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a security descriptor and attribute bits are spelled out, with new ones marked', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layer = (attributes: string, sddl: string, accessed: string) =>
    tar(
      pax({
        'MSWINDOWS.fileattr': attributes,
        'MSWINDOWS.rawsd': base64Bytes(sddlToSecurityDescriptor(sddl)),
        'LIBARCHIVE.creationtime': '1461700000.1234567',
        atime: accessed,
        ctime: '1461700003.0000001',
      }),
      file('Files/app.ini', 'x'),
      file('Files/app.ini:Zone.Identifier', 'z'.repeat(attributes === '32' ? 26 : 40)),
    );
  const layers = [layer('32', 'O:BAG:SYD:(A;;FA;;;SY)', '1461700001'), layer('33', 'O:BAG:SYD:(A;;FA;;;SY)(D;;FW;;;WD)', '1461700009')];
  await win.drop(
    await win.write(
      'windows.tar',
      dockerArchive(
        layers.map((each) => ({ createdBy: 'RUN x', tar: each })),
        { name: 'win:1' },
      ),
    ),
  );
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /app\.ini(?!:)/ }).click();
  await page.getByRole('tab', { name: 'Attributes' }).click();
  await expect(page.getByRole('list', { name: 'Meaning of File attributes' })).toHaveText('read-only, archive');
  const meaning = page.getByRole('list', { name: 'Meaning of Security descriptor' }).getByRole('listitem');
  await expect(meaning).toHaveText([
    'owner Administrators',
    'group SYSTEM',
    'allow SYSTEM: full control',
    'deny Everyone: write',
    'O:BAG:SYD:(A;;FA;;;SY)(D;;FW;;;WD)',
  ]);
  await expect(page.getByRole('button', { name: 'Copy Security descriptor' })).toBeAttached();
  // Windows stores these times in addition to the last write.
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
  await expect(row('Created')).toContainText('2016-04-26 19:46:40.1234567 UTC');
  await expect(row('Accessed').getByRole('deletion')).toHaveText('2016-04-26 19:46:41 UTC');
  await expect(row('Accessed').getByRole('insertion')).toHaveText('2016-04-26 19:46:49 UTC');
  await expect(row('Stream Zone.Identifier').getByRole('deletion')).toHaveText('26 B');
  await expect(row('Stream Zone.Identifier').getByRole('insertion')).toHaveText('40 B');
  await expect(row('Changed')).toContainText('2016-04-26 19:46:43.0000001 UTC');
  // Keys of PAX records stay on one line.
  await page.getByRole('tab', { name: 'Raw' }).click();
  for (const key of ['MSWINDOWS.fileattr', 'LIBARCHIVE.creationtime'])
    expect((await page.getByRole('term').filter({ hasText: key }).boundingBox())?.height).toBeLessThan(24);
  expect(win.complaints).toEqual([]);
});

test('the raw header is shown as stored', { tag: '@page' }, async ({ win }) => {
  const { details, choose } = await openWebApi(win, 1);
  await choose('curl');
  await details.getByRole('tab', { name: 'Raw' }).click();
  await expect(details).toContainText('ustar');
  await expect(details.getByRole('region', { name: 'Header bytes' })).toContainText(/75 ?73 72 ?2f.*62 ?69 6e/s);
});

test('the history of a path links to its layers', { tag: '@page' }, async ({ win }) => {
  const { page, details, choose } = await openWebApi(win, 4);
  await choose('passwd');
  await expect(details.getByRole('list', { name: 'Path history' }).getByRole('button')).toHaveCount(2);
  await expect(page.getByRole('button', { name: /^Layer 0 .*the path was added here/ })).toBeVisible();
  await details.getByRole('button', { name: 'added in layer 0' }).click();
  await expect(page.getByRole('button', { name: /^Layer 0 / })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('row', { name: /added passwd/ })).toHaveAttribute('aria-selected', 'true');
});

test('deceptive names and file contents are shown escaped', async ({ win }) => {
  const layer = { createdBy: 'RUN evil', tar: tar(file('safe\u202Efdp.exe', `${'plain text\n'.repeat(20)}a\u202Eb\u0007\n`)) };
  await win.drop(await win.write('odd.tar', dockerArchive([layer], { name: 'acme/odd:1' })));
  await win.page.getByRole('row', { name: /safe\\u202Efdp\.exe/ }).click();
  await expect(win.page.getByRole('region', { name: 'File text' })).toContainText('a\\u202Eb\\x07');
});

test('the key c copies the path', async ({ win }) => {
  const { page, choose } = await openWebApi(win, 0);
  if (win.door === 'web') await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await choose('passwd');
  await page.keyboard.press('c');
  await expect(page.getByText('Path copied')).toBeVisible();
});

test('code is coloured; text crafted to keep the highlighter busy stays plain, and the page stays responsive', async ({ win }) => {
  const busy = 'a\n'.repeat(49_500);
  const layer = tar(file('app.js', "const name = 'x'; // note\n"), file('main.c', busy));
  await win.drop(await win.write('busy.tar', dockerArchive([{ tar: layer, createdBy: 'COPY . /' }])));
  const { page } = win;
  const details = page.getByRole('region', { name: 'Details' });
  const text = details.getByRole('region', { name: 'File text' });
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await page.getByRole('row', { name: /added main\.c/ }).click();
  await expect(text).toContainText('a');
  // If the page highlighted this text itself, it wouldn't respond to a click for a minute.
  await page.getByRole('row', { name: /added app\.js/ }).click({ timeout: 5_000 });
  await expect(text).toContainText('const name');
  await expect(text.locator('span span', { hasText: /^const$/ })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a Windows image’s path is shown and copied as its container sees it, and one that isn’t on a drive has a note', async ({ win }) => {
  const { page } = win;
  if (win.door === 'web') await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const layer = tar(
    directory('Files/'),
    directory('Files/Windows/'),
    file('Files/Windows/a.txt', 'text'),
    directory('Hives/'),
    file('Hives/System_Delta', 'delta'),
  );
  const image = dockerArchive([{ tar: layer, createdBy: 'base' }], { name: 'acme/windows:1', os: 'windows' });
  await win.drop(await win.write('windows.tar', image));
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  const choose = async (query: string, name: string) => {
    await page.keyboard.press('g');
    await page.getByRole('combobox', { name: 'Path' }).fill(query);
    await page
      .getByRole('option', { name: new RegExp(name) })
      .first()
      .click();
    await expect(details.getByRole('heading', { name, exact: true })).toBeVisible();
  };
  await choose('C:\\Windows\\a', 'a.txt');
  const crumbs = details.getByRole('navigation', { name: 'Location' });
  // Wide enough for all parts of the breadcrumb.
  await page.setViewportSize({ width: 1920, height: 900 });
  await expect(crumbs.getByRole('listitem')).toHaveText([/windows:1/, 'Layer 0', 'C:\\', 'Windows', 'a.txt']);
  await expect(crumbs.getByTitle('C:\\Windows\\a.txt')).toBeVisible();
  await details.getByRole('button', { name: 'Copy path' }).click();
  if (win.door === 'web') await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('C:\\Windows\\a.txt');
  await page.getByRole('row', { name: /added a\.txt/ }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Copy path in the layer' }).click();
  if (win.door === 'web') await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('Files/Windows/a.txt');
  await crumbs.getByRole('button', { name: 'C:\\', exact: true }).click();
  await expect(details.getByRole('heading', { name: 'C:\\', exact: true })).toBeVisible();
  await choose('System_Delta', 'System_Delta');
  await expect(details).toContainText('Registry hives: not on the container’s drive');
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('the dots of a file’s history are on one line, and so is a long name, which is cut in the middle', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  const long = `${'name-'.repeat(18)}.txt`;
  const layers = Array.from({ length: 8 }, (_, at) => ({ createdBy: `RUN ${at}`, tar: tar(file('all', `${at}`), file(long, `${at}`)) }));
  const rest = Array.from({ length: 26 }, (_, at) => ({ createdBy: `RUN ${at}`, tar: tar(file(`other-${at}`, 'x')) }));
  await win.drop(await win.write('long.tar', dockerArchive([...layers, ...rest], { name: 'acme/long:1' })));
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('row', { name: /name-name/ }).click();
  const dots = details.getByRole('list', { name: /history/i });
  await expect(dots.getByRole('listitem')).toHaveCount(34);
  const box = async (of: typeof dots) => (await of.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const [first, last, pane] = [
    await box(dots.getByRole('listitem').first()),
    await box(dots.getByRole('listitem').last()),
    await box(details),
  ];
  expect(last.y).toBe(first.y);
  expect(last.x + last.width).toBeLessThanOrEqual(pane.x + pane.width);
  const name = details.locator('h2').first();
  expect((await box(name)).height).toBeLessThan(26);
  await expect(name.getByTitle(long)).toBeVisible();
  const end = name.locator('[data-text$=".txt"]');
  expect(await end.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
  // The actions next to the name are on one line, have the same size, and are right-aligned.
  const actions = [
    await box(details.getByRole('button', { name: 'Copy path' })),
    await box(details.getByRole('button', { name: 'Save…' })),
    await box(details.getByRole('button', { name: 'Show the layer’s details' })),
  ];
  expect(new Set(actions.map(({ y, width, height }) => `${y} ${width} ${height}`)).size).toBe(1);
  expect(pane.x + pane.width - ((actions.at(-1)?.x ?? 0) + (actions.at(-1)?.width ?? 0))).toBeLessThan(14);
  expect(await complaintsOf(page)).toEqual([]);
});

test('a file’s details begin with its type, its size and the command that made it so; numbers line up at the right', {
  tag: '@page',
}, async ({ win }) => {
  const { page, details } = await openWebApi(win, 4);
  await page.getByRole('row', { name: /modified passwd/ }).click();
  const facts = details.getByText(/^file\d/);
  await expect(facts).toHaveText(/^file\d+ B→\d+ B$/);
  // The content doesn't repeat the size.
  await expect(details.getByTitle(/bytes$/)).toHaveCount(2);
  for (const width of [300, 360, 480]) {
    await page.evaluate((px) => localStorage.setItem('layerscope.layout', JSON.stringify({ detailsWidth: px })), width);
    await page.reload();
    await expect(facts).toBeVisible();
    for (const view of ['Text', 'Hex', 'Diff']) {
      await details.getByRole('radio', { name: view }).click();
      const boxes = await details
        .getByRole('tabpanel')
        .locator('input, button, [role="radiogroup"]')
        .evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1 && each.tagName !== 'INPUT').length);
      expect(boxes, `${width} px, ${view}`).toBe(0);
      const right = await details.getByRole('radiogroup', { name: 'Show as' }).evaluate((group) => {
        const pane = group.closest('section')?.getBoundingClientRect();
        return (pane?.right ?? 0) - group.getBoundingClientRect().right;
      });
      expect(right, `${width} px, ${view}`).toBeGreaterThanOrEqual(0);
    }
  }
  await details.getByRole('button', { name: /^Show layer 4: / }).click();
  await expect(details.getByRole('heading', { name: 'Layer 4' })).toBeVisible();
  const edges = await details
    .locator('dd .number[title$="bytes"]:first-child')
    .evaluateAll((numbers) => numbers.map((each) => Math.round(each.getBoundingClientRect().right)));
  expect(edges.length).toBeGreaterThan(5);
  expect(new Set(edges).size).toBe(1);
});

test('a folder of a whole image has the size that its row shows, and its hidden files are among the biggest', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  const layers = [
    { createdBy: 'COPY seen', tar: tar(file('opt/seen.bin', 'x'.repeat(188_000))) },
    { createdBy: 'RUN curl', tar: tar(file('opt/gone.bin', 'x'.repeat(300_000))) },
    { createdBy: 'RUN rm', tar: tar(file('opt/.wh.gone.bin', '')) },
  ];
  await win.drop(await win.write('hides.tar', dockerArchive(layers, { name: 'acme/hides:1' })));
  const row = page.getByRole('row', { name: / opt/ }).first();
  await row.click();
  await expect(row).toContainText('488.0 kB');
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText(/Size488\.0 kB.*Visible188\.0 kB.*Hidden300\.0 kB/);
  const line = (name: RegExp) => details.getByRole('listitem').filter({ hasText: name });
  await expect(line(/gone\.bin/)).toContainText('300.0 kB');
  await expect(line(/gone\.bin/).getByRole('img', { name: 'hidden' })).toBeVisible();
  await expect(line(/seen\.bin/).getByRole('img')).toHaveCount(0);
  await expect(line(/Layer 1/)).toContainText('300.0 kB');
  expect(await complaintsOf(page)).toEqual([]);
  // The filesystem has only visible files.
  await page.getByRole('radio', { name: 'Filesystem' }).click();
  await page.getByRole('row', { name: / opt/ }).first().click();
  await expect(details).toContainText('Size188.0 kB');
  await expect(line(/gone\.bin/)).toHaveCount(0);
});

test('the paths of a folder’s biggest files end with the name, and their sizes are visible', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const folder = 'app/node_modules/@scope/a-package-with-a-long-name/dist/compiled/';
  const members = ['server', 'client'].map((name, at) => file(`${folder}${name}.runtime.production.js`, 'x'.repeat(9_000 + at)));
  await win.drop(await win.write('deep.tar', dockerArchive([{ createdBy: 'RUN npm ci', tar: tar(...members) }], { name: 'acme/deep:1' })));
  await page.getByRole('row', { name: / app/ }).first().click();
  const details = page.getByRole('region', { name: 'Details' });
  const files = details.getByRole('listitem').filter({ hasText: '.runtime.production.js' });
  await expect(files).toHaveCount(2);
  const pane = await details.boundingBox();
  const right = (box: { x: number; width: number } | null) => (box?.x ?? 0) + (box?.width ?? 0);
  for (const each of await files.all()) {
    const path = each.getByRole('button', { name: /node_modules.*\.runtime\.production\.js$/ });
    const size = await each.getByTitle(/bytes$/).boundingBox();
    expect(right(size)).toBeLessThanOrEqual(right(pane) - 12);
    expect(right(await path.boundingBox())).toBeLessThanOrEqual(size?.x ?? 0);
    // The path is cut in the middle; its end isn't.
    const end = path.locator('[data-text$=".runtime.production.js"]');
    expect(await end.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    await expect(path.getByTitle(/^node_modules.*production\.js$/)).toBeVisible();
  }
});

test('the main size comes first, and label names are above their long values', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const key = 'org.opencontainers.image.source=';
  const config = { Env: ['A=b'], Labels: { [key.slice(0, -1)]: 'https://git.example.com/acme/web-api/tree/main' }, WorkingDir: '/srv' };
  await win.drop(await win.write('labels.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8', config })));
  const details = page.getByRole('region', { name: 'Details' });
  const labels = details.locator('dt');
  await expect(labels.nth(2)).toHaveText('File bytes');
  await expect(details.locator('dd').nth(2).getByText('1.7', { exact: false }).first()).toHaveCSS('font-weight', '600');
  for (const [name, isBeside] of [
    ['A=', true],
    [key, false],
  ] as const) {
    await expect(details.getByText(name, { exact: true })).toBeVisible();
    const [first, second] = await details.getByText(name, { exact: true }).locator('xpath=..').locator('> span').all();
    const [a, b] = [await first?.boundingBox(), await second?.boundingBox()];
    // The name is on one line, unbroken.
    expect(a?.height).toBeLessThan(24);
    expect((b?.y ?? 0) < (a?.y ?? 0) + 10, name).toBe(isBeside);
  }
  await expect(details.getByText('Workdir')).toBeVisible();
});

test('a breadcrumb is one line, and a long part is cut in the middle', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const folder = 'a-folder-with-a-name-that-is-longer-than-the-breadcrumb-has-room-for';
  const layer = tar(file(`${folder}/a`, 'x'), file(`etc/${folder}`, 'x'));
  await win.drop(await win.write('long.tar', dockerArchive([{ createdBy: 'COPY', tar: layer }], { name: 'a:1' })));
  await page
    .getByRole('row', { name: / a$| a / })
    .last()
    .click();
  const crumbs = page.getByRole('navigation', { name: 'Location' });
  const part = crumbs.getByRole('button', { name: folder });
  await expect(part).toHaveAttribute('title', `/${folder}`);
  await expect(part.locator('[data-cut]')).toHaveAttribute('data-cut', /^a-.*….*room-for$/);
  expect((await crumbs.boundingBox())?.height).toBeLessThan(36);
  // A short folder above a long name isn't cut, and keeps the mark between them.
  await page
    .getByRole('row', { name: /room-for/ })
    .last()
    .click();
  await expect(crumbs.getByRole('button', { name: 'etc' })).toBeVisible();
  const cut = await crumbs.getByRole('button', { name: 'etc' }).evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(cut).toBeLessThanOrEqual(0);
});
