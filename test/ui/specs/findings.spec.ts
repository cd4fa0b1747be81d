import { opensshKey, privateKey, randomText, SECRET_SAMPLES } from '../../support/secret-samples.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

test('findings are counted, grouped by code with a hint, and link to their layer', { tag: '@page' }, async ({ win }) => {
  const layers = [
    { createdBy: 'RUN one', tar: tar(file('a.txt', 'a')) },
    { createdBy: 'RUN two', tar: tar(file('b.txt', 'first'), file('b.txt', 'second'), file('.wh.nothing', '')) },
  ];
  await win.drop(await win.write('odd.tar', dockerArchive(layers, { name: 'acme/odd:1' })));
  const { page } = win;
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  const button = page.getByRole('button', { name: /^Findings: / });
  // Findings have the same name everywhere; the tooltip shows their severity.
  await expect(button).toHaveText(/^Findings: \d+$/);
  await expect(button).toHaveAttribute('title', /^(\d+ warnings? · )?\d+ notes?$/);
  await button.click();
  const findings = page.getByRole('region', { name: 'Findings' });
  await expect(findings).toContainText('Duplicate path');
  await expect(findings).toContainText('duplicate-path');
  await expect(findings).toContainText('The last entry takes precedence');
  await expect(findings).toContainText('whiteout-without-target');
  await findings.getByRole('button', { name: /b\.txt/ }).click();
  await expect(page.getByRole('button', { name: /^Layer 1 / })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('row', { name: /b\.txt/ })).toHaveAttribute('aria-selected', 'true');
  await findings.getByRole('button', { name: 'Close findings' }).click();
  await expect(findings).toHaveCount(0);
});

test('checking all digests shows the result', async ({ win }) => {
  const good = dockerArchive([{ createdBy: 'RUN one', tar: tar(file('a.txt', 'a')) }], { name: 'acme/good:1' });
  await win.drop(await win.write('good.tar', good));
  const verify = win.page.getByRole('button', { name: 'Verify digests' });
  // The button keeps its width while it says “Verifying…”, so that its neighbours don't move.
  const labels = verify.locator('[data-text]');
  await expect(labels).toHaveCount(2);
  const before = await verify.boundingBox();
  for (const label of await labels.all()) expect((await label.boundingBox())?.width).toBeLessThan(before?.width ?? 0);
  await verify.click();
  await expect(win.page.getByText('All digests match')).toBeVisible();
  expect(await verify.boundingBox()).toEqual(before);
});

test('a scan finds secrets in files, including removed files, and says where they are, what they are and what to do', {
  tag: '@page',
}, async ({ win }) => {
  const token = SECRET_SAMPLES['secret-github-token']?.() ?? { text: '', secret: '' };
  const layers = [
    { createdBy: 'COPY . .', tar: tar(file('root/.ssh/id_rsa', privateKey('RSA ')), file('app/settings.txt', token.text)) },
    { createdBy: 'RUN rm -r ~/.ssh', tar: tar(file('root/.wh..ssh', '')) },
    {
      createdBy: 'COPY keys /usr/share/keys',
      tar: tar(file('usr/share/keys/key.pem', privateKey()), file('srv/key', opensshKey('aes256-ctr'))),
    },
  ];
  const config = { Env: [`DB_PASSWORD=${randomText(20)}`] };
  await win.drop(await win.write('secrets.tar', dockerArchive(layers, { name: 'acme/secrets:1', config })));
  const { page } = win;
  await page.getByRole('button', { name: /^Findings: / }).click();
  const findings = page.getByRole('region', { name: 'Findings' });
  await expect(findings).toContainText('Secret in the config');
  await expect(findings.getByText('config', { exact: true })).toBeVisible();
  await findings.getByRole('button', { name: 'Scan for secrets' }).click();
  const said = page.getByRole('status').getByText('3 secrets · 2 minor secrets');
  await expect(said).toBeVisible();
  await expect(page.getByRole('button', { name: /^Findings: / })).toHaveText('Findings: 1 · Secrets: 3');
  await expect(page.getByRole('button', { name: /^Findings: / })).toHaveAttribute('title', '3 secrets · 2 minor secrets · 1 note');
  await expect(findings.getByRole('button', { name: 'Scan for secrets' })).toHaveCount(0);
  const key = findings.getByRole('button', { name: /root\/\.ssh\/id_rsa/ });
  await expect(key).toContainText('Private key on line 1; removed in layer 1, still readable in layer 0');
  await expect(findings).toContainText(`GitHub token ${token.secret?.slice(0, 4)}…${token.secret?.slice(-2)} on line 2`);
  await expect(findings).toContainText('Revoke it at GitHub');
  await expect(findings.getByRole('button', { name: /usr\/share\/keys/ })).toContainText('in a folder of libraries, tests or examples');
  await expect(findings).not.toContainText(token.secret ?? '');
  if (process.env.LAYERSCOPE_SHOTS !== undefined) await page.screenshot({ path: `${process.env.LAYERSCOPE_SHOTS}/secrets.png` });
  expect(await complaintsOf(page)).toEqual([]);
  await expect(said).toHaveCount(0);
  await key.click();
  await expect(page.getByRole('button', { name: /^Layer 0 / })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('row', { name: /id_rsa/ })).toHaveAttribute('aria-selected', 'true');
  expect(win.complaints).toEqual([]);
});

test('a scan that finds nothing says so', { tag: '@page' }, async ({ win }) => {
  const layer = { createdBy: 'RUN one', tar: tar(file('a.txt', 'a')) };
  await win.drop(await win.write('clean.tar', dockerArchive([layer], { name: 'acme/clean:1' })));
  await win.page.getByRole('button', { name: 'Scan for secrets' }).click();
  await expect(win.page.getByText('No secrets found')).toBeVisible();
});

test('a short message covers the rows, but not the details and their history', { tag: '@page' }, async ({ win }) => {
  const layer = { createdBy: 'RUN one', tar: tar(file('a.txt', 'a')) };
  await win.drop(await win.write('clean.tar', dockerArchive([layer], { name: 'acme/clean:1' })));
  const { page } = win;
  const details = page.getByRole('region', { name: 'Details' });
  await page.getByRole('button', { name: 'Verify digests' }).click();
  const message = page.getByRole('status').filter({ hasText: 'All digests match' });
  for (const width of [1320, 1010, 720]) {
    await page.setViewportSize({ width, height: 700 });
    if (width === 720) await page.getByRole('button', { name: 'Show details' }).click();
    if ((await message.count()) === 0) await page.getByRole('button', { name: 'Verify digests' }).click();
    const [own, other] = [await message.boundingBox(), await details.boundingBox()];
    expect((own?.x ?? 0) + (own?.width ?? 0)).toBeLessThan(other?.x ?? 0);
  }
});
