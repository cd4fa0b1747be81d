import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/window.ts';

const folder = path.resolve(import.meta.dirname, '..', '..', '..', 'assets', 'screenshots');

async function picture(page: Page, name: string) {
  // One typeface wherever the pictures are made.
  await page.evaluate(() => document.documentElement.style.setProperty('--font', "Inter, 'Liberation Sans', Arial, sans-serif"));
  await page.mouse.move(0, 0);
  await page.waitForTimeout(700); // a tooltip that goes
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

async function openSample(page: Page) {
  await page.getByRole('button', { name: 'Explore the sample image' }).click();
  await expect(page.getByRole('treegrid')).toBeVisible();
}

test.use({ viewport: { width: 1360, height: 800 }, deviceScaleFactor: 2 });

test('the empty window', async ({ win: { page } }) => {
  await picture(page, 'empty');
});

test('a layer’s changes and a file’s text', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('button', { name: /^Layer 2 / }).click();
  await page.getByRole('row', { name: /modified passwd/ }).click();
  await expect(page.getByRole('region', { name: 'Text of the file' })).toBeVisible();
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('row', { name: /modified sources\.list/ }).click();
  await expect(page.getByRole('region', { name: 'Text of the file' })).toBeVisible();
  await picture(page, 'layer');
});

test('what a range of layers did together', async ({ win: { page } }) => {
  await openSample(page);
  await page.getByRole('button', { name: /^Layer 1 / }).click();
  await page.getByRole('button', { name: /^Layer 4 / }).click({ modifiers: ['Shift'] });
  await expect(page.getByRole('heading', { name: 'Layers 1–4 together' })).toBeVisible();
  await picture(page, 'range');
});

test.describe('in the dark', () => {
  test.use({ colorScheme: 'dark' });

  test('the stacked file system and attributes', async ({ win: { page } }) => {
    await openSample(page);
    await page.getByRole('button', { name: /^Layer 6 / }).click();
    await page.getByRole('radio', { name: 'Stacked' }).click();
    await page.getByRole('searchbox').fill('bin/');
    await page.getByRole('row', { name: /modified curl/ }).click();
    await page.getByRole('tab', { name: 'Attributes' }).click();
    await expect(page.getByRole('row', { name: /^Mode/ })).toBeVisible();
    await picture(page, 'stacked-dark');
  });
});
