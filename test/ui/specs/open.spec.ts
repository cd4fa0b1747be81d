import path from 'node:path';
import { file, tar } from '../../support/tar-builder.ts';
import { dockerArchive, dockerArchiveOf, endlessLayer, ociLayout, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

const webApi = dockerArchive(WEB_API, { name: 'acme/web-api:1.8', lastSteps: ['USER app', 'CMD ["node" "server.js"]'] });

test('the empty window shows how to start', async ({ win: { page } }) => {
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Open…' }).first()).toBeVisible();
  await expect(page.getByText('docker save -o image.tar NAME')).toBeVisible();
});

test('the sample image is one click away', async ({ win: { page } }) => {
  await page.getByRole('button', { name: 'Explore the sample image' }).click();
  await expect(page.getByRole('region', { name: 'Chain' })).toBeVisible();
  await expect(page.getByRole('treegrid')).toBeVisible();
  // The sample's apt-get install has packages to show.
  await page.getByRole('button', { name: /^Layer 1 .*apt-get install/ }).click();
  await page.getByRole('radio', { name: 'Packages' }).click();
  await expect(page.getByRole('row', { name: /curl/ }).first()).toBeVisible();
});

test('Open… opens a file that the user chooses', async ({ win }) => {
  await win.open(await win.write('web-api.tar', webApi));
  await expect(win.page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await expect(win.page.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: /web-api:1\.8/ })).toHaveAttribute(
    'aria-current',
    'true',
  );
  await expect(win.page).toHaveTitle(/acme\/web-api:1\.8/);
  expect(win.complaints).toEqual([]);
});

test('a dropped archive opens', async ({ win }) => {
  await win.drop(await win.write('web-api.tar', webApi));
  await expect(win.page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await expect(win.page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  expect(win.complaints).toEqual([]);
});

test('a file that is dropped again is shown, but listed only once', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const first = await win.write('web-api.tar', webApi);
  await win.drop(first);
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await win.drop(await win.write('other.tar', dockerArchive(WEB_API.slice(0, 2), { name: 'acme/other:1' })));
  await expect(page.getByRole('heading', { name: 'acme/other:1' })).toBeVisible();
  // Waits until the file is open, because a file dropped earlier wouldn't be shown.
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  await expect(page.getByRole('progressbar')).toHaveCount(0);
  await win.drop(first);
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library.getByRole('button', { name: /^web-api:1\.8/ })).toHaveCount(1);

  // A file that was changed on disk counts as a different file.
  await win.write('web-api.tar', dockerArchive(WEB_API.slice(0, 3), { name: 'acme/web-api:1.8' }));
  await win.drop(first);
  await expect(library.getByRole('button', { name: /^web-api:1\.8/ })).toHaveCount(2);
  expect(win.complaints).toEqual([]);
});

test('for an archive without images, the library says why there are none', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('empty.tar', tar(file('manifest.json', '[]'))));
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library).toContainText('Docker archive · no images');
  await expect(library).toContainText('Its manifest or index lists no images.');
});

test('a single layer’s tar opens', async ({ win }) => {
  await win.drop(await win.write('layer.tar', tar(file('hello.txt', 'hello\n'))));
  await expect(win.page.getByRole('heading', { name: 'layer.tar' })).toBeVisible();
  await expect(win.page.getByRole('row', { name: /hello\.txt/ })).toBeVisible();
});

test('a copied file can be pasted into the window', async ({ win }) => {
  const { page, door } = win;
  const archive = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });
  // Passed as text, because Playwright takes seconds for an array of that many numbers.
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], 'pasted.tar'));
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
  }, Buffer.from(archive).toString('base64'));
  // A file made by the page isn't on disk. Electron opens only files from the system's clipboard.
  if (door === 'electron') await expect(page.getByRole('alert')).toContainText('not on this disk');
  else await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
});

test('a dropped OCI layout folder opens, or the page says why a browser cannot open it', async ({ win }) => {
  const { page, door } = win;
  let folder = '';
  for (const [name, bytes] of ociLayout(WEB_API, 'acme/layout:1')) folder = path.dirname(await win.write(`layout/${name}`, bytes));
  await win.drop(folder);
  if (door === 'electron') {
    await expect(page.getByText('5 layers')).toBeVisible();
    await expect(page.getByRole('treegrid')).toBeVisible();
  } else {
    await expect(page.getByRole('alert')).toContainText('Browsers can’t open dropped folders');
  }
});

test('dragging files over the window shows what a drop will do', async ({ win }) => {
  await win.hover(await win.write('a.tar', webApi), await win.write('b.tar', webApi));
  await expect(win.page.getByText('Open 2 archives')).toBeVisible();
});

test('a file that cannot be an archive is refused before the drop', async ({ win }) => {
  await win.hover(await win.write('holiday.png', 'no archive'));
  await expect(win.page.getByText('This is not a tar archive')).toBeVisible();
  // After the drop, the reason stays until it is dismissed.
  await win.drop(await win.write('holiday.png', 'no archive'));
  const alert = win.page.getByRole('alert');
  await expect(alert).toContainText('holiday.png');
  await expect(alert).toContainText('This is not a tar archive');
  await alert.getByRole('button', { name: 'Dismiss' }).click();
  await expect(alert).toHaveCount(0);
});

test('of two archives dropped at once, the first is shown', { tag: '@page' }, async ({ win }) => {
  const other = dockerArchive(WEB_API.slice(0, 2), { name: 'acme/other:2' });
  await win.drop(await win.write('one.tar', webApi), await win.write('two.tar', other));
  const library = win.page.getByRole('navigation', { name: 'Library' });
  await expect(library.getByRole('button', { name: /^web-api:1\.8/ })).toHaveAttribute('aria-current', 'true');
  await expect(win.page.getByText('acme/other:2 is open')).toBeVisible();
  await expect(win.page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await expect(win.page.getByText('5 layers')).toBeVisible();
  await library.getByRole('button', { name: /^other:2/ }).click();
  await expect(win.page.getByRole('heading', { name: 'acme/other:2' })).toBeVisible();
  await expect(win.page.getByText('2 layers', { exact: true })).toBeVisible();
  await library.getByRole('button', { name: 'Close two.tar' }).click();
  await expect(library.getByRole('button', { name: /^other:2/ })).toHaveCount(0);
});

test('one of an archive’s images is chosen from the title', { tag: '@page' }, async ({ win }) => {
  const images = dockerArchiveOf([
    { layers: WEB_API.slice(0, 3), options: { name: 'acme/web-api:amd', architecture: 'amd64' } },
    { layers: WEB_API.slice(0, 1), options: { name: 'acme/web-api:arm', architecture: 'arm64' } },
  ]);
  await win.drop(await win.write('images.tar', images));
  const { page } = win;
  await expect(page.getByText(/[31] layers?$/)).toBeVisible();
  await page.getByRole('button', { name: /^Image: / }).click();
  await page.getByRole('menuitemradio', { name: /acme\/web-api:arm/ }).click();
  await expect(page.getByText('1 layer', { exact: true })).toBeVisible();
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
});

test('for a broken file, the window shows what is wrong and what to do; the code is only in the copied details', {
  tag: '@page',
}, async ({ win }) => {
  await win.drop(await win.write('broken.tar', 'this is no archive at all, and long enough to be looked at\n'.repeat(50)));
  const { page } = win;
  const alert = page.getByRole('alert').filter({ hasText: 'broken.tar' });
  await expect(alert).toContainText('docker save -o image.tar NAME');
  await expect(alert).not.toContainText('NOT_AN_IMAGE');
  if (win.door === 'web') await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await alert.getByRole('button', { name: 'Copy details' }).click();
  await expect(alert.getByRole('button', { name: 'Copied' })).toBeVisible();
  if (win.door === 'web') expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('NOT_AN_IMAGE');
  // The name appears once, and there is no Retry, because reading it again would change nothing.
  expect((await alert.textContent())?.match(/broken\.tar/g)).toHaveLength(1);
  await expect(alert.getByRole('button', { name: 'Retry' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Dismiss broken.tar' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
});

test('work in progress doesn’t move the images in the library', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('web-api.tar', webApi));
  const image = page.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: /^web-api:1\.8/ });
  await expect(page.getByRole('treegrid')).toBeVisible();
  const before = await image.boundingBox();
  await win.drop(await win.write('endless.tar.gz', endlessLayer(64 * 1024)));
  await expect(page.getByRole('button', { name: 'Cancel endless.tar.gz' })).toBeVisible();
  expect(await image.boundingBox()).toEqual(before);
  await page.getByRole('button', { name: 'Cancel endless.tar.gz' }).click();
  await expect(page.getByRole('button', { name: 'Cancel endless.tar.gz' })).toHaveCount(0);
  expect(await image.boundingBox()).toEqual(before);
});

test('what is being opened is shown where the image will be, in the window and in the library', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await win.drop(await win.write('endless.tar.gz', endlessLayer(64 * 1024)));
  const opening = page.getByRole('main').getByRole('region', { name: 'Opening endless.tar.gz' });
  await expect(opening.getByRole('progressbar')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toHaveCount(0);
  const library = page.getByRole('navigation', { name: 'Library' });
  await expect(library.getByRole('listitem').first().getByRole('progressbar')).toBeVisible();
  // The progress is shown even where there is no space for the library.
  for (const width of [900, 600]) {
    await page.setViewportSize({ width, height: 800 });
    await expect(opening.getByRole('progressbar')).toBeInViewport();
  }
  await opening.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
});

test('opening can be cancelled', async ({ win }) => {
  await win.drop(await win.write('endless.tar.gz', endlessLayer(64 * 1024)));
  const { page } = win;
  await page.getByRole('button', { name: 'Cancel endless.tar.gz' }).click();
  await expect(page.getByRole('button', { name: 'Cancel endless.tar.gz' })).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Drop an image archive' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test.describe('from the command line', () => {
  test.use({ startWith: { 'named.tar': webApi } });

  test('a file given when the program starts is opened', async ({ win: { page } }) => {
    await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  });
});
