// A catalog as a dropped folder: browsers can't open folders.
import { mkdirSync, truncateSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../../support/command-line.ts';
import { expect, test } from '../support/window.ts';

test.use({ withCatalog: { services: 2, tags: 1 } });

test('a dropped folder is recognized as a catalog, even if it is damaged, empty or already open', async ({ win, fleet }) => {
  test.slow(); // the command line indexes the fleet
  const { page } = win;
  const folder = fleet?.catalog ?? '';
  await expect(page.getByRole('listitem').filter({ hasText: /^5 images$/ })).toBeVisible();
  await page.getByRole('region', { name: 'Catalogs' }).getByRole('button', { name: 'Close catalog' }).click();
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
  const damaged = (await readdir(path.join(folder, 'images'))).find((name) => name !== 'empty.parquet') ?? '';
  truncateSync(path.join(folder, 'images', damaged), 100);
  await win.drop(folder);
  await expect(page.getByRole('listitem').filter({ hasText: /^4 images$/ })).toBeVisible();
  await page.getByRole('radiogroup', { name: 'Catalog view' }).getByRole('radio', { name: 'Problems' }).click();
  await expect(page.getByRole('row', { name: new RegExp(damaged) })).toContainText('TRUNCATED');

  const empty = path.join(path.dirname(folder), 'empty');
  mkdirSync(empty);
  await runCommand(['catalog', 'index', empty, '--to', path.join(empty, 'none')]);
  await win.drop(path.join(empty, 'none'));
  await expect(page.getByText('This catalog has no images')).toBeVisible();
});
