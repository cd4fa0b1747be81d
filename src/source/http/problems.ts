// Messages for network errors. They contain only the host and port of an address, because a signed URL is a secret.
import { asLayerscopeError, displayText, LayerscopeError } from '#model';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'closed the connection before the end of its reply',
  EPIPE: 'closed the connection',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'does not respond',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ENOENT: 'no socket',
  ENOTSOCK: 'not a socket',
  ENOTDIR: 'no socket',
  EPROTO: 'does not speak TLS as expected',
  ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'does not speak TLS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
};

/** OpenSSL's codes for a chain that doesn't end in a trusted certificate. */
const UNTRUSTED = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_SSL_)/;

/** Returns the host and port of a URL, for messages. */
export function placeOf(url: URL): string {
  return displayText(url.host);
}

/** Converts an error from a socket, TLS or the HTTP parser to UNREACHABLE, or PERMISSION. `place` is the server, safe to print. */
export function networkError(error: unknown, place: string): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  const { code } = (error ?? {}) as { code?: unknown };
  const text = typeof code === 'string' ? code : '';
  if (text === 'ABORT_ERR') return asLayerscopeError(error);
  if (text === 'EACCES' || text === 'EPERM') return new LayerscopeError('PERMISSION', `${place}: permission denied`, { cause: error });
  const words =
    WORDS[text] ??
    (text.startsWith('HPE_')
      ? 'its reply is not HTTP'
      : UNTRUSTED.test(text)
        ? `its certificate is not trusted (${displayText(text)})`
        : null);
  // OpenSSL refused the client's certificate or key before anything was sent.
  if (words === null && text.startsWith('ERR_OSSL_'))
    return new LayerscopeError('UNREACHABLE', `${place}: the certificates or key for it cannot be used (${displayText(text)})`, {
      cause: error,
    });
  if (words !== null) return new LayerscopeError('UNREACHABLE', `${place}: ${words}`, { cause: error });
  if (/^E[A-Z0-9_]+$/.test(text)) return new LayerscopeError('UNREACHABLE', `${place}: cannot be reached (${text})`, { cause: error });
  return asLayerscopeError(error);
}
