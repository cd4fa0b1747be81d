// TOCs of eStargz layers, stored in a separate image with the tag TAG-esgztoc. Each layer of that image is a TOC in a gzipped tar. Source:
// stargz-snapshotter docs/estargz.md, nativeconverter/estargz/externaltoc.
import type { ArchiveReader, OnTocSize } from '#archive';
import { parseIndexed, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import type { RegistryClient } from './registry-client.ts';

const SUFFIX = '-esgztoc';
const LAYER = 'containerd.io/snapshot/stargz/layer.digest';
const MAX_TOC_BYTES = 96 * 1024 * 1024;

type Documents = Pick<ArchiveReader, 'keptDocument' | 'keepDocument'>;
type Listed = ReadonlyMap<string, { readonly digest: string; readonly size: number | null }>;

/** The TOC image that belongs to an image. Fetched on first use. */
export class ExternalTocs {
  readonly #client: RegistryClient;
  readonly #reader: Documents;
  readonly #tag: string | null;
  /** Keyed by the digest of the layer that a TOC belongs to. */
  #listed: Promise<Listed> | null = null;

  /** `tag`: the image's tag, from which the name of its TOC image is made; null for an image referred to by digest. */
  constructor(client: RegistryClient, reader: Documents, tag: string | null) {
    this.#client = client;
    this.#reader = reader;
    this.#tag = tag;
  }

  /**
   * Returns the packed TOC of a layer; null if there is none. Its bytes match the digest in the TOC image, but nothing vouches for that
   * image: the TOC can be trusted only if the layer's descriptor states its digest. Throws DIGEST_MISMATCH, and what {@link RegistryClient}
   * throws.
   */
  async of(layer: string, signal: AbortSignal | undefined, onSize?: OnTocSize): Promise<Uint8Array | null> {
    this.#listed ??= this.#list(signal);
    const listed = await this.#listed.catch((error: unknown) => {
      this.#listed = null;
      throw error;
    });
    const found = listed.get(layer);
    if (found === undefined) return null;
    await onSize?.(found.size ?? MAX_TOC_BYTES);
    const kept = this.#reader.keptDocument(found.digest);
    if (kept !== null) return kept;
    const bytes = await this.#client.document(found.digest, found.size, MAX_TOC_BYTES, { signal });
    this.#reader.keepDocument(found.digest, bytes);
    return bytes;
  }

  async #list(signal: AbortSignal | undefined): Promise<Listed> {
    const listed = new Map<string, { readonly digest: string; readonly size: number | null }>();
    const bytes = this.#tag === null ? null : await this.#manifest(`${this.#tag}${SUFFIX}`, signal);
    if (bytes === null) return listed;
    const value = parseIndexed(parseJson(bytes, `the manifest of ${this.#tag}${SUFFIX}`));
    for (const each of value?.kind === 'manifest' ? value.layers : []) {
      const layer = each.annotations[LAYER];
      if (layer !== undefined && each.digest !== '' && each.urls.length === 0) listed.set(layer, { digest: each.digest, size: each.size });
    }
    return listed;
  }

  async #manifest(tag: string, signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    try {
      return (await this.#client.manifest(tag, { signal })).bytes;
    } catch (error) {
      if (error instanceof LayerscopeError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }
}
