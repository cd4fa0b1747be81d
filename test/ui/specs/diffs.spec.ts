import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

/** Returns 4,096 bytes of a program, with different bytes at some offsets. */
function program(changes: Readonly<Record<number, number>> = {}): Uint8Array {
  const bytes = Uint8Array.from({ length: 4_096 }, (_, at) => (at * 7 + (at >> 4)) & 0xff);
  for (const [at, byte] of Object.entries(changes)) bytes[Number(at)] = byte;
  return bytes;
}

const lines = (changed: readonly number[]) =>
  `${Array.from({ length: 300 }, (_, at) => (changed.includes(at) ? `line ${at}, changed` : `line ${at}`)).join('\n')}\n`;

const IMAGE = dockerArchive(
  [
    { createdBy: 'COPY tool /opt/tool', tar: tar(file('opt/tool', program()), file('opt/notes', lines([]))) },
    {
      createdBy: 'RUN patch /opt/tool',
      tar: tar(file('opt/tool', program({ 518: 1, 519: 2, 520: 3, 2560: 4 })), file('opt/notes', lines([40, 160, 280]))),
    },
  ],
  { name: 'acme/tool:2' },
);

test.use({ startWith: { 'tool.tar': IMAGE } });

test('a byte diff marks the bytes that differ on both sides, at hexadecimal offsets', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /modified tool/ }).click();
  await page.getByRole('radio', { name: 'Diff' }).click();
  const diff = page.getByRole('region', { name: 'Differing bytes' });
  await expect(page.getByText('4 bytes differ')).toBeVisible();
  const rows = await diff.evaluate((element) =>
    [...element.querySelectorAll('[data-part]')].map((part) => [
      part.closest('[data-row]')?.getAttribute('data-row'),
      part.textContent,
      getComputedStyle(part).textDecorationLine,
    ]),
  );
  // Each side's bytes are marked in hex and in text, and not only by colour.
  expect(rows.filter(([, hex]) => hex === '0102' || hex === '03')).toEqual([
    ['added 000200', '0102', 'underline'],
    ['added 000208', '03', 'underline'],
  ]);
  expect(await complaintsOf(page)).toEqual([]);
  // Where there is space, a row shows 16 bytes; in the side-by-side view, 16 from each side.
  await page.getByRole('row', { name: /modified tool/ }).click();
  await page.keyboard.press(' ');
  const large = page.getByRole('dialog').getByRole('region', { name: 'Differing bytes' });
  await expect(large).toContainText('00000210');
  await expect(large).not.toContainText('00000208');
  await page.getByRole('dialog').getByRole('radio', { name: 'Side by side' }).click();
  await expect(large.locator('[data-row="changed 00000200"] [data-part]').filter({ hasText: '01 02  03' })).toHaveCount(1);
  const halves = large.locator('[data-row="changed 00000200"] > span:has([data-part])');
  await expect(halves).toHaveCount(2);
  expect(win.complaints).toEqual([]);
});

for (const [name, region, count] of [
  ['tool', 'Differing bytes', 2],
  ['notes', 'Text differences', 3],
] as const) {
  test(`keys and buttons lead from one difference to the next: ${region}`, { tag: '@page' }, async ({ win }) => {
    const { page } = win;
    await page.setViewportSize({ width: 1320, height: 500 });
    await page.getByRole('button', { name: /^Layer 1 / }).click();
    await page.getByRole('row', { name: new RegExp(`modified ${name}`) }).click();
    await page.getByRole('radio', { name: 'Diff' }).click();
    const details = page.getByRole('region', { name: 'Details' });
    const diff = details.getByRole('region', { name: region });
    const at = details.getByText(new RegExp(`^\\d of ${count}$`));
    await expect(at).toHaveText(`1 of ${count}`);
    // Unfold what is between two differences, so that the next one is out of sight.
    await diff
      .getByRole('button', { name: /equal bytes|unchanged lines/ })
      .nth(1)
      .click();
    await page.getByRole('button', { name: 'Next difference' }).click();
    await expect(at).toHaveText(`2 of ${count}`);
    const current = diff.locator('[aria-current]').first();
    await expect(current).toBeInViewport();
    await page.keyboard.press('F7');
    await expect(at).toHaveText(count === 2 ? '1 of 2' : '3 of 3');
    await page.keyboard.press('Shift+F7');
    await expect(at).toHaveText(`2 of ${count}`);
    // The preview in front gets the keys while it is open.
    await page.getByRole('row', { name: new RegExp(`modified ${name}`) }).click();
    await page.keyboard.press(' ');
    const preview = page.getByRole('dialog');
    await expect(preview.getByText(`1 of ${count}`)).toBeVisible();
    await page.keyboard.press('F7');
    await expect(preview.getByText(new RegExp(`^\\d of ${count}$`))).toHaveText(`2 of ${count}`);
    expect(win.complaints).toEqual([]);
  });
}

test('a file that a layer stores again only to change its mode or owner has advice', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [
    { createdBy: 'COPY app /opt', tar: tar(file('opt/app', 'a'.repeat(5_000)), file('opt/other', 'b'), file('opt/time', 'c')) },
    {
      createdBy: 'RUN chown -R app /opt && chmod 0750 /opt/app',
      tar: tar(
        file('opt/app', 'a'.repeat(5_000), { mode: 0o750, uid: 10_001, gid: 7, uname: 'app', gname: 'not a name' }),
        file('opt/other', 'd', { mode: 0o600 }),
        file('opt/time', 'c', { mtime: 5 }),
      ),
    },
  ];
  await win.drop(await win.write('base.tar', dockerArchive(layers.slice(0, 1), { name: 'acme/app:1' })));
  // Waits before opening the second file: of two files opened at once, either may be shown.
  await expect(page.getByRole('heading', { name: 'acme/app:1' })).toBeVisible();
  await win.drop(await win.write('app.tar', dockerArchive(layers, { name: 'acme/app:2' })));
  await expect(page.getByRole('heading', { name: 'acme/app:2' })).toBeVisible();
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  const details = page.getByRole('region', { name: 'Details' });
  const advice = details.getByText(/^Same content as in layer 0/);
  await page.getByRole('row', { name: /modified app/ }).click();
  await expect(advice).toHaveText(
    'Same content as in layer 0; only mode and owner differ: 5.0 kB stored again. Set it where the file is created: COPY --chmod=0750 --chown=app:7, or in the same RUN step.',
  );
  expect(await complaintsOf(page)).toEqual([]);
  // Different content is a reason to store the file, and a changed time is neither a mode nor an owner.
  for (const name of [/modified other/, /modified time/]) {
    await page.getByRole('row', { name }).click();
    await expect(details.getByRole('heading', { level: 2 })).toContainText(/other|time/);
    await expect(advice).toHaveCount(0);
  }
  // A comparison with the image below shows the advice too.
  await page.getByRole('row', { name: /modified app/ }).click();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await page.keyboard.type('app:1');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('treegrid', { name: 'Differences' })).toBeVisible();
  await page.getByRole('row', { name: /modified app/ }).click();
  await expect(advice).toBeVisible();
});
