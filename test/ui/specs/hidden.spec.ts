// What the window says about hidden bytes: which layers wrote and hid them, and with which command.
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, type ImageLayer } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWaste(win: LayerscopeWindow, layers: readonly ImageLayer[]) {
  const { page } = win;
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/image:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('button', { name: /^Waste: / }).click();
  const summary = page.getByRole('region', { name: 'Causes and kinds' });
  await expect(summary.getByRole('listitem').first()).toBeVisible();
  return { page, summary };
}

const NAMES = Array.from({ length: 30 }, (_, at) => `srv/part-${at}`);
const REMOVAL = `RUN rm -rf ${NAMES.map((name) => `/${name}`).join(' ')} && echo done`;
const DELETED: readonly ImageLayer[] = [
  { createdBy: 'COPY srv /srv', tar: tar(...NAMES.map((name) => file(name, 'x'.repeat(2000)))) },
  { createdBy: REMOVAL, tar: tar(file('.wh.srv')) },
];

test('a command in the summary of waste names its layer and is on its own lines', { tag: '@page' }, async ({ win }) => {
  const { page, summary } = await openWaste(win, DELETED);
  const entry = summary.getByRole('listitem').filter({ hasText: 'Deleted by a later layer' });
  const command = entry.getByText(/^Layer 1 · RUN rm -rf /);
  const others = entry.getByText('29 more files');
  // The tooltip has the whole command, and selecting its text copies all of it.
  await expect(command).toHaveAttribute('title', REMOVAL);
  await expect(command).toHaveText(`Layer 1 · ${REMOVAL}`);
  await expect(command).toHaveCSS('user-select', 'text');
  for (const width of [1320, 1000, 720, 400]) {
    await page.setViewportSize({ width, height: 860 });
    await others.scrollIntoViewIfNeeded();
    const [above, below, box] = [await command.boundingBox(), await others.boundingBox(), await entry.boundingBox()];
    expect(above?.height, `${width} px`).toBeGreaterThan(30);
    expect((above?.y ?? 0) + (above?.height ?? 0), `${width} px`).toBeLessThanOrEqual((below?.y ?? 0) + 1);
    expect((above?.x ?? 0) + (above?.width ?? 0), `${width} px`).toBeLessThanOrEqual((box?.x ?? 0) + (box?.width ?? 0));
  }
  await page.setViewportSize({ width: 1320, height: 860 });
  const first = page.getByRole('region', { name: 'Deleted by a later layer' }).getByRole('row').nth(1);
  await expect(first.getByTitle(`Layer 1 · ${REMOVAL}`)).toBeVisible();
  await expect(page.getByRole('region', { name: 'Waste by layer' }).getByRole('button')).toHaveAttribute(
    'title',
    /^COPY srv \/srv\n60\.0 kB/,
  );
  expect(await complaintsOf(page)).toEqual([]);
  expect(win.complaints).toEqual([]);
});

test('many layers that wrote a file are shown as a range', { tag: '@page' }, async ({ win }) => {
  const layers = Array.from({ length: 7 }, (_, at) => ({ createdBy: `RUN step ${at}`, tar: tar(file('state', `${at}`.repeat(2000))) }));
  const { summary } = await openWaste(win, layers);
  await expect(summary.getByRole('button', { name: /^state/ })).toHaveText(/layers 0–5 → 6$/);
});

test('a folder with most of the hidden bytes says which layers wrote and hid them', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = [{ createdBy: 'ADD / /', tar: tar(file('base', 'x'.repeat(500))) }, ...DELETED, { createdBy: 'RUN true', tar: tar() }];
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/image:1' })));
  const hidden = page.getByRole('list', { name: 'What makes it big' }).getByRole('button', { name: /^Most hidden/ });
  await expect(hidden).toContainText('srv/ written in 1, deleted in 2');
});
