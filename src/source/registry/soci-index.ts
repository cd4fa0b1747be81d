// The SOCI index of an image: a manifest whose blobs are zTOCs of the image's layers. Source: awslabs/soci-snapshotter docs/soci-index.md.
//
// - v1: the index refers to the image (referrers). Anyone who may push can add such an index, so it can't be verified.
// - v2: the image's manifest contains the digest of the index, in com.amazon.soci.index-digest.
import type { ArchiveReader, FetchedZtoc, OnTocSize } from '#archive';
import { parseIndexed, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import type { RegistryClient } from './registry-client.ts';

const V1 = 'application/vnd.amazon.soci.index.v1+json';
const STATED = 'com.amazon.soci.index-digest';
const LAYER = 'com.amazon.soci.image-layer-digest';
const ZTOC = 'application/octet-stream';
const MAX_ZTOC_BYTES = 150 * 1024 * 1024;

interface Listed {
  readonly isVouched: boolean;
  /** Digests of zTOCs, keyed by the digest of their layer. */
  readonly ztocs: ReadonlyMap<string, { readonly digest: string; readonly size: number | null }>;
}

/** Finds an image's SOCI index on first use. */
export class SociIndex {
  readonly #client: RegistryClient;
  readonly #reader: Pick<ArchiveReader, 'keptDocument' | 'keepDocument'>;
  readonly #manifestDigest: string;
  readonly #stated: string | null;
  #listed: Promise<Listed> | null = null;

  /** `annotations` are those of the image's manifest and of its entry in an index. */
  constructor(
    client: RegistryClient,
    reader: Pick<ArchiveReader, 'keptDocument' | 'keepDocument'>,
    manifestDigest: string,
    annotations: Readonly<Record<string, string>>,
  ) {
    this.#client = client;
    this.#reader = reader;
    this.#manifestDigest = manifestDigest;
    this.#stated = annotations[STATED] ?? null;
  }

  /**
   * Returns a layer's zTOC, after checking its digest; null if there is none. Throws DIGEST_MISMATCH, and what {@link RegistryClient}
   * throws.
   */
  async of(layer: string, signal: AbortSignal | undefined, onSize?: OnTocSize): Promise<FetchedZtoc | null> {
    this.#listed ??= this.#list(signal);
    const listed = await this.#listed.catch((error: unknown) => {
      this.#listed = null;
      throw error;
    });
    const found = listed.ztocs.get(layer);
    if (found === undefined) return null;
    const { digest, size } = found;
    await onSize?.(size ?? MAX_ZTOC_BYTES);
    const kept = this.#reader.keptDocument(digest);
    const bytes = kept ?? (await this.#client.document(digest, size, MAX_ZTOC_BYTES, { signal }));
    if (kept === null) this.#reader.keepDocument(digest, bytes);
    return { digest, bytes, isVouched: listed.isVouched };
  }

  async #list(signal: AbortSignal | undefined): Promise<Listed> {
    const digest = this.#stated ?? (await this.#client.referrers(this.#manifestDigest, V1, { signal, most: 1 }))[0]?.digest ?? null;
    const ztocs = new Map<string, { readonly digest: string; readonly size: number | null }>();
    if (digest === null) return { isVouched: false, ztocs };
    const kept = this.#reader.keptDocument(digest);
    const bytes = kept ?? (await this.#client.manifest(digest, { signal })).bytes;
    if (kept === null) this.#reader.keepDocument(digest, bytes);
    const value = parseIndexed(parseJson(bytes, `manifest ${digest}`));
    if (value?.kind !== 'manifest') throw new LayerscopeError('BAD_MANIFEST', `${digest} is not a manifest`);
    for (const each of value.layers) {
      const layer = each.annotations[LAYER];
      if (layer !== undefined && each.mediaType === ZTOC && each.digest !== '') ztocs.set(layer, { digest: each.digest, size: each.size });
    }
    return { isVouched: this.#stated !== null, ztocs };
  }
}
