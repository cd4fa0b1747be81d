// Electron only: requests to registries go through the proxy in the system's settings, and the page's network stays cut off.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '../support/window.ts';

test.use({ withEngine: true });

test('a registry is contacted through the system’s proxy', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  const asked: string[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = proxy.address() as AddressInfo;
    // Sets the proxy as if the system's settings had named it.
    await electron.evaluate(
      ({ session }, at) => session.fromPartition('system-proxy').setProxy({ proxyRules: `http://127.0.0.1:${at}` }),
      port,
    );
    await page.keyboard.press('o');
    const dialog = page.getByRole('dialog', { name: 'Open by name' });
    await dialog.getByRole('combobox').fill('registry.test/app:1');
    await page.keyboard.press('Enter');
    await expect(dialog).toContainText(/refuses to connect to registry\.test:443/);
    expect(new Set(asked)).toEqual(new Set(['registry.test:443']));
  } finally {
    proxy.close();
  }
});
