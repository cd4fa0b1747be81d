// Failed requests appear in the browser's console. When the window first appears, there must be none.
import type { Page } from '@playwright/test';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

test.use({ startWith: { 'image.tar': dockerArchive(WEB_API, { name: 'acme/web-api:1.8' }) } });

function failedRequests(page: Page): string[] {
  const failed: string[] = [];
  page.on('response', (response) => {
    if (response.status() >= 400) failed.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  return failed;
}

test('neither the window nor the page of a browser without a session requests anything missing', async ({ win }) => {
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  const failed = failedRequests(page);
  await page.reload();
  await expect(page.getByRole('treegrid')).toBeVisible();
  expect(failed).toEqual([]);
  expect(win.complaints).toEqual([]);
  const stranger = await page.context().newPage();
  const wanted = failedRequests(stranger);
  await stranger.goto(new URL('/', page.url()).href);
  await expect(stranger.getByText('This link has already been used or is incomplete.')).toBeVisible();
  // Browsers request the icon on their own, but not in headless mode, so it is requested here.
  expect(await stranger.evaluate(() => fetch('/favicon.ico').then(({ status }) => status))).toBe(200);
  expect(wanted).toEqual([]);
});

test('leaving a comparison or a search stops its request', async ({ win }) => {
  const { page } = win;
  await expect(page.getByRole('treegrid')).toBeVisible();
  // Hold back responses, so that the requests are still pending when the user leaves the view.
  const held: string[] = [];
  const stopped: string[] = [];
  await page.route(/\/call\/(images\.compare|image\.search)$/, async (route) => {
    held.push(new URL(route.request().url()).pathname);
  });
  page.on('requestfailed', (request) => stopped.push(new URL(request.url()).pathname));
  // A layer is compared with the one below it without asking.
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await page.getByRole('radio', { name: 'Compare' }).click();
  await expect.poll(() => held).toEqual(['/call/images.compare']);
  await page.getByRole('radio', { name: 'Layer' }).click();
  await expect.poll(() => stopped).toEqual(['/call/images.compare']);
  await page.keyboard.press('g');
  await page.keyboard.type('lib');
  await expect.poll(() => held.length).toBeGreaterThan(1);
  await page.keyboard.press('Escape');
  await expect.poll(() => stopped.filter((name) => name === '/call/image.search').length).toBe(held.length - 1);
});

test('a lost connection is announced across the window until it is back', async ({ win: { page } }) => {
  await page.route('**/topics/*', (route) => route.abort());
  await page.reload();
  const alert = page.getByRole('alert');
  await expect(alert).toHaveText('Connection lost, reconnecting…');
  expect((await alert.boundingBox())?.width).toBe(page.viewportSize()?.width);
  await page.unroute('**/topics/*');
  await expect(alert).toHaveCount(0);
  await expect(page.getByRole('treegrid')).toBeVisible();
});
