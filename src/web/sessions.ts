import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SESSION_HEADER } from '#contract';
import type { Host, Sender } from '#host';

/**
 * Who may talk to the host: pages that exchanged a token for a secret, and say it in a header of each request. No cookie: a browser sends
 * those to every port of an address, so to every program that listens there. Source: RFC 6265 8.5.
 */
export interface Sessions {
  /** A token of 256 bits that can be exchanged once. */
  issueToken(): string;
  /** The secret of a new session; null where the token is unknown or was exchanged before. */
  exchange(token: unknown): string | null;
  /** The session whose secret the request's header is, null where there is none. */
  find(request: IncomingMessage): Sender | null;
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function createSessions(host: Host): Sessions {
  const tokens = new Set<Buffer>();
  const sessions = new Map<string, Sender>(); // by the digest of the secret: how long a lookup takes says nothing about it

  return {
    issueToken() {
      const token = randomBytes(32).toString('hex');
      tokens.add(digest(token));
      return token;
    },
    exchange(token) {
      if (typeof token !== 'string') return null;
      const given = digest(token);
      const known = [...tokens].find((each) => timingSafeEqual(each, given));
      if (known === undefined) return null;
      tokens.delete(known);
      const secret = randomBytes(32).toString('hex');
      sessions.set(digest(secret).toString('hex'), host.admit());
      return secret;
    },
    find({ headersDistinct }) {
      const [secret, second] = headersDistinct[SESSION_HEADER] ?? [];
      if (secret === undefined || second !== undefined) return null;
      return sessions.get(digest(secret).toString('hex')) ?? null;
    },
  };
}
