import type { IncomingMessage } from 'node:http';
import { LayerscopeError } from '#model';

/** Error for a refused request, with an HTTP status. */
export class Refusal extends LayerscopeError {
  readonly status: number;

  constructor(status: number, code: 'BAD_REQUEST' | 'FORBIDDEN' | 'NOT_FOUND' | 'TOO_LARGE' | 'CANCELLED', message: string) {
    super(code, message);
    this.status = status;
  }
}

/** Maximum size of a JSON body in bytes: enough for the longest path in hex digits. */
const MAX_BODY_BYTES = 262_144;

/** How long a body may stall before it is cut off. */
const IDLE_BODY_MS = 30_000;

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT'];

/**
 * Checks that a request is addressed to this host's own name, which prevents DNS rebinding, and that a request that may change something
 * comes from a page of this host. Throws {@link Refusal}.
 */
export function checkOrigin(request: IncomingMessage, port: number): void {
  const { method = '', headers, headersDistinct } = request;
  if (!METHODS.includes(method)) throw new Refusal(405, 'BAD_REQUEST', 'unsupported method');
  const hosts = ['127.0.0.1', 'localhost'].flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  const host = headersDistinct.host?.length === 1 ? (headers.host ?? '') : '';
  if (!hosts.includes(host)) throw new Refusal(421, 'FORBIDDEN', 'the request is for another host');
  const isReading = method === 'GET' || method === 'HEAD';
  const { origin } = headers;
  if (origin === undefined ? !isReading : origin !== `http://${host}`) {
    throw new Refusal(403, 'FORBIDDEN', 'the request comes from another page');
  }
}

/** Refuses requests that the browser marks as coming from another site. Throws {@link Refusal}. */
export function checkSite(request: IncomingMessage): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new Refusal(403, 'FORBIDDEN', 'the request comes from another page');
  }
}

/** Checks a request's content type. Throws {@link Refusal}. */
export function checkType(request: IncomingMessage, type: 'application/json' | 'application/octet-stream'): void {
  const given = /^[^;]*/
    .exec(request.headers['content-type'] ?? '')?.[0]
    .trim()
    .toLowerCase();
  if (given !== type) throw new Refusal(415, 'BAD_REQUEST', `the content type must be ${type}`);
}

/** Reads a body as JSON up to a size limit. Throws {@link Refusal}. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  checkType(request, 'application/json');
  const tooLarge = new Refusal(413, 'TOO_LARGE', 'the request is too long');
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge;
  const batches: Buffer[] = [];
  let length = 0;
  cutOffWhenIdle(request);
  for await (const batch of request as AsyncIterable<Buffer>) {
    length += batch.length;
    if (length > MAX_BODY_BYTES) throw tooLarge;
    batches.push(batch);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(batches)));
  } catch {
    throw new Refusal(400, 'BAD_REQUEST', 'the body is not JSON');
  }
}

/** Closes the connection if the request's body stalls. */
export function cutOffWhenIdle(request: IncomingMessage): void {
  const { socket } = request;
  const onIdle = (): void => void request.destroy();
  socket.setTimeout(IDLE_BODY_MS, onIdle);
  request.once('close', () => {
    socket.setTimeout(0);
    socket.off('timeout', onIdle);
  });
}
