import { app, type Session, type WebContents, type WebFrameMain } from 'electron';
import { isPageUrl } from './app-protocol.ts';

/** The one permission that the page needs: to copy a path. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

/** What pages may load: the app's own files, pictures made from bytes, and the developer tools. There is no network. */
const ALLOWED_SCHEMES: readonly string[] = ['app:', 'blob:', 'data:', 'devtools:'];

function isAllowedUrl(url: string): boolean {
  return ALLOWED_SCHEMES.some((scheme) => url.startsWith(scheme));
}

/** Denies a session all but what the window uses: network, permissions, devices, downloads. */
export function secureSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback) => {
    callback(permission === ALLOWED_PERMISSION && isPageUrl(contents.getURL()));
  });
  session.setPermissionCheckHandler(
    (contents, permission) => permission === ALLOWED_PERMISSION && contents !== null && isPageUrl(contents.getURL()),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, callback) => callback({ cancel: !isAllowedUrl(url) }));
  session.on('will-download', (event) => event.preventDefault());
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
  });
}

/** Whether a message comes from the page of a window of ours: its main frame, at its own address. */
export function isOwnFrame(contents: WebContents, frame: WebFrameMain | null): boolean {
  if (frame === null || frame.parent !== null || !isPageUrl(frame.url)) return false;
  const { mainFrame } = contents;
  return frame.processId === mainFrame.processId && frame.routingId === mainFrame.routingId;
}
