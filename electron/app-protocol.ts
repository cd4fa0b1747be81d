import { protocol } from 'electron';
import { CONTENT_SECURITY_POLICY } from '#contract';
import { listStaticFiles, type StaticFiles } from '#web';

const SCHEME = 'app';
const ORIGIN = `${SCHEME}://layerscope`;

/** URL of the window's page. */
export const PAGE_URL = `${ORIGIN}/`;

/** Whether a URL is the window's page, with any fragment. */
export function isPageUrl(url: string): boolean {
  return url === PAGE_URL || url.startsWith(`${PAGE_URL}#`);
}

/** Registers `app:` as a standard, secure scheme, so that pages get an origin, fetch and storage. Call before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

async function reply(files: StaticFiles, url: string, method: string): Promise<Reply> {
  const headers = { 'content-security-policy': CONTENT_SECURITY_POLICY, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' };
  const address = url.startsWith(PAGE_URL) && method === 'GET' ? url.slice(ORIGIN.length).replace(/[?#].*$/s, '') : '';
  const file = files.get(address);
  if (file === undefined) return { status: 404, headers: { ...headers, 'content-type': 'text/plain' }, body: Buffer.from('not found') };
  return { status: 200, headers: { ...headers, 'content-type': file.type }, body: await file.read() };
}

/** The script that draws the window. A small first script in the page loads it after the first frame. */
const MAIN_SCRIPT = /\/main-[^/]*\.js$/;

/**
 * Serves the built window and no other files. `onScript` is called when the page has received its main script, possibly more than once.
 * Throws NOT_FOUND if the window isn't built.
 */
export async function serveRenderer(folder: string, onScript: () => void): Promise<void> {
  const files = await listStaticFiles(folder);
  const answer = async (url: string, method: string): Promise<Reply> => {
    const made = await reply(files, url, method);
    if (MAIN_SCRIPT.test(url)) setImmediate(onScript); // so that the response is sent first
    return made;
  };
  if (typeof protocol.handle === 'function') {
    protocol.handle(SCHEME, async (request) => {
      const { status, headers, body } = await answer(request.url, request.method);
      return new Response(new Uint8Array(body), { status, headers });
    });
    return;
  }
  // Electron before 25 doesn't have protocol.handle.
  protocol.registerBufferProtocol(SCHEME, (request, callback) => {
    answer(request.url, request.method).then(
      ({ status, headers, body }) => callback({ statusCode: status, headers, mimeType: headers['content-type'] ?? '', data: body }),
      () => callback({ error: -6 }), // net::ERR_FILE_NOT_FOUND: a built file has been removed
    );
  });
}
