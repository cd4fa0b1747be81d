import { LayerscopeError } from './errors.ts';

declare const digestBrand: unique symbol;
/** `sha256:` and 64 lower-case hex digits, or `sha512:` and 128 of them. */
export type Digest = string & { readonly [digestBrand]: true };

const FORM = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return FORM.test(text);
}

/** Parses a digest. Throws BAD_MANIFEST if `text` isn't one. Source: OCI image-spec descriptor.md, Digests. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new LayerscopeError('BAD_MANIFEST', `not a digest: ${JSON.stringify(text).slice(0, 100)}`);
}

/** Returns the first 12 hex digits, as Docker prints ids. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(':');
  return digest.slice(colon + 1, colon + 13);
}
