// Images in registries, by reference. Fetches only what is needed: the manifest, the config, and a layer's blob when the layer is read.
import type { Archive, BlobParts, FetchableBlob } from '#archive';
import {
  attestedDigest,
  type Descriptor,
  isForeignMediaType,
  MEDIA_TYPE,
  machinePlatform,
  type OciIndex,
  type OciManifest,
  parseIndexed,
  parseJson,
  platformName,
  platformRank,
  statedCompression,
} from '#format/image';
import { familiarName, fullName, type Reference } from '#format/reference';
import { displayText, LayerscopeError, type SourceReport } from '#model';
import { HttpClient } from '../http/http-client.ts';
import { NetworkRouter } from '../http/network-router.ts';
import { certificateFolders } from '../http/tls-files.ts';
import type { ImageSource, OpenSourceOptions, SourceEnvironment, SourceWord } from '../types.ts';
import { type CredentialSource, UserCredentials } from './credentials.ts';
import { ExternalTocs } from './external-tocs.ts';
import { type Referrer, RegistryClient } from './registry-client.ts';
import { RegistryEndpoint } from './registry-endpoint.ts';
import { RegistrySettings } from './registry-settings.ts';
import { SociIndex } from './soci-index.ts';

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** Maximum number of nested index levels. */
const MAX_DEPTH = 2;
/** Maximum number of entries in all indexes. */
const MAX_ENTRIES = 1000;

export interface RegistryOptions {
  /** Hosts that may be contacted without TLS. */
  readonly plainHttp?: readonly string[];
  /** Hosts of token servers that may get a registry's credentials although they don't belong to it. */
  readonly realms?: readonly string[];
  /** Defaults to the user's credentials. */
  readonly credentials?: CredentialSource;
  readonly silenceMs?: number;
  /** For tests: a folder to use in place of `/etc`. */
  readonly system?: string;
}

export interface ReferrerList {
  /** Digest of the manifest or index that is referred to. */
  readonly subject: string;
  readonly referrers: readonly Referrer[];
}

/** A manifest or index whose bytes have been hashed. */
interface Document {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** The entry of the index that is generated for an image. */
interface ShownEntry {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** All registries as one source. A reference names the registry that it is in. */
export class RegistrySource implements ImageSource {
  readonly kind = 'registry';
  readonly engine = null;
  /** Empty, because the image's name includes the registry. */
  readonly place = '';
  readonly list = null;
  readonly #environment: SourceEnvironment;
  readonly #options: RegistryOptions;

  constructor(environment: SourceEnvironment, options: RegistryOptions = {}) {
    this.#environment = environment;
    this.#options = options;
  }

  answers(word: SourceWord): boolean {
    return referenceOf(word) !== null;
  }

  async platforms(word: SourceWord, options: OpenSourceOptions): Promise<readonly string[]> {
    const reference = requireReference(word);
    const { http, client } = this.#connect(reference);
    using _http = http;
    return new RegistryImage(http, client, reference, options).platforms();
  }

  async open(word: SourceWord, options: OpenSourceOptions): Promise<Archive> {
    const reference = requireReference(word);
    const { http, client } = this.#connect(reference);
    try {
      return await new RegistryImage(http, client, reference, options).open();
    } catch (error) {
      http[Symbol.dispose]();
      throw error;
    }
  }

  /** Returns the tags of a repository. Throws what {@link RegistryClient.tags} throws. */
  async tags(reference: Reference, signal?: AbortSignal): Promise<readonly string[]> {
    const { http, client } = this.#connect(reference);
    using _http = http;
    return client.tags({ signal });
  }

  /**
   * Returns what refers to an image, such as signatures, and the digest of that image. Throws what {@link RegistryClient.referrers} throws.
   */
  async referrers(reference: Reference, artifactType: string | null, signal?: AbortSignal): Promise<ReferrerList> {
    const { http, client } = this.#connect(reference);
    using _http = http;
    const { digest } = await client.manifest(reference.digest ?? reference.tag ?? 'latest', { signal });
    return { subject: digest, referrers: await client.referrers(digest, artifactType, { signal }) };
  }

  #connect(reference: Reference): { readonly http: HttpClient; readonly client: RegistryClient } {
    const { env, home, offline, systemProxy } = this.#environment;
    const { plainHttp = [], realms = [], credentials = new UserCredentials(env, home), silenceMs, system } = this.#options;
    const settings = new RegistrySettings({ env, home, plainHttp, ...(system === undefined ? {} : { system }) });
    const router = new NetworkRouter({
      env,
      certificateFolders: certificateFolders(env, home),
      isUnchecked: (host) => settings.isInsecure(host),
      authorities: (host) => settings.authorities(host),
      systemProxy,
    });
    const http = new HttpClient({ router, offline, ...(silenceMs === undefined ? {} : { silenceMs }) });
    const endpoint = { client: http, credentials, realms: new Set(realms) };
    const client = new RegistryClient(settings.places(reference).map((place) => new RegistryEndpoint(place, endpoint)));
    return { http, client };
  }
}

/** Returns the word's reference. Throws USAGE if there is none. */
function requireReference(word: SourceWord): Reference {
  const reference = referenceOf(word);
  if (reference === null) throw new LayerscopeError('USAGE', 'a registry needs a name with a host, a tag or a digest');
  return reference;
}

function referenceOf(word: SourceWord): Reference | null {
  if (word.kind === 'registry') return word.reference;
  return word.kind === 'name' && word.mayBeRemote ? word.name.reference : null;
}

/** Opens one image. */
class RegistryImage {
  readonly #http: HttpClient;
  readonly #client: RegistryClient;
  readonly #reference: Reference;
  readonly #options: OpenSourceOptions;
  readonly #documents = new Map<string, Uint8Array>();
  #entries = 0;
  #isVerified = true;

  constructor(http: HttpClient, client: RegistryClient, reference: Reference, options: OpenSourceOptions) {
    this.#http = http;
    this.#client = client;
    this.#reference = reference;
    this.#options = options;
  }

  async open(): Promise<Archive> {
    const root = await this.#root();
    const { entry, manifest } = await this.#choose(root);
    await this.#config(manifest);
    const http = this.#http;
    const isVerified = (): boolean => this.#isVerified;
    const name = familiarName(this.#reference);
    const soci = new SociIndex(this.#client, this.#options.reader, entry.digest, { ...entry.annotations, ...manifest.annotations });
    const external = new ExternalTocs(this.#client, this.#options.reader, this.#reference.tag);
    const descriptor = { ...entry, annotations: { 'io.containerd.image.name': name } };
    const source: SourceReport = {
      kind: 'registry',
      host: displayText(this.#reference.host),
      reference: fullName(this.#reference),
      digest: root.digest,
      get fetchedBytes() {
        return http.fetchedBytes;
      },
      get requests() {
        return http.requests;
      },
      get verified() {
        return isVerified();
      },
    };
    return this.#options.reader.openFetched({
      title: name,
      format: 'registry',
      source,
      index: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [descriptor] })),
      documents: this.#documents,
      blobs: manifest.layers.flatMap((layer) => this.#blob(layer, soci, external)),
      onClose: () => http[Symbol.dispose](),
    });
  }

  /** Returns the platforms of an index, the default first; empty if there is no choice. */
  async platforms(): Promise<readonly string[]> {
    const value = this.#parse(await this.#root());
    if (value.kind === 'manifest') return [];
    const all = await this.#flatten(value, 1);
    const names = new Set(
      [pick(all, undefined), ...all].map(({ platform }) => platformName(platform)).filter((name) => name !== 'unknown'),
    );
    return names.size > 1 ? [...names] : [];
  }

  /**
   * Fetches what the reference names. For a tag, first looks up the digest: that is cheap, and the document with that digest may be cached.
   */
  async #root(): Promise<Document> {
    const { digest, tag } = this.#reference;
    const { signal } = this.#options;
    const known = digest ?? (await this.#client.tagDigest(tag ?? 'latest', { signal }));
    return known === null ? this.#fetch(tag ?? 'latest') : this.#document(known);
  }

  async #document(digest: string): Promise<Document> {
    const kept = this.#options.reader.keptDocument(digest);
    if (kept === null) return this.#fetch(digest);
    return { digest, bytes: kept };
  }

  async #fetch(reference: string): Promise<Document> {
    const { digest, bytes } = await this.#client.manifest(reference, { signal: this.#options.signal });
    this.#options.reader.keepDocument(digest, bytes);
    return { digest, bytes };
  }

  /** Chooses the manifest to show: the root itself, or the one for the requested platform. */
  async #choose(root: Document): Promise<{ readonly entry: ShownEntry; readonly manifest: OciManifest }> {
    const value = this.#parse(root);
    if (value.kind === 'manifest') {
      this.#documents.set(root.digest, root.bytes);
      return {
        entry: { mediaType: value.mediaType ?? MEDIA_TYPE.ociManifest, digest: root.digest, size: root.bytes.length },
        manifest: value,
      };
    }
    const chosen = pick(await this.#flatten(value, 1), this.#options.platform);
    const document = await this.#document(chosen.digest);
    const manifest = this.#parse(document);
    if (manifest.kind !== 'manifest') throw new LayerscopeError('BAD_MANIFEST', `${document.digest} is not a manifest`);
    this.#documents.set(document.digest, document.bytes);
    const { mediaType, digest, platform, annotations } = chosen;
    const shown = platform === null ? {} : { platform: shownPlatform(platform) };
    return {
      entry: { mediaType: mediaType ?? MEDIA_TYPE.ociManifest, digest, size: document.bytes.length, annotations, ...shown },
      manifest,
    };
  }

  #parse({ bytes, digest }: Document): OciIndex | OciManifest {
    const value = parseIndexed(parseJson(bytes, `manifest ${digest}`));
    if (value === null) throw new LayerscopeError('BAD_MANIFEST', `${digest} is neither a manifest nor an index`);
    return value;
  }

  /** Returns the manifests of an index and of nested indexes. */
  async #flatten(index: OciIndex, depth: number): Promise<Descriptor[]> {
    this.#entries += index.manifests.length;
    if (this.#entries > MAX_ENTRIES) throw new LayerscopeError('TOO_LARGE', `the index has more than ${MAX_ENTRIES} entries`);
    const all: Descriptor[] = [];
    for (const entry of index.manifests) {
      const isIndex = entry.mediaType === MEDIA_TYPE.ociIndex || entry.mediaType === MEDIA_TYPE.dockerIndex;
      if (entry.digest === '' || attestedDigest(entry) !== null) continue;
      if (!isIndex) all.push(entry);
      else if (depth < MAX_DEPTH) {
        const inner = this.#parse(await this.#document(entry.digest));
        if (inner.kind === 'index') all.push(...(await this.#flatten(inner, depth + 1)));
      }
    }
    return all;
  }

  /** Fetches the config. A config that the registry lacks becomes a finding later, not an error. */
  async #config({ config }: OciManifest): Promise<void> {
    if (config === null || config.digest === '') return;
    const { reader, signal } = this.#options;
    const kept = reader.keptDocument(config.digest);
    if (kept !== null) {
      this.#documents.set(config.digest, kept);
      return;
    }
    try {
      const bytes = await this.#client.document(config.digest, config.size, MAX_CONFIG_BYTES, { signal });
      reader.keepDocument(config.digest, bytes);
      this.#documents.set(config.digest, bytes);
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code !== 'BLOB_MISSING') throw error;
    }
  }

  #blob({ digest, size, mediaType, urls, annotations }: Descriptor, soci: SociIndex, external: ExternalTocs): FetchableBlob[] {
    // Never fetch from addresses in a manifest, because that would let the registry choose what this machine connects to.
    if (digest === '' || size === null || isForeignMediaType(mediaType) || urls.length > 0) return [];
    const pieces = (signal: AbortSignal): AsyncIterable<Uint8Array> => this.#client.blob(digest, size, { signal });
    const parts: BlobParts = {
      annotations,
      range: (first, length, signal) => this.#client.range(digest, size, first, length, { signal, isExact: true }),
      ztoc: (signal, onSize) => soci.of(digest, signal, onSize),
      externalToc: (signal, onSize) => external.of(digest, signal, onSize),
      onUnverified: () => {
        this.#isVerified = false;
      },
    };
    return [{ digest, length: size, compression: statedCompression(mediaType) ?? 'none', pieces, parts }];
  }
}

/** Formats the platform stated in a descriptor. */
function shownPlatform({ os, architecture, variant, osVersion }: NonNullable<Descriptor['platform']>): object {
  return {
    ...(os === null ? {} : { os }),
    ...(architecture === null ? {} : { architecture }),
    ...(variant === null ? {} : { variant }),
    ...(osVersion === null ? {} : { 'os.version': osVersion }),
  };
}

/** Returns the manifest for a platform, by default this machine's or else the first. Throws NOT_FOUND. */
function pick(all: readonly Descriptor[], wanted: string | undefined): Descriptor {
  const platform = wanted?.toLowerCase() ?? machinePlatform(process.platform, process.arch);
  const ranked = all
    .map((descriptor) => ({ descriptor, rank: platformRank(platformName(descriptor.platform), platform) }))
    .filter((each): each is { descriptor: Descriptor; rank: number } => each.rank !== null)
    .sort((a, b) => a.rank - b.rank);
  const best = ranked[0]?.descriptor ?? (wanted === undefined ? all[0] : undefined);
  if (best !== undefined) return best;
  if (all.length === 0) throw new LayerscopeError('NOT_AN_IMAGE', 'the index has no images');
  const platforms = [...new Set(all.map((each) => platformName(each.platform)))].slice(0, 12).join(', ');
  throw new LayerscopeError('NOT_FOUND', `no image for ${displayText(platform)}; available: ${platforms}`);
}
