// Reads one repository: manifests, blobs, tags and referrers. Source: OCI distribution-spec, "Pull", "Content Discovery", "Listing
// Referrers".
import { algorithmOf, Digester } from '#archive';
import { asArray, asObject, asSize, asText, MEDIA_TYPE, parseJson } from '#format/image';
import { displayText, formatSize, isDigest, LayerscopeError } from '#model';
import { Gathered } from '../http/gathered.ts';
import type { HttpReply } from '../http/http-client.ts';
import { parseContentRange } from './content-range.ts';
import { type RegistryEndpoint, refusal } from './registry-endpoint.ts';

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_PAGES = 100;
const MAX_TAGS = 100_000;
const MAX_REFERRERS = 10_000;
/** Maximum total size of all pages of a list, in bytes: a hundred thousand tags take a fraction of it. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;
/** Limits on a referrer's annotations; those that tools write are few and short. */
const MAX_ANNOTATIONS = 64;
const MAX_ANNOTATION_LENGTH = 4096;
/** How many times a blob's connection may break within PROGRESS_BYTES. */
const MAX_RESUMES = 5;
const PROGRESS_BYTES = 1024 * 1024;
const ACCEPT = [MEDIA_TYPE.ociIndex, MEDIA_TYPE.dockerIndex, MEDIA_TYPE.ociManifest, MEDIA_TYPE.dockerManifest].join(', ');

/** A manifest or index, whose bytes have been hashed. */
export interface FetchedManifest {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly endpoint: RegistryEndpoint;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A manifest that refers to another, as listed in an index of referrers. Fields are as stated. */
export interface Referrer {
  readonly digest: string;
  readonly mediaType: string | null;
  readonly artifactType: string | null;
  readonly size: number;
  /** At most 64, and only those whose name and value have at most 4,096 characters each. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A repository at its endpoints: its mirrors, then its registry. */
export class RegistryClient {
  readonly #endpoints: readonly RegistryEndpoint[];

  /** `endpoints` are in the order to try them. */
  constructor(endpoints: readonly RegistryEndpoint[]) {
    this.#endpoints = endpoints;
  }

  /**
   * Returns a tag's digest as stated by the registry; null if not stated. Throws NOT_FOUND, and what {@link RegistryEndpoint.request}
   * throws.
   */
  async tagDigest(tag: string, { signal }: CallOptions = {}): Promise<string | null> {
    return this.#first(async (endpoint) => {
      const reply = await endpoint.request(`manifests/${tag}`, { method: 'HEAD', accept: ACCEPT, signal });
      reply.discard();
      // Some servers don't support HEAD; the manifest then has to be fetched to find the digest.
      if (reply.status === 405 || reply.status === 400 || reply.status === 501) return null;
      if (reply.status !== 200) throw await refusal(reply, 'no such image');
      const digest = reply.headers['docker-content-digest'];
      return typeof digest === 'string' && isDigest(digest) ? digest : null;
    });
  }

  /**
   * Fetches a manifest by tag or digest. Throws NOT_FOUND; DIGEST_MISMATCH; UNSUPPORTED for schema 1; and what
   * {@link RegistryEndpoint.request} throws.
   */
  async manifest(reference: string, { signal }: CallOptions = {}): Promise<FetchedManifest> {
    return this.#first(async (endpoint) => {
      const reply = await endpoint.request(`manifests/${reference}`, { accept: ACCEPT, signal });
      if (reply.status !== 200) throw await refusal(reply, 'no such image');
      const bytes = await reply.bytes(MAX_MANIFEST_BYTES);
      const stated = isDigest(reference) ? reference : null;
      const digest = digestOf(bytes, algorithmOf(stated));
      if (stated !== null && digest !== stated)
        throw new LayerscopeError('DIGEST_MISMATCH', `${reply.place}: the manifest ${stated} hashes to ${digest}`);
      refuseOldSchema(bytes, reply.place);
      return { bytes, digest, endpoint };
    });
  }

  /** Fetches a blob that is a document. Throws TOO_LARGE; DIGEST_MISMATCH; NOT_FOUND; and what {@link RegistryEndpoint.request} throws. */
  async document(digest: string, size: number | null, limit: number, options: CallOptions = {}): Promise<Uint8Array> {
    const most = size ?? limit;
    if (most > limit) throw new LayerscopeError('TOO_LARGE', `the document has ${most} bytes; the limit is ${limit}`);
    const gathered = new Gathered();
    for await (const piece of this.blob(digest, size, { ...options, limit })) gathered.add(piece);
    return gathered.bytes();
  }

  /**
   * Yields a blob's bytes, resuming after a broken connection. If `size` is null, there may be at most `limit` bytes. Throws
   * DIGEST_MISMATCH after the last byte if the bytes don't match the digest, or as soon as there are more than `size`; NOT_FOUND; and what
   * requests throw.
   */
  async *blob(
    digest: string,
    size: number | null,
    { signal, limit = Number.MAX_SAFE_INTEGER }: CallOptions & { limit?: number } = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const digester = new Digester(algorithmOf(digest));
    const most = size ?? limit;
    let at = 0;
    for (let tries = 0; ; ) {
      const before = at;
      try {
        for await (const piece of this.#piecesFrom(digest, at, size, signal)) {
          at += piece.length;
          if (at > most)
            throw new LayerscopeError(size === null ? 'TOO_LARGE' : 'DIGEST_MISMATCH', `blob ${digest}: more than its ${most} bytes`);
          digester.update(piece);
          yield piece;
        }
        if (size === null || at === size) break;
        throw new LayerscopeError('UNREACHABLE', `blob ${digest}: ended after ${at} of its ${size} bytes`);
      } catch (error) {
        const isBroken = error instanceof LayerscopeError && error.code === 'UNREACHABLE';
        if (at - before >= PROGRESS_BYTES) tries = 0;
        if (!isBroken || size === null || before === at || ++tries > MAX_RESUMES) throw error;
      }
    }
    const found = digester.finish();
    if (found !== digest) throw new LayerscopeError('DIGEST_MISMATCH', `blob ${digest}: its content hashes to ${found}`);
  }

  /**
   * Reads a part of a blob; fewer bytes only at its end. Nothing is hashed, because only a digest of the part itself could verify it. With
   * `isExact`, throws UNSUPPORTED if a server sends the whole blob instead. Throws UNREACHABLE for a range other than the requested one;
   * BLOB_MISSING; and what {@link RegistryEndpoint.request} throws.
   */
  async range(
    digest: string,
    size: number,
    first: number,
    length: number,
    { signal, isExact = false }: CallOptions & { isExact?: boolean } = {},
  ): Promise<Uint8Array> {
    const end = Math.min(first + length, size);
    const bytes = new Uint8Array(Math.max(0, end - first));
    for (let at = first; at < end; ) {
      const before = at;
      for await (const piece of this.#rangePieces(digest, size, [at, end], isExact, signal)) {
        const wanted = piece.subarray(0, end - at);
        bytes.set(wanted, at - first);
        at += wanted.length;
        // Stop early, which closes the connection to a server that sends the whole blob.
        if (at === end) break;
      }
      if (at === before) throw new LayerscopeError('UNREACHABLE', `blob ${digest}: ended after ${at} of its ${size} bytes`);
    }
    return bytes;
  }

  async *#rangePieces(
    digest: string,
    size: number,
    [at, end]: readonly [number, number],
    isExact: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const reply = await this.#first(async (endpoint) =>
      checkedRange(await endpoint.blobRange(digest, [at, end - 1], signal), digest, [at, end - 1], size),
    );
    if (isExact && reply.status === 200 && end - at < size) {
      reply.discard();
      throw new LayerscopeError('UNSUPPORTED', `${reply.place}: only sends whole blobs`);
    }
    yield* reply.status === 200 ? skip(reply, at) : reply.pieces();
  }

  /** Yields the bytes of a blob from `at` on, whether or not the server supports range requests. */
  async *#piecesFrom(digest: string, at: number, size: number | null, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const range = at > 0 && size !== null ? ([at, size - 1] as const) : null;
    const reply = await this.#first(async (endpoint) =>
      checkedRange(await endpoint.request(`blobs/${digest}`, { signal, ...(range === null ? {} : { range }) }), digest, range, size),
    );
    yield* reply.status === 200 ? skip(reply, at) : reply.pieces();
  }

  /**
   * Returns the tags of the repository, in the registry's order; at most 100,000. Throws NOT_FOUND, TOO_LARGE, and what
   * {@link RegistryEndpoint.request} throws.
   */
  async tags({ signal }: CallOptions = {}): Promise<readonly string[]> {
    return this.#first(async (endpoint) => {
      const tags: string[] = [];
      let size = 0;
      let reply: HttpReply | null = await endpoint.request('tags/list?n=1000', { signal });
      if (reply.status !== 200) throw await refusal(reply, 'no such repository');
      for (let pages = 1; reply !== null; pages++) {
        const bytes: Uint8Array = await reply.bytes(MAX_MANIFEST_BYTES);
        size += bytes.length;
        const value = asObject(parseJson(bytes, 'the list of tags'));
        for (const tag of asArray(value?.tags)) if (typeof tag === 'string') tags.push(tag);
        refuseEndless(reply.place, pages, size, tags.length, MAX_TAGS);
        reply = await endpoint.nextPage(reply, { signal });
        if (reply !== null && reply.status !== 200) throw await refusal(reply, 'no such page');
      }
      return tags;
    });
  }

  /**
   * Lists what refers to a manifest, limited to one type if `artifactType` is given. Uses the registry's list or, for older registries, a
   * tag. Doesn't request further pages once there are `most`. Throws TOO_LARGE, BAD_MANIFEST, and what {@link RegistryEndpoint.request}
   * throws.
   */
  async referrers(
    digest: string,
    artifactType: string | null,
    { signal, most = Number.POSITIVE_INFINITY }: CallOptions & { readonly most?: number } = {},
  ): Promise<readonly Referrer[]> {
    return this.#first(async (endpoint) => {
      const query = artifactType === null ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
      let reply: HttpReply | null = await endpoint.request(`referrers/${digest}${query}`, { accept: MEDIA_TYPE.ociIndex, signal });
      if (reply.status === 404) {
        reply.discard();
        reply = await endpoint.request(`manifests/${digest.replace(':', '-')}`, { accept: MEDIA_TYPE.ociIndex, signal });
        if (reply.status === 404) {
          reply.discard();
          return [];
        }
      }
      if (reply.status !== 200) throw await refusal(reply, 'no referrers');
      const found: Referrer[] = [];
      let size = 0;
      for (let pages = 1; reply !== null; pages++) {
        const bytes: Uint8Array = await reply.bytes(MAX_MANIFEST_BYTES);
        size += bytes.length;
        const value = asObject(parseJson(bytes, 'the list of referrers'));
        for (const entry of asArray(value?.manifests)) {
          const referrer = parseReferrer(entry);
          // Filters here too, because a registry may ignore the filter.
          if (referrer !== null && (artifactType === null || referrer.artifactType === artifactType)) found.push(referrer);
        }
        refuseEndless(reply.place, pages, size, found.length, MAX_REFERRERS);
        if (found.length >= most) break;
        reply = await endpoint.nextPage(reply, { accept: MEDIA_TYPE.ociIndex, signal });
        if (reply !== null && reply.status !== 200) throw await refusal(reply, 'no such page');
      }
      return found;
    });
  }

  /** Tries the endpoints in order. Ignores errors of mirrors, but throws the registry's own. */
  async #first<T>(ask: (endpoint: RegistryEndpoint) => Promise<T>): Promise<T> {
    for (const [index, endpoint] of this.#endpoints.entries()) {
      try {
        return await ask(endpoint);
      } catch (error) {
        const isLast = index === this.#endpoints.length - 1;
        if (isLast || !(error instanceof LayerscopeError) || error.code === 'CANCELLED') throw error;
      }
    }
    throw new LayerscopeError('UNREACHABLE', 'the settings of this machine forbid this registry');
  }
}

function digestOf(bytes: Uint8Array, algorithm: string): string {
  const digester = new Digester(algorithm);
  digester.update(bytes);
  return digester.finish();
}

/** Yields the pieces of a complete body from `at` on. */
async function* skip(reply: HttpReply, at: number): AsyncGenerator<Uint8Array> {
  let left = at;
  for await (const piece of reply.pieces()) {
    if (left < piece.length) yield left === 0 ? piece : piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

/**
 * Returns a response with a complete blob or exactly the requested range. Throws UNREACHABLE, BLOB_MISSING and the errors of
 * {@link refusal}.
 */
async function checkedRange(
  reply: HttpReply,
  digest: string,
  range: readonly [first: number, last: number] | null,
  size: number | null,
): Promise<HttpReply> {
  if (reply.status === 200) return reply;
  if (range !== null && reply.status === 206) {
    const got = parseContentRange(reply.headers['content-range']);
    const isSameBlob = got?.total === null || got?.total === size;
    if (got?.first === range[0] && got.last <= range[1] && isSameBlob) return reply;
    reply.discard();
    throw new LayerscopeError('UNREACHABLE', `${reply.place}: sent a different range than requested`);
  }
  if (reply.status === 404) {
    reply.discard();
    throw new LayerscopeError('BLOB_MISSING', `${reply.place}: has no blob ${digest}`);
  }
  throw await refusal(reply, 'no such blob');
}

function refuseOldSchema(bytes: Uint8Array, place: string): void {
  const value = asObject(parseJson(bytes, `${place}: the manifest`));
  if (value?.schemaVersion === 1)
    throw new LayerscopeError('UNSUPPORTED', `${place}: the manifest has schema 1, which registries no longer accept`);
}

function refuseEndless(place: string, pages: number, bytes: number, count: number, most: number): void {
  if (pages > MAX_PAGES || count > most || bytes > MAX_LIST_BYTES)
    throw new LayerscopeError(
      'TOO_LARGE',
      `${place}: the list has more than ${MAX_PAGES} pages, ${most} entries or ${formatSize(MAX_LIST_BYTES)}`,
    );
}

function parseReferrer(value: unknown): Referrer | null {
  const object = asObject(value);
  const digest = asText(object?.digest);
  if (object === null || digest === null || !isDigest(digest)) return null;
  const mediaType = asText(object.mediaType);
  return {
    digest,
    mediaType: mediaType === null ? null : displayText(mediaType),
    artifactType: asText(object.artifactType),
    size: asSize(object.size) ?? 0,
    annotations: shortTexts(asObject(object.annotations) ?? {}),
  };
}

/**
 * Returns the first {@link MAX_ANNOTATIONS} fields whose names and values aren't longer than {@link MAX_ANNOTATION_LENGTH}, so that the
 * rest need not be kept in memory.
 */
function shortTexts(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const kept: [string, string][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value.length > MAX_ANNOTATION_LENGTH || name.length > MAX_ANNOTATION_LENGTH) continue;
    kept.push([name, value]);
    if (kept.length >= MAX_ANNOTATIONS) break;
  }
  return Object.fromEntries(kept);
}
