import type { Locator } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

async function openWebApi(win: LayerscopeWindow) {
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(win.page.getByRole('treegrid')).toBeVisible();
  return { page: win.page, layer: (index: number) => win.page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }) };
}

test('every layer that touches the selected path is marked with a dot', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(4).click();
  await page.getByRole('row', { name: /modified passwd/ }).click();
  await expect(layer(4)).toHaveAccessibleName(/the path was modified here/);
  // The tooltip isn't on the button itself: screen readers would read the command twice.
  await expect(layer(4)).toHaveAccessibleDescription('');
  await expect(page.getByRole('listitem').filter({ has: layer(4) })).toHaveAttribute('title', /● passwd: modified here$/);
  await expect(layer(0)).toHaveAccessibleName(/the path was added here/);
  await expect(layer(2)).not.toHaveAccessibleName(/the path was/);
  await layer(3).click();
  await page.getByRole('row', { name: /removed motd/ }).click();
  await expect(layer(3)).toHaveAccessibleName(/the path was removed here/);
});

test('a folder without an entry is added by the layer that first writes into it', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  const details = page.getByRole('region', { name: 'Details' });
  await layer(2).click();
  await page.getByRole('row', { name: /node_modules/ }).click();
  await expect(details).toContainText('added in layer 2');
  await layer(0).click();
  await page.getByRole('row', { name: /etc\// }).click();
  await expect(details).toContainText('added in layer 0');
  await layer(4).click();
  await page.getByRole('row', { name: /etc\// }).click();
  await expect(details).toContainText('contains 1 added, 1 modified');
});

test('arrow keys move through the layers, and with Shift select a range', { tag: '@window' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(2).click();
  await page.keyboard.press('ArrowUp');
  await expect(layer(3)).toBeFocused();
  await expect(layer(3)).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('Shift+ArrowUp');
  await expect(page.getByRole('heading', { name: 'Layers 3–4 combined' })).toBeVisible();
  await page.keyboard.press('Home');
  await expect(page.getByRole('button', { name: /^Whole image/ })).toBeFocused();
  await page.keyboard.press('End');
  await expect(layer(0)).toBeFocused();
});

test('a layer that only removes files says how many and how much they hide, even in a short window', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await expect(layer(3)).toContainText(/−3 removed\s+hides 84\.7 kB/);
  // A layer with files of its own also states how much it hides, if it is a lot.
  await expect(layer(1)).toContainText(/modified\s+hides 300\.0 kB/);
  await expect(layer(4)).not.toContainText('hides');
  await expect(page.getByRole('listitem').filter({ has: layer(1) })).toHaveAttribute(
    'title',
    /\n\d+\.\d.% of the image, drawn as the line below$/,
  );
  await page.setViewportSize({ width: 1320, height: 300 });
  await expect(layer(3)).toContainText('−3 removed0 B');
});

test('counts are never cut, whatever a layer hides', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `data/${prefix}-${at}`);
  const layers = [
    { createdBy: 'COPY data /data', tar: tar(...names('old', 150).map((name) => file(name, 'x'.repeat(90)))) },
    {
      createdBy: 'RUN renew',
      tar: tar(
        ...names('old', 149).map((name) => file(name, 'y')),
        ...names('new', 1_143).map((name) => file(name, 'z')),
        file('data/.wh.old-149', ''),
      ),
    },
  ];
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/image:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  const layer = page.getByRole('button', { name: /^Layer 1 / });
  for (const width of [1320, 900, 720]) {
    await page.setViewportSize({ width, height: 860 });
    await expect(layer).toContainText(/hides 13\.5 kB/);
    for (const count of ['+1,143', '~149', '−1']) {
      const isWhole = await layer.evaluate((button, text) => {
        const spans = [...button.querySelectorAll('span')];
        const count = spans.find((span) => span.textContent?.split(' ')[0] === text && span.firstElementChild?.ariaHidden === 'true');
        const box = count?.getBoundingClientRect();
        const numbers = count?.parentElement?.parentElement;
        const [inner, outer] = [numbers?.getBoundingClientRect(), numbers?.parentElement?.getBoundingClientRect()];
        if (box === undefined || inner === undefined || outer === undefined) return false;
        return box.right <= inner.right + 0.5 && box.bottom <= outer.bottom + 0.5;
      }, count);
      expect(isWhole, `${count} at ${width} px`).toBe(true);
    }
  }
});

test('a layer that hides files shows how much they still take up', { tag: '@page' }, async ({ win }) => {
  const { page, layer } = await openWebApi(win);
  await layer(3).click();
  await expect(page.getByRole('region', { name: 'Changes' })).toContainText('hides 84.7 kB');
  await expect(page.getByRole('row', { name: /opaque cache/ })).toContainText('opaque: hides 2 paths, 80.0 kB');
});

test('a command has as many lines as its layer has space for', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const command = `RUN apt-get update && apt-get install -y ${Array.from({ length: 5 }, (_, at) => `package-${at}`).join(' ')}`;
  const layers = [
    { createdBy: command, tar: tar(file('usr/bin/tool', 'x'.repeat(900_000))) },
    { createdBy: command, tar: tar(file('etc/motd', 'x')) },
  ];
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/image:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  const text = (index: number) => page.getByRole('button', { name: new RegExp(`^Layer ${index} `) }).getByText('apt-get update');
  const linesOf = (index: number) =>
    text(index).evaluate((element) => {
      const line = Number.parseFloat(getComputedStyle(element).lineHeight);
      const { height, bottom } = element.getBoundingClientRect();
      const stratum = element.closest('li')?.getBoundingClientRect();
      return {
        lines: Math.round(height / line),
        isCut: element.scrollHeight > element.clientHeight + 1,
        inside: bottom <= (stratum?.bottom ?? 0),
      };
    });
  expect(await linesOf(0)).toMatchObject({ isCut: false, inside: true });
  expect((await linesOf(0)).lines).toBeGreaterThanOrEqual(4);
  expect(await linesOf(1)).toMatchObject({ lines: 1, inside: true });
  // At these widths the chain is above the list, and every layer has two lines.
  for (const width of [690, 400]) {
    await page.setViewportSize({ width, height: 860 });
    expect(await linesOf(1), `${width} px`).toMatchObject({ lines: 2, inside: true });
  }
});

test('in a narrow window, the commands above the rows and in the details wrap', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const layers = ['one', 'two'].map((name) => ({
    createdBy: `RUN install --from=registry.example.com/team/${name} --to=/usr/local/bin/${name} --mode=0755`,
    tar: tar(file(`usr/local/bin/${name}`, name)),
  }));
  await win.drop(await win.write('image.tar', dockerArchive(layers, { name: 'acme/image:1' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.setViewportSize({ width: 390, height: 860 });
  const isWhole = (command: Locator) =>
    command.evaluate((element) => element.scrollWidth <= element.clientWidth && element.scrollHeight <= element.clientHeight + 1);
  await page.getByRole('button', { name: /^Layer 0 / }).click();
  await page.getByRole('button', { name: /^Layer 1 / }).click({ modifiers: ['Shift'] });
  const commands = page.getByRole('region', { name: 'Changes' }).locator('code');
  await expect(commands).toHaveText(layers.map(({ createdBy }) => createdBy));
  for (const command of await commands.all()) expect(await isWhole(command)).toBe(true);
  await page.getByRole('row', { name: /added two/ }).click();
  const details = page.getByRole('region', { name: 'Details' });
  const writer = details.getByText(layers[1]?.createdBy ?? '', { exact: true }).first();
  await expect(writer).toBeVisible();
  expect(await isWhole(writer)).toBe(true);
  expect((await writer.boundingBox())?.height).toBeGreaterThan(30);
});
