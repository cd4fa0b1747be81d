// The built site in out/site. Pages are opened from disk unless a spec says otherwise.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, type Page, test } from '@playwright/test';
import { complaintsOf, contrastComplaintsOf } from '../ui/support/axe.ts';

const SITE = path.resolve(import.meta.dirname, '..', '..', 'out', 'site');
const PAGES = globSync('**/*.html', { cwd: SITE }).map((file) => file.replaceAll('\\', '/'));
/** One page of each kind: the home page, one with pictures and code, one with options, one with tables. */
const KINDS = ['index.html', 'guide/ci.html', 'reference/store.html', 'formats/catalog.html'];

const addressOf = (page: string): string => `${pathToFileURL(SITE).href}/${page}`;

/** Collects what a page writes to its console, such as missing files, and every request that isn't for a file of `origin`. */
function watch(page: Page, origin = 'file://'): { readonly complaints: string[] } {
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${page.url()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) complaints.push(`${page.url()} asks the network for ${request.url()}`);
  });
  return { complaints };
}

/** Returns a page's links and anchors, as the browser resolves them. */
function factsOf(page: Page) {
  return page.evaluate(() => ({
    title: document.title,
    headings: document.querySelectorAll('h1').length,
    isWide: document.documentElement.scrollWidth > innerWidth,
    ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ href }) => href),
    pictures: [...document.images].map(({ src }) => src),
  }));
}

/** Returns the pictures that can't be drawn. */
function brokenOf(page: Page, pictures: Iterable<string>): Promise<string[]> {
  return page.evaluate(
    async (addresses) => {
      const broken: string[] = [];
      for (const address of addresses) {
        const picture = new Image();
        picture.src = address;
        await picture.decode().catch(() => broken.push(address));
      }
      return broken;
    },
    [...pictures],
  );
}

test('every page opens from disk, fits into 360 pixels, and has no broken link, anchor or picture', async ({ page }) => {
  test.slow(); // opens every page
  await page.setViewportSize({ width: 360, height: 740 });
  const { complaints } = watch(page);
  const facts = new Map<string, Awaited<ReturnType<typeof factsOf>>>();
  for (const name of PAGES) {
    await page.goto(addressOf(name));
    facts.set(addressOf(name), await factsOf(page));
  }
  expect(facts.size).toBeGreaterThan(80);
  expect(complaints).toEqual([]);
  const faults = [...facts].flatMap(([address, { ids, links, headings, isWide }]) => {
    const lost = links.filter((link) => {
      if (/^https?:/.test(link) || link.endsWith('.png')) return false;
      const [file = '', id] = link.split('#');
      const target = facts.get(file);
      return target === undefined || (id !== undefined && !target.ids.includes(decodeURIComponent(id)));
    });
    return [
      ...lost.map((link) => `${address} links to ${link}`),
      ...(headings === 1 ? [] : [`${address}: ${headings} titles`]),
      ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${address} has two of ${id}`),
      ...(isWide ? [`${address} is too wide`] : []),
    ];
  });
  expect(faults).toEqual([]);
  const pictures = new Set([...facts.values()].flatMap((each) => each.pictures));
  expect(pictures.size).toBeGreaterThan(10);
  expect(await brokenOf(page, pictures)).toEqual([]);
  const titles = [...facts.values()].map(({ title }) => title);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test(`axe has no complaints in ${colorScheme} mode`, async ({ page }) => {
      test.slow(); // axe checks five pages
      // A theme changes only colours, so only contrast is checked again.
      const check = colorScheme === 'light' ? complaintsOf : contrastComplaintsOf;
      const grounds = { light: 'rgb(255, 255, 255)', dark: 'rgb(20, 23, 28)' };
      for (const name of KINDS) {
        await page.goto(addressOf(name));
        await expect(page.locator('html')).toHaveCSS('background-color', grounds[colorScheme]);
        // The search looks the same on every page, so one page is enough.
        if (name === KINDS[0]) {
          await page.getByRole('searchbox').fill('layer');
          await expect(page.getByRole('status')).toHaveText(/sections found/);
        }
        expect(await check(page), name).toEqual([]);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(`${addressOf('guide/why-big.html')}#site:pages`);
      expect(await check(page), 'narrow').toEqual([]);
    });
  });
}

test.describe('search', () => {
  /** Returns the pages that a query finds, best first. */
  async function found(page: Page, query: string): Promise<string[]> {
    await page.getByRole('searchbox').fill(query);
    await expect(page.getByRole('status')).toHaveText(/found/);
    const links = page.locator('.results a');
    return (await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))).map((href) =>
      href.replace(`${pathToFileURL(SITE).href}/`, ''),
    );
  }

  test('search finds pages by words, prefixes, and words with a wrong letter', async ({ page }) => {
    const { complaints } = watch(page);
    await page.goto(addressOf('decisions/0001-columns.html'));
    expect(await found(page, 'whiteouts')).toContain('formats/layer-tar.html#whiteouts');
    expect(await found(page, 'zTOC')).toContain('formats/soci.html#the-ztoc');
    expect((await found(page, 'estarg'))[0]).toContain('formats/estargz.html');
    expect((await found(page, 'performence'))[0]).toContain('performance.html');
    expect(await found(page, '--remnants')).toContain('reference/hive.html#options');
    expect(await found(page, 'xyzzyplugh')).toEqual([]);
    await expect(page.getByRole('status')).toHaveText('Nothing found for “xyzzyplugh”.');
    expect(complaints).toEqual([]);
  });

  test('search works with the keyboard alone', async ({ page }) => {
    await page.goto(addressOf('guide/ci.html'));
    await page.keyboard.press('/');
    await expect(page.getByRole('searchbox')).toBeFocused();
    await page.keyboard.type('tombstone');
    await expect(page.locator('.results a').first()).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await expect(page.locator('.results a').first()).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(page.locator('.results a').nth(1)).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.locator('.results')).toBeHidden();
    await expect(page.getByRole('searchbox')).toBeFocused();
    await page.keyboard.type(' deltas');
    await page.locator('.results a', { hasText: 'Deltas' }).first().waitFor();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/formats\/registry-hive\.html#deltas$/);
    await expect(page.getByRole('heading', { name: 'Deltas', exact: true })).toBeInViewport();
  });
});

test('the first Tab stop skips to the text', async ({ page }) => {
  await page.goto(addressOf('reference/ls.html'));
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the text' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
});

test('in a narrow window the pages are behind a link, which the keyboard can open', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(addressOf('guide/ci.html'));
  const pages = page.getByRole('navigation', { name: 'Pages' });
  await expect(pages).toBeHidden();
  await page.getByRole('link', { name: 'Pages', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(pages).toBeVisible();
  await expect(pages.getByRole('link', { name: 'Check images in CI' })).toHaveAttribute('aria-current', 'page');
  await pages.getByRole('link', { name: 'Open images by name' }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Open images by name' })).toBeVisible();
  await expect(pages).toBeHidden();
});

test('the table of commands links to their pages', async ({ page }) => {
  await page.goto(addressOf('reference/index.html'));
  await page.getByRole('link', { name: 'why IMAGE PATH' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'layerscope why' })).toBeVisible();
});

test('pages can be read in order, forwards and backwards', async ({ page }) => {
  await page.goto(addressOf('guide/index.html'));
  await page.getByRole('link', { name: /^Next/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Why is this image so big?' })).toBeVisible();
  await page.getByRole('link', { name: /^Previous/ }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Guide' })).toBeVisible();
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('without a script, a page can be read, and its headings and all other pages are reachable', async ({ page }) => {
    await page.goto(addressOf('guide/where-from.html'));
    await expect(page.getByRole('heading', { level: 1, name: 'Where does this file come from?' })).toBeVisible();
    await expect(page.getByRole('searchbox')).toBeHidden();
    await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'On the command line' }).click();
    await expect(page.getByRole('heading', { name: 'On the command line' })).toBeInViewport();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Windows images' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Windows images' })).toBeVisible();
  });
});

test.describe('on a server, below a path', () => {
  const BASE = '/some/where/';
  const TYPES: Readonly<Record<string, string>> = {
    '.html': 'text/html',
    '.css': 'text/css',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
  };
  let server: Server;
  let origin = '';

  test.beforeAll(async () => {
    server = createServer((request, response) => {
      const name = new URL(request.url ?? '', 'http://localhost').pathname.slice(BASE.length);
      if (!request.url?.startsWith(BASE) || !existsSync(path.join(SITE, name))) return response.writeHead(404).end();
      return response
        .writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'text/plain' })
        .end(readFileSync(path.join(SITE, name)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`;
  });

  test.afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('on a server, pages, pictures and search work below a path, and nothing outside it is requested', async ({ page }) => {
    const { complaints } = watch(page, origin);
    await page.goto(`${origin}guide/why-big.html`);
    expect(await brokenOf(page, (await factsOf(page)).pictures)).toEqual([]);
    await page.getByRole('searchbox').fill('zstd:chunked');
    await page.locator('.results a', { hasText: 'zstd:chunked' }).first().click();
    await expect(page).toHaveURL(new RegExp(`^${origin}`));
    await expect(page.locator('h1')).toBeVisible();
    expect(complaints).toEqual([]);
  });

  test('copying takes a whole block, but only the typed lines from a console', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${origin}guide/keep-change-export.html`);
    const copied = async (text: string): Promise<string> => {
      const block = page.locator('.code', { hasText: text });
      await block.getByRole('button', { name: 'Copy' }).click();
      await expect(block.getByRole('button', { name: 'Copied' })).toBeVisible();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    expect(await copied('layerscope store create work')).toBe(
      'layerscope store import image.tar\nlayerscope store create work --parent sample/web-api:1.8',
    );
    await page.goto(`${origin}index.html`);
    expect(await copied('npm ci')).toMatch(/^npm ci\nnpm start /);
  });
});
