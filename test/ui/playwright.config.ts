import { availableParallelism } from 'node:os';
import { defineConfig } from '@playwright/test';

// One set of specs for two hosts, Chromium with the loopback host and Electron, and another for the documentation's site.
// scripts/test-ui.ts sets LAYERSCOPE_OUT (the build) and LAYERSCOPE_CHROMIUM or LAYERSCOPE_ELECTRON, and LAYERSCOPE_ALL_SPECS=1 for all
// specs in both.
const chromium = process.env.LAYERSCOPE_CHROMIUM;

// Makes the pictures in the README on request: LAYERSCOPE_SCREENSHOTS=1 npm run test:ui -- --project web screenshots
const skipped = process.env.LAYERSCOPE_SCREENSHOTS === '1' ? [] : ['**/screenshots.spec.ts'];

const isWhole = process.env.LAYERSCOPE_ALL_SPECS === '1';

/**
 * Specs about the page alone: what it computes, draws and says, given the host's answers. The page is the same in both programs, so
 * Chromium's run is enough. Specs about what differs have no tag: dialogs, drops, the clipboard, history, pictures, workers, stores and
 * engines.
 */
const PAGE_ONLY = isWhole ? [] : [/@page\b/];

/** Specs about keys, focus and menus, which the window's own shortcuts and menus could get in the way of: Electron's run is enough. */
const WINDOW_ONLY = isWhole ? [] : [/@window\b/];

export default defineConfig({
  testDir: 'specs',
  testIgnore: skipped,
  outputDir: '../../out/ui-results',
  fullyParallel: true,
  // One more than the number of processors, because specs often wait for the page, and the page for a timer.
  workers: availableParallelism() + 1,
  forbidOnly: process.env.CI !== undefined,
  // One race shouldn't fail a run of hundreds of specs on a busy machine. The summary lists such specs as flaky, to be fixed.
  retries: process.env.CI === undefined ? 0 : 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1320, height: 860 },
    // A trace costs a fifth of the time, and a failure leaves a screenshot and the page's text anyway.
    trace: process.env.CI === undefined ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    // Chromium runs in its sandbox, as for users, except as root, where it only starts without it.
    launchOptions: { chromiumSandbox: process.getuid?.() !== 0, ...(chromium === undefined ? {} : { executablePath: chromium }) },
  },
  projects: [
    { name: 'docs', testDir: '../docs' },
    { name: 'web', testIgnore: [...skipped, '**/electron-*.spec.ts'], grepInvert: WINDOW_ONLY },
    { name: 'electron', testIgnore: [...skipped, '**/web-*.spec.ts'], grepInvert: PAGE_ONLY },
  ],
});
