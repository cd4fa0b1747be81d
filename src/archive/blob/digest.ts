import { createHash } from 'node:crypto';
import { chainIdsOf } from '#format/layer';

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Returns the algorithm of a digest, `sha256` or `sha512`; `sha256` for null. */
export function algorithmOf(digest: string | null): string {
  return digest === null ? 'sha256' : digest.slice(0, digest.indexOf(':'));
}

/** Computes a digest of `bytes` with the algorithm of `digest`, so that the two can be compared. */
export function digestLike(digest: string, bytes: Uint8Array): string {
  const digester = new Digester(algorithmOf(digest));
  digester.update(bytes);
  return digester.finish();
}

/** Computes the digest of bytes that arrive in pieces. */
export class Digester {
  readonly algorithm: string;
  readonly #hash;

  constructor(algorithm: string) {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Returns `sha256:…`. Call it only once. */
  finish(): string {
    return `${this.algorithm}:${this.#hash.digest('hex')}`;
  }
}

/** Returns the chainID of each layer; see {@link chainIdsOf}. */
export function chainIds(diffIds: readonly (string | null)[]): readonly (string | null)[] {
  return chainIdsOf(diffIds, (bytes) => createHash('sha256').update(bytes).digest());
}
