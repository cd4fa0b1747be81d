import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

test('findings are counted, grouped by code with a hint, and lead to their layer', async ({ win }) => {
  const layers = [
    { createdBy: 'RUN one', tar: tar(file('a.txt', 'a')) },
    { createdBy: 'RUN two', tar: tar(file('b.txt', 'first'), file('b.txt', 'second'), file('.wh.nothing', '')) },
  ];
  await win.drop(await win.write('odd.tar', dockerArchive(layers, { name: 'acme/odd:1' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await page.getByRole('button', { name: /\d+ findings?/ }).click();
  const findings = page.getByRole('region', { name: 'Findings' });
  await expect(findings).toContainText('Path more than once');
  await expect(findings).toContainText('duplicate-path');
  await expect(findings).toContainText('The last entry takes precedence');
  await expect(findings).toContainText('whiteout-without-target');
  await findings.getByRole('button', { name: /b\.txt/ }).click();
  await expect(page.getByRole('button', { name: /^Layer 1 / })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('row', { name: /b\.txt/ })).toHaveAttribute('aria-selected', 'true');
  await findings.getByRole('button', { name: 'Close findings' }).click();
  await expect(findings).toHaveCount(0);
});

test('a check of every digest shows its result', async ({ win }) => {
  const good = dockerArchive([{ createdBy: 'RUN one', tar: tar(file('a.txt', 'a')) }], { name: 'acme/good:1' });
  await win.drop(await win.write('good.tar', good));
  await win.page.getByRole('button', { name: 'Verify digests' }).click();
  await expect(win.page.getByText('All digests match')).toBeVisible();
});
