import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { file, tar } from '../../support/tar-builder.ts';
import { windowsTar } from '../../support/windows-tars.ts';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { saved } from '../support/saving.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const NEW = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });
const OLD = dockerArchive(WEB_API.slice(0, 4), { name: 'acme/web-api:1.7' });

const storeOf = ({ page }: LayerscopeWindow) => page.getByRole('region', { name: 'Store', exact: true });

/** Takes a screenshot if LAYERSCOPE_SHOTS is set. */
async function shoot({ page, door }: LayerscopeWindow, name: string) {
  const folder = process.env.LAYERSCOPE_SHOTS;
  if (folder !== undefined) await page.screenshot({ path: path.join(folder, `${name}-${door}.png`) });
}

/** Drops an archive and answers whether to import it. */
async function dropAnd(win: LayerscopeWindow, bytes: Uint8Array, name: string, answer: 'Import' | 'Just view') {
  await win.drop(await win.write(name, bytes));
  await win.page.getByRole('region', { name: 'Import to store' }).getByRole('button', { name: answer }).click();
}

/** Chooses an action from the menu of an image, a layer or a store. */
async function act({ page }: LayerscopeWindow, title: string | RegExp, action: string | RegExp) {
  await page.getByRole('button', { name: typeof title === 'string' ? `Actions for ${title}` : title }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

/** Returns a colour of the theme, in the form that computed styles use. */
function tokenColour(page: Page, token: string): Promise<string> {
  return page.evaluate((name) => {
    const probe = document.body.appendChild(document.createElement('span'));
    probe.style.color = `var(${name})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }, token);
}

async function homeOf(win: LayerscopeWindow): Promise<string> {
  const title = await storeOf(win).getByRole('heading', { name: 'Store' }).getAttribute('title');
  return (title ?? '').replace('portable · ', '');
}

test('an image is imported into the store, opened from it, and removed after confirmation', async ({ win }) => {
  const { page } = win;
  const store = storeOf(win);
  await expect(store).toContainText('Empty');
  await dropAnd(win, OLD, 'old.tar', 'Import');
  await expect(page.getByText('acme/web-api:1.7 is in the store')).toBeVisible();
  await dropAnd(win, NEW, 'new.tar', 'Just view');
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await page.getByRole('button', { name: 'Import to store' }).click();
  await expect(page.getByText('acme/web-api:1.8 is in the store')).toBeVisible();
  // There is nothing left to import.
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details.getByText('In store', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Import to store' })).toHaveCount(0);
  await expect(store.getByRole('listitem')).toHaveCount(2);
  expect(await complaintsOf(page)).toEqual([]);

  // Imported images stay available without their archives.
  await page.getByRole('button', { name: 'Close old.tar' }).click();
  await page.getByRole('button', { name: 'Close new.tar' }).click();
  await store
    .getByRole('button', { name: /web-api:1\.7 / })
    .first()
    .click();
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7' })).toBeVisible();
  await expect(page.getByRole('treegrid')).toBeVisible();
  // An image opened from the store is listed only under the store, as the current image.
  await expect(page.getByRole('navigation', { name: 'Library' }).getByRole('button', { name: /^web-api:1\.7\s/ })).toHaveCount(1);
  await expect(store.getByRole('button', { name: /web-api:1\.7 / }).first()).toHaveAttribute('aria-current', 'true');
  await expect(details).toContainText('LocationIn store');
  await act(win, 'acme/web-api:1.7', 'Close');
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7' })).toHaveCount(0);
  const exported = await saved(win, () => act(win, 'acme/web-api:1.8', 'Save as Docker archive…'));
  expect(exported.name).toMatch(/web-api.*\.tar$/);
  expect(exported.bytes.includes('acme/web-api:1.8')).toBe(true);
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.8' })).toBeVisible();
  await shoot(win, 'store');

  // The image is removed only after confirmation; Enter means Cancel. The button that deletes has the danger colour.
  const danger = await tokenColour(page, '--error');
  await page.getByRole('button', { name: 'Actions for acme/web-api:1.7' }).click();
  await expect(page.getByRole('menuitem', { name: 'Create working copy' })).not.toHaveCSS('color', danger);
  await expect(page.getByRole('menuitem', { name: 'Remove…' })).toHaveCSS('color', danger);
  expect(await complaintsOf(page)).toEqual([]);
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  const ask = page.getByRole('dialog', { name: 'Remove from the store' });
  await expect(ask.getByRole('button', { name: 'Remove' })).toHaveCSS('background-color', danger);
  await expect(ask.getByRole('button', { name: 'Cancel' })).not.toHaveCSS('background-color', danger);
  expect(await complaintsOf(page)).toEqual([]);
  await expect(ask).toContainText('Remove acme/web-api:1.7 from the store?');
  await page.keyboard.press('Enter');
  await expect(ask).toHaveCount(0);
  await expect(store.getByRole('listitem')).toHaveCount(2);
  await act(win, 'acme/web-api:1.7', 'Remove…');
  await ask.getByRole('button', { name: 'Remove' }).click();
  await expect(store.getByRole('listitem')).toHaveCount(1);
  expect(win.complaints).toEqual([]);
});

test('viewing or importing can be made the default; there is no question for an image already in the store', async ({ win }) => {
  const { page } = win;
  const offer = page.getByRole('region', { name: 'Import to store' });
  await win.drop(await win.write('old.tar', OLD));
  // The offer consists of the image's name, one short sentence that isn't cut off, and one button.
  const sentence = offer.getByText('Not stored', { exact: true });
  await expect(sentence).toBeVisible();
  await expect(offer.getByText('web-api:1.7', { exact: true })).toBeAttached();
  expect(await sentence.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
  expect(await complaintsOf(page)).toEqual([]);
  expect((await offer.boundingBox())?.height).toBeLessThan(48);
  await offer.getByRole('button', { name: 'Import' }).click();
  await expect(offer).toHaveCount(0);
  await page.keyboard.press('Control+,');
  await page.getByRole('radiogroup', { name: 'Opened archives' }).getByRole('radio', { name: 'Import to store' }).click();
  await page.keyboard.press('Escape');
  await expect(storeOf(win).getByRole('listitem')).toHaveCount(1);
  await win.hover(await win.write('new.tar', NEW));
  await expect(page.getByText('Open and import this archive')).toBeVisible();
  await win.drop(await win.write('new.tar', NEW));
  await expect(storeOf(win).getByRole('listitem')).toHaveCount(2);
  // Importing the same image again doesn't store it twice.
  await win.drop(await win.write('again.tar', NEW));
  await expect(page.getByRole('button', { name: 'Close again.tar' })).toBeVisible();
  await expect(storeOf(win).getByRole('listitem')).toHaveCount(2);
  await expect(offer).toHaveCount(0);
});

test('an offer to import disappears with its archive, and several offers become one', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const offer = page.getByRole('region', { name: 'Import to store' });
  await win.drop(await win.write('old.tar', OLD), await win.write('new.tar', NEW));
  await expect(offer).toContainText('web-api:1.7, web-api:1.8');
  await expect(offer).toContainText('2 not stored');
  await page.getByRole('button', { name: 'Close old.tar' }).click();
  await expect(offer.getByTitle(/web-api:1\.8\n/)).toContainText('Not stored');
  await page.getByRole('button', { name: 'Close new.tar' }).click();
  await expect(offer).toHaveCount(0);
});

test('an ignored offer to import ends when the next image is opened', { tag: '@page' }, async ({ win }) => {
  const offer = win.page.getByRole('region', { name: 'Import to store' });
  await win.drop(await win.write('old.tar', OLD));
  await expect(offer.getByTitle(/web-api:1\.7\n/)).toContainText('Not stored');
  await win.drop(await win.write('new.tar', NEW));
  await expect(offer.getByTitle(/web-api:1\.8\n/)).toContainText('Not stored');
});

test('importing a layer tar asks for its parent; removing an image that a layer is based on names that layer and says what to do', async ({
  win,
}) => {
  const { page } = win;
  const store = storeOf(win);
  await dropAnd(win, OLD, 'old.tar', 'Import');
  await expect(store.getByRole('listitem')).toHaveCount(1);
  await dropAnd(win, tar(file('etc/extra.conf', 'x = 1\n')), 'extra.tar', 'Import');
  const sheet = page.getByRole('dialog', { name: 'Choose a parent for extra.tar' });
  await expect(sheet.getByRole('option').first()).toHaveText('None: this is a base layer');
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.type('web-api');
  await expect(sheet.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(store.getByRole('listitem')).toHaveCount(2);
  const layer = store.getByRole('listitem').nth(1);
  await expect(layer).toContainText('on 4 layers');

  // The layer opens with its chain.
  await layer.getByRole('button').first().click();
  await expect(page.getByRole('button', { name: /^Layer 4 / })).toBeVisible();
  await expect(page.getByRole('row', { name: /extra\.conf/ })).toBeVisible();
  await act(win, 'acme/web-api:1.7', 'Remove…');
  const ask = page.getByRole('dialog', { name: 'Remove from the store' });
  const id = (await layer.getByRole('button').first().getAttribute('title'))?.slice(0, 12) ?? 'none';
  await expect(ask).toContainText(`In use by 1 layer (${id}). Remove it first.`);
  await expect(ask.getByRole('button', { name: 'Remove' })).toBeDisabled();
  await ask.getByRole('button', { name: 'Cancel' }).click();
  await expect(store.getByRole('listitem')).toHaveCount(2);
});

test('next to “in store”, the name of a file is left out rather than cut to nothing', { tag: '@page' }, async ({ win }) => {
  await dropAnd(win, OLD, 'an-archive-with-a-long-name.tar', 'Import');
  const { page } = win;
  const library = page.getByRole('navigation', { name: 'Library' });
  const mark = library.getByText('in store', { exact: true });
  await expect(mark).toBeVisible();
  const isInSight = () =>
    library.getByText('an-archive-with-a-long-name.tar').evaluate((element) => {
      const line = element.closest('button')?.getBoundingClientRect();
      const { x, y, width } = (element.parentElement ?? element).getBoundingClientRect();
      return width > 40 && document.elementFromPoint(x + 20, y + 6)?.closest('button') !== null && y < (line?.bottom ?? 0) - 6;
    });
  expect(await isInSight()).toBe(false);
  const name = library.getByText('web-api:1.7').first();
  expect(Math.abs(((await mark.boundingBox())?.x ?? 0) - ((await name.boundingBox())?.x ?? 0))).toBeLessThan(3);
  const edge = page.getByRole('separator', { name: 'Library width' });
  for (let step = 0; step < 8; step++) await edge.press('ArrowRight');
  expect(await isInSight()).toBe(true);
});

test('a working copy is changed by another program, shown as it changes, committed with name and comment, and discarded', async ({
  win,
}) => {
  test.slow();
  const { page } = win;
  const store = storeOf(win);
  await dropAnd(win, OLD, 'old.tar', 'Import');
  await expect(store.getByRole('listitem')).toHaveCount(1);
  await act(win, 'acme/web-api:1.7', 'Create working copy');
  const copy = store.getByRole('listitem').filter({ hasText: '+ working copy' });
  await expect(copy).toContainText('no changes · mounted');
  const said = page.getByTitle(/^[0-9a-f]{64}\n\//).first();
  const at = ((await said.getAttribute('title')) ?? '').split('\n').at(-1) ?? '';
  expect(existsSync(path.join(at, 'etc', 'passwd'))).toBe(true);
  // The working copy's changes are counted even before it is opened.
  writeFileSync(path.join(at, 'written'), 'written');
  await expect(copy).toContainText('1 change');
  rmSync(path.join(at, 'written'));
  await expect(copy).toContainText('no changes');

  // The copy is opened before anything is written. Changes appear with their sizes as they are made. The copy is shown by its name even
  // while it is being opened, and the job that opens it ends.
  const library = page.getByRole('navigation', { name: 'Library' });
  await library.evaluate((pane) => {
    const seen = new Set<string>();
    Object.assign(window, { seen });
    const look = () => {
      for (const each of pane.querySelectorAll('[role="progressbar"]')) seen.add(each.getAttribute('aria-label') ?? '');
    };
    new MutationObserver(look).observe(pane, { childList: true, subtree: true, characterData: true });
  });
  await act(win, 'web-api:1.7 + working copy', 'View changes');
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7 + working copy' })).toBeVisible();
  await expect(library.getByRole('progressbar')).toHaveCount(0);
  const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
  expect(seen.filter((label) => !label.includes('web-api:1.7 + working copy'))).toEqual([]);
  expect(seen).not.toEqual([]);
  const top = page.getByRole('button', { name: /^Layer 4 .*working copy/ });
  await top.click();
  await expect(page.getByText('Nothing changed yet')).toBeVisible();
  await expect(page.getByText(`Write to ${at}`)).toBeVisible();
  await act(win, 'web-api:1.7 + working copy', 'Discard…');
  await expect(page.getByRole('dialog')).toContainText('Deletes the working copy. It has no changes.');
  await page.getByRole('button', { name: 'Cancel' }).click();
  const bar = page.getByRole('region', { name: 'Working copy' });
  await expect(bar).toContainText(at);
  await expect(bar.getByRole('button')).toHaveText([
    '',
    ...(win.electron === null ? [] : ['Open folder']),
    'Unmount',
    'Commit…',
    'Discard…',
  ]);
  await expect(bar.getByRole('button', { name: 'Copy path' })).toBeVisible();
  const details = page.getByRole('region', { name: 'Details' });
  await expect(details).toContainText('Platformlinux/amd64');
  await expect(details).toContainText('LocationIn store');
  await expect(page.getByRole('navigation', { name: 'Library' }).getByRole('listitem')).toHaveCount(3);
  expect(await complaintsOf(page)).toEqual([]);
  await shoot(win, 'nothing-written');
  writeFileSync(path.join(at, 'etc', 'made-outside'), 'hello\n');
  rmSync(path.join(at, 'etc', 'passwd'));
  await expect(page.getByRole('row', { name: /added made-outside/ })).toContainText('6 B');
  await expect(page.getByRole('row', { name: /removed passwd/ })).toBeVisible();
  await expect(copy).toContainText('2 changes · mounted');
  writeFileSync(path.join(at, 'etc', 'made-outside'), 'hello again\n');
  await expect(page.getByRole('row', { name: /added made-outside/ })).toContainText('12 B');
  // In the menu of a mounted item, each choice is one line high.
  await page.getByRole('button', { name: 'Actions for web-api:1.7 + working copy' }).click();
  for (const choice of await page.getByRole('menuitem').all()) expect((await choice.boundingBox())?.height).toBeLessThan(40);
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await shoot(win, 'working-copy');

  // Before an image is removed, the sheet says what else will be removed.
  await act(win, /^Actions for acme\/web-api:1\.7$/, 'Remove…');
  const ask = page.getByRole('dialog', { name: 'Remove from the store' });
  await expect(ask.getByRole('paragraph').first()).toHaveText('Also deletes 1 working copy with 2 changes.');
  await expect(ask).toContainText('will be unmounted');
  await expect(ask.getByRole('button', { name: 'Unmount and remove' })).toBeVisible();
  await shoot(win, 'remove');
  await ask.getByRole('button', { name: 'Cancel' }).click();

  await bar.getByRole('button', { name: 'Commit…' }).click();
  const sheet = page.getByRole('dialog', { name: 'Commit as layer' });
  await expect(sheet.getByRole('textbox', { name: 'Image name' })).toHaveValue('acme/web-api:1.7-2');
  expect(await complaintsOf(page)).toEqual([]);
  await shoot(win, 'commit');
  // The suggested name is selected, so that typing replaces it.
  await page.keyboard.type('acme/web-api:1.7-fixed');
  await expect(sheet.getByRole('textbox', { name: 'Image name' })).toHaveValue('acme/web-api:1.7-fixed');
  await sheet.getByRole('textbox', { name: 'Comment' }).fill('a fix');
  await sheet.getByRole('button', { name: 'Commit' }).click();
  await expect(page.getByText('acme/web-api:1.7-fixed created')).toBeVisible();
  await store
    .getByRole('button', { name: /web-api:1\.7-fixed / })
    .first()
    .click();
  await expect(page.getByRole('heading', { name: 'acme/web-api:1.7-fixed' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Layer 2 .*npm ci/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Layer 4 .*layerscope store commit/ })).toBeVisible();

  // The layers now belong to the new image too, so they stay.
  await act(win, /^Actions for acme\/web-api:1\.7$/, 'Remove…');
  await expect(ask).toContainText('Its layers stay: other images use them.');
  await ask.getByRole('button', { name: 'Cancel' }).click();

  await act(win, 'web-api:1.7 + working copy', 'Discard…');
  const discard = page.getByRole('dialog', { name: 'Discard working copy' });
  await expect(discard).toContainText('Deletes 2 changes (');
  await expect(discard).toContainText('can’t be undone');
  await discard.getByRole('button', { name: 'Discard' }).click();
  await expect(copy).toHaveCount(0);
  expect(existsSync(at)).toBe(false);
  expect(win.complaints).toEqual([]);
});

test('an image with a mounted working copy is removed together with it', async ({ win }) => {
  const { page } = win;
  const store = storeOf(win);
  await dropAnd(win, OLD, 'old.tar', 'Import');
  await act(win, 'acme/web-api:1.7', 'Create working copy');
  await expect(store).toContainText('mounted');
  await act(win, 'acme/web-api:1.7', 'Remove…');
  await page.getByRole('dialog').getByRole('button', { name: 'Unmount and remove' }).click();
  await expect(store.getByRole('listitem')).toHaveCount(0);
  expect(win.complaints).toEqual([]);
});

test('checking the store finds no problems; cleaning up shows what was removed', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await dropAnd(win, OLD, 'old.tar', 'Import');
  await expect(storeOf(win).getByRole('listitem')).toHaveCount(1);
  await act(win, 'Store', 'Verify store');
  await expect(page.getByText('No problems found')).toBeVisible();
  await act(win, 'Store', 'Clean up…');
  await expect(page.getByText('Nothing to clean up')).toBeVisible();
  const home = await homeOf(win);
  writeFileSync(path.join(home, 'blobs', 'sha256', 'f'.repeat(64)), 'nobody needs it');
  await act(win, 'Store', 'Clean up…');
  const sheet = page.getByRole('dialog', { name: 'Clean up' });
  await expect(sheet.getByRole('listitem')).toHaveText(['f'.repeat(64)]);
  expect(await complaintsOf(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(sheet).toHaveCount(0);
  expect(existsSync(path.join(home, 'blobs', 'sha256', 'f'.repeat(64)))).toBe(true);
  await act(win, 'Store', 'Clean up…');
  await sheet.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Removed 1 leftover')).toBeVisible();
  expect(existsSync(path.join(home, 'blobs', 'sha256', 'f'.repeat(64)))).toBe(false);
});

test('damage in the store is reported layer by layer', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  await dropAnd(win, OLD, 'old.tar', 'Import');
  const store = storeOf(win);
  await expect(store.getByRole('listitem')).toHaveCount(1);
  const home = await homeOf(win);
  const { manifests } = JSON.parse(readFileSync(path.join(home, 'index.json'), 'utf8'));
  const blob = (digest: string) => path.join(home, 'blobs', ...digest.split(':'));
  const { layers } = JSON.parse(readFileSync(blob(manifests[0].digest), 'utf8'));
  const bytes = readFileSync(blob(layers[1].digest));
  bytes[700] = (bytes[700] ?? 0) ^ 1;
  writeFileSync(blob(layers[1].digest), bytes);
  await act(win, 'Store', 'Verify store');
  const sheet = page.getByRole('dialog', { name: 'Problems in the store' });
  await expect(sheet.getByRole('listitem').first()).toContainText('DIGEST_MISMATCH');
  expect(await complaintsOf(page)).toEqual([]);
});

test('layers that images share are listed and linked', { tag: '@page' }, async ({ win }) => {
  const { page } = win;
  const bases = page.getByRole('region', { name: 'Shared bases' });
  await expect(bases).toHaveCount(0);
  await win.drop(await win.write('old.tar', OLD), await win.write('new.tar', NEW));
  const shared = bases.getByRole('button', { name: /4 layers in 2 images/ });
  await expect(shared).toContainText('web-api:1.7, web-api:1.8');
  await shared.click();
  await expect(page.getByRole('heading', { name: 'Layer 3' }).first()).toBeVisible();
});

test.describe('with a windowsfilter store', () => {
  test.use({ withWindows: true });
  test.skip(
    process.env.LAYERSCOPE_STAND_IN === undefined,
    'needs the stand-in for vmcompute.dll, which a C compiler on Linux makes; CI requires it',
  );

  test('layers can be imported, shown in their chain, written to and removed; a shared base image can be adopted', async ({ win }) => {
    const { page } = win;
    const store = page.getByRole('region', { name: 'windowsfilter' });
    await expect(store).toContainText('windowsfilter · ');
    await expect(page.locator('footer')).toContainText('2 stores: ');

    // Viewing a base image creates nothing; it is adopted only on request.
    const bases = page.getByRole('region', { name: 'Base images' });
    await expect(bases).toContainText('NanoServer');
    await expect(bases).toContainText('652.0 MB');
    await expect(store.getByRole('listitem')).toHaveCount(0);
    await bases.getByRole('button', { name: 'Adopt' }).click();
    await expect(bases).toContainText('Adopted as a layer of the store');
    await expect(store.getByRole('listitem')).toHaveCount(1);
    await expect(store.getByRole('listitem')).toContainText('base layer');

    // Import a Windows layer tar on top of the base image, using the button in the tar's details.
    const members = [{ name: 'Files' }, { name: 'Files/app' }, { name: 'Files/app/server.txt', content: 'hello' }];
    const layerTar = await windowsTar(members);
    await win.drop(await win.write('app.tar', layerTar));
    await page.getByRole('region', { name: 'Import to store' }).getByRole('button', { name: 'Just view' }).click();
    await page.getByRole('button', { name: 'Import to store…' }).click();
    await page.getByRole('menuitem', { name: /windowsfilter/ }).click();
    await page.getByRole('dialog', { name: 'Choose a parent for app.tar' }).getByRole('option').nth(1).click();
    await expect(store.getByRole('listitem')).toHaveCount(2);
    await expect(store.getByRole('listitem').nth(1)).toContainText('on 1 layer');
    await shoot(win, 'windowsfilter');

    // The driver lists the layer's changes.
    const app = (await store.getByRole('listitem').nth(1).getByRole('button').first().getAttribute('title'))?.slice(0, 12) ?? '';
    await act(win, app, 'List changes');
    await expect(page.getByRole('dialog').getByRole('listitem')).toContainText([/Files\/app\/server\.txt|app\/server\.txt/]);
    await page.keyboard.press('Escape');

    // Write to a working copy through its mount.
    await act(win, app, 'Create working copy');
    await expect(store.getByRole('listitem').nth(2)).toContainText('working copy · mounted');
    expect(await complaintsOf(page)).toEqual([]);
    const run = (await store.getByRole('listitem').nth(2).getByRole('button').first().getAttribute('title'))?.slice(0, 12) ?? '';
    await act(win, run, 'Unmount');
    await act(win, run, 'Discard…');
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await expect(store.getByRole('listitem')).toHaveCount(2);
    expect(win.complaints).toEqual([]);
  });
});
