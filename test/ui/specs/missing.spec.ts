import type { Page } from '@playwright/test';
import { archiveOf, Files, ociImage, ociLayout } from '../../support/image-builder.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

/** Expects the heading of the changes not to overlap the filters below it. */
async function expectClearHeading(page: Page, name: string) {
  const pane = page.getByRole('region', { name: 'Changes' });
  const heading = await pane.getByRole('heading', { name }).boundingBox();
  const filter = await pane.getByRole('button', { name: /added/ }).boundingBox();
  expect(heading && filter && heading.y + heading.height <= filter.y + 8, JSON.stringify([heading, filter])).toBe(true);
  const line = await pane.getByRole('heading', { name }).locator('..').boundingBox();
  expect(
    heading && line && heading.y >= line.y && heading.y + heading.height <= line.y + line.height,
    JSON.stringify([heading, line]),
  ).toBe(true);
}

test('a layer missing from the archive isn’t shown as a layer without changes, and has no compression', { tag: '@page' }, async ({
  win,
}) => {
  const { page } = win;
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a', 'a')) }] });
  const [layer] = image.layers;
  if (layer !== undefined) files.remove(layer);
  await win.drop(await win.write('missing.tar', archiveOf(ociLayout(files, [image]))));
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await expect(page.getByText('The archive doesn’t contain this layer, so its changes are unknown.')).toBeVisible();
  await expect(page.getByText('This layer changes no files.')).toHaveCount(0);
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByText('not in the archive; its files can’t be shown')).toBeVisible();
  await expect(details.getByText('· uncompressed')).toHaveCount(0);
  await expectClearHeading(page, 'Layer 0');
  expect(win.complaints).toEqual([]);
});

test('a layer without changes has its heading on one line', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('empty.tar', dockerArchive([{ createdBy: 'RUN true', tar: tar() }])));
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await expect(page.getByText('This layer changes no files.')).toBeVisible();
  await expectClearHeading(page, 'Layer 0');
});
