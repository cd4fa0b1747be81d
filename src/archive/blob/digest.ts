import { createHash } from 'node:crypto';
import { chainIdsOf } from '#format/layer';

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** `sha256` or `sha512`: what a digest was made by; `sha256` where there is none. */
export function algorithmOf(digest: string | null): string {
  return digest === null ? 'sha256' : digest.slice(0, digest.indexOf(':'));
}

/** The digest of bytes that come in pieces. */
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

  /** `sha256:…`. To be called once. */
  finish(): string {
    return `${this.algorithm}:${this.#hash.digest('hex')}`;
  }
}

/** ChainID of each layer, see {@link chainIdsOf}. */
export function chainIds(diffIds: readonly (string | null)[]): readonly (string | null)[] {
  return chainIdsOf(diffIds, (bytes) => createHash('sha256').update(bytes).digest());
}
