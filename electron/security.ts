import { app, type Session, type WebContents, type WebFrameMain } from 'electron';
import { isPageUrl } from './app-protocol.ts';

/** The one permission that the page needs: to copy a path. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

/** What pages may load: the app's own files, pictures made from bytes, and the developer tools. There is no network. */
const ALLOWED_SCHEMES: readonly string[] = ['app:', 'blob:', 'data:', 'devtools:'];

function isAllowedUrl(url: string): boolean {
  return ALLOWED_SCHEMES.some((scheme) => url.startsWith(scheme));
}

/**
 * A proxy that no name server knows. Not all that leaves a page goes by webRequest: links to be connected or looked up ahead don't, nor do
 * WebRTC's connections. All of it asks for the proxy, also on this machine's own addresses (`<-loopback>`).
 */
const NO_NETWORK = { proxyRules: 'socks5://no-network.invalid:9', proxyBypassRules: '<-loopback>' };

/** Call before the app is ready. No name leads anywhere, so none that a page makes up reaches a name server. */
export function denyNames(): void {
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
}

/** Denies a session all but what the window uses: network, permissions, devices, downloads. */
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

/** Denies every page, also those that would be made later, other pages, windows and embedded views. */
export function secureContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event, url) => {
      if (!isPageUrl(url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    // By packets WebRTC would go past the proxy, too.
    contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
  });
}

/** Whether a message comes from the page of a window of ours: its main frame, at its own address. */
export function isOwnFrame(contents: WebContents, frame: WebFrameMain | null): boolean {
  try {
    if (frame === null || frame.parent !== null || !isPageUrl(frame.url)) return false;
    const { mainFrame } = contents;
    return frame.processId === mainFrame.processId && frame.routingId === mainFrame.routingId;
  } catch {
    return false; // a frame that went after it had sent
  }
}
