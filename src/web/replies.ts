import type { ServerResponse } from 'node:http';
import { CONTENT_SECURITY_POLICY, type Envelope, encodeWire } from '#contract';

/** Headers of every response, errors too. No CORS header is ever among them. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** An envelope as JSON: for all that holds no columns, and for refusals. */
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

/** An envelope that may hold columns. */
export function replyWire(response: ServerResponse, envelope: Envelope<unknown>): void {
  const body = encodeWire(envelope);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
  response.end(body);
}
