import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SESSION_HEADER } from '#contract';
import type { Host, Sender } from '#host';

/**
 * Sessions: pages that exchanged a token for a secret, which they send in a header with each request. The secret isn't a cookie, because a
 * browser sends cookies to every port of an address, and thus to every program listening there. Source: RFC 6265 8.5.
 */
export interface Sessions {
  /** Issues a 256-bit token that can be exchanged once. */
  issueToken(): string;
  /** Starts a session and returns its secret; null if the token is unknown or used. */
  exchange(token: unknown): string | null;
  /** Finds a session by the secret in a request's header; null if there is none. */
  find(request: IncomingMessage): Sender | null;
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Creates the sessions; each is a sender of the host. */
export function createSessions(host: Host): Sessions {
  const tokens = new Set<Buffer>();
  const sessions = new Map<string, Sender>(); // by digest, so that lookup time reveals nothing about the secrets

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
