// About Electron's door: run in the project `electron` only (playwright.config.ts).
import { expect, test } from '../support/window.ts';

interface Bridge {
  request(name: string, input: unknown): Promise<{ ok: boolean; error?: { code: string } }>;
  grantDropped(file: File): Promise<{ ok: boolean; error?: { code: string } }>;
}

test('a file that the page made up gets no grant, a made-up grant opens nothing', async ({ win: { page } }) => {
  const codes = await page.evaluate(async () => {
    const { layerscope } = window as unknown as { layerscope: Bridge };
    const file = await layerscope.grantDropped(new File(['x'], '/etc/passwd'));
    const opened = await layerscope.request('archive.open', { grant: '/etc/passwd' });
    return { file: file.error?.code, opened: opened.ok };
  });
  expect(codes).toEqual({ file: 'BAD_REQUEST', opened: false });
});

test('other windows, other pages and permissions are denied, and the policy allows nothing unsafe', async ({ win: { page } }) => {
  const address = page.url();
  const seen = await page.evaluate(async () => {
    const opened = window.open('https://example.com/');
    window.location.href = 'https://example.com/';
    const { state } = await navigator.permissions.query({ name: 'geolocation' });
    const notifications = await Notification.requestPermission();
    const policy = (await fetch(window.location.href)).headers.get('content-security-policy') ?? '';
    return { opened: opened !== null, state, notifications, policy };
  });
  expect(seen).toMatchObject({ opened: false, state: 'denied', notifications: 'denied' });
  expect(seen.policy).toContain("default-src 'none'");
  expect(seen.policy).not.toContain('unsafe-');
  expect(page.url()).toBe(address);
});
