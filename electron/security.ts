import { app, type Session, type WebContents, type WebFrameMain } from 'electron';
import { isPageUrl } from './app-protocol.ts';

/** The only permission the page needs: copying text. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

/** What pages may load: the app's files, images made from bytes, and the developer tools. Nothing from the network. */
const ALLOWED_SCHEMES: readonly string[] = ['app:', 'blob:', 'data:', 'devtools:'];

function isAllowedUrl(url: string): boolean {
  return ALLOWED_SCHEMES.some((scheme) => url.startsWith(scheme));
}

/**
 * A proxy that doesn't exist. webRequest doesn't see preconnects, DNS prefetches and WebRTC, but all of them use the proxy, even for
 * loopback addresses (`<-loopback>`).
 */
const NO_NETWORK = { proxyRules: 'socks5://no-network.invalid:9', proxyBypassRules: '<-loopback>' };

/** Makes all host names fail to resolve, so that a page can't leak data through DNS. Call before the app is ready. */
export function denyNames(): void {
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
}

/** Denies a session network access, permissions, devices and downloads, except for what the window uses. */
export async function secureSession(session: Session): Promise<void> {
  session.setPermissionRequestHandler((contents, permission, callback) => {
    callback(permission === ALLOWED_PERMISSION && isPageUrl(contents.getURL()));
  });
  session.setPermissionCheckHandler(
    (contents, permission) => permission === ALLOWED_PERMISSION && contents !== null && isPageUrl(contents.getURL()),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !isAllowedUrl(url) }));
  session.on('will-download', (event) => event.preventDefault());
  await session.setProxy(NO_NETWORK);
}

/** Prevents all pages, present and future, from navigating elsewhere, opening windows and embedding views. */
export function secureContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event, url) => {
      if (!isPageUrl(url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    // WebRTC over UDP would bypass the proxy.
    contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  });
}

/** Whether a message comes from the main frame of our window, showing our page. */
export function isOwnFrame(contents: WebContents, frame: WebFrameMain | null): boolean {
  try {
    if (frame === null || frame.parent !== null || !isPageUrl(frame.url)) return false;
    const { mainFrame } = contents;
    return frame.processId === mainFrame.processId && frame.routingId === mainFrame.routingId;
  } catch {
    return false; // the frame no longer exists
  }
}
