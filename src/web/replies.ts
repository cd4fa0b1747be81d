import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { CONTENT_SECURITY_POLICY, type Envelope, encodeWire } from '#contract';
import type { Exported } from '#engine';
import { wellFormed } from '#model';

/** Headers of every response, including errors. Never add CORS headers. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * Calls `listener` when the connection ends, or at once if it has already ended. In that case the event isn't emitted again, and a stream
 * to the connection would never end.
 */
export function onClose(response: ServerResponse, listener: () => void): void {
  if (response.destroyed) listener();
  else response.once('close', listener);
}

/** Sends an envelope without typed arrays as JSON. */
export function replyJson(
  response: ServerResponse,
  status: number,
  envelope: Envelope<unknown>,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(JSON.stringify(envelope));
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length, ...headers });
  response.end(body);
}

/** Sends an envelope that may contain typed arrays. */
export function replyWire(response: ServerResponse, envelope: Envelope<unknown>): void {
  const body = encodeWire(envelope);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
  response.end(body);
}

/**
 * Sends a file for the browser to save, never to display. Throws if the first bytes can't be read; a later error closes the connection,
 * which the browser reports as a failed download.
 */
export async function sendDownload(response: ServerResponse, { name, totalBytes, bytes }: Exported): Promise<void> {
  // Built before anything is read, so that no stream is left open if building them fails.
  const headers = downloadHeaders(name, totalBytes);
  const left = new AbortController();
  onClose(response, () => left.abort());
  const pieces = bytes(left.signal)[Symbol.asyncIterator]();
  const first = await pieces.next();
  if (response.destroyed) {
    await pieces.return?.();
    return;
  }
  response.writeHead(200, headers);
  const all = async function* (): AsyncGenerator<Uint8Array> {
    if (first.done === true) return;
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => pieces };
  };
  await pipeline(all, response);
}

function downloadHeaders(name: string, totalBytes: number | null): Record<string, string | number> {
  const encoded = encodeURIComponent(wellFormed(name)).replace(/['()*]/g, escapeMark);
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encoded}`,
    ...(totalBytes === null ? {} : { 'content-length': totalBytes }),
  };
}

/** Escapes a character that encodeURIComponent leaves as it is but RFC 8187 doesn't allow. */
function escapeMark(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}
