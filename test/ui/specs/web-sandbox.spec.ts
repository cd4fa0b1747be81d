import { expect, test } from '@playwright/test';

test('Chromium runs in its sandbox, except for root', async ({ browser }) => {
  const session = await browser.newBrowserCDPSession();
  const { commandLine } = await session.send('SystemInfo.getInfo');
  expect(commandLine.includes('--no-sandbox')).toBe(process.getuid?.() === 0);
});
