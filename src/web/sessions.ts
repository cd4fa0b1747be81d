import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Host, Sender } from '#host';

/** Who may talk to the host: browsers that exchanged a token for a cookie. */
export interface Sessions {
  /** A token of 256 bits that can be exchanged once. */
  issueToken(): string;
  /** The value of the Set-Cookie header; null where the token is unknown or was exchanged before. */
  exchange(token: unknown): string | null;
  /** The session that the request's cookie names, null where there's none. */
  find(request: IncomingMessage): Sender | null;
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** `port` is in the cookie's name: browsers share cookies between all ports of an address. Source: RFC 6265 8.5. */
export function createSessions(host: Host, port: () => number): Sessions {
  const tokens = new Set<Buffer>();
  const sessions = new Map<string, Sender>(); // by the digest of the cookie's value: lookups tell nothing by their time
  const cookieName = (): string => `layerscope-${port()}`;

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
      return `${cookieName()}=${secret}; HttpOnly; SameSite=Strict; Path=/`;
    },
    find(request) {
      for (const pair of (request.headers.cookie ?? '').split(';')) {
        const [name, value] = pair.trim().split('=', 2);
        if (name === cookieName() && value !== undefined) return sessions.get(digest(value).toString('hex')) ?? null;
      }
      return null;
    },
  };
}
