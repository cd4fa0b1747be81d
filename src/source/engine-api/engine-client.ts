// A client for the API of Docker, which Podman serves too. Uses GET only, so nothing is changed. Source:
// docs.docker.com/reference/api/engine.
import { asArray, asObject, asSize, asText, asTexts, type JsonObject, parseJson } from '#format/image';
import { displayText, LayerscopeError, setTime } from '#model';
import type { HttpClient, HttpReply } from '../http/http-client.ts';
import type { ListedImage } from '../types.ts';

/** The newest version of the API that this program knows. */
const OUR_VERSION = [1, 48] as const;
/** The first version in which an export can be limited to a platform. */
const PLATFORM_VERSION = [1, 48] as const;
/**
 * Maximum size of a reply in bytes: once parsed, it takes up to ten times as much memory. A list of a thousand images is 2 MB, one of
 * 100,000 changes 12 MB.
 */
const MAX_JSON_BYTES = 32 * 1024 * 1024;
/**
 * Maximum number of folders on all paths of a container's changes. A folder counts once for each path that it is on; a typical path has
 * ten.
 */
const MAX_FOLDERS = 2_000_000;
const MAX_ERROR_BYTES = 64 * 1024;
/** How long an export may take to start: an engine packs an image before it sends the first byte, which takes minutes for a large image. */
const EXPORT_SILENCE_MS = 30 * 60 * 1000;

type Version = readonly [major: number, minor: number];

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** An image as described by its engine. */
export interface EngineImage {
  /** `sha256:…`, the digest of the config. */
  readonly id: string;
  readonly names: readonly string[];
  readonly manifestDigest: string | null;
}

/** A container as described by its engine. */
export interface EngineContainer {
  readonly id: string;
  readonly name: string;
  /** Id of the container's image. */
  readonly image: string;
  /** The folder on the engine's machine that contains the container's own files; null if the engine doesn't keep them in a folder. */
  readonly upperDir: string | null;
}

/** A change in a container. */
export interface ContainerChange {
  readonly path: string;
  readonly kind: 'modified' | 'added' | 'deleted';
}

/** Requests to one engine. */
export class EngineClient {
  readonly #http: HttpClient;
  #version: Promise<{ readonly prefix: string; readonly version: Version | null; readonly isPodman: boolean }> | null = null;

  constructor(client: HttpClient) {
    this.#http = client;
  }

  /** Whether Podman answers, regardless of the socket's name. Throws UNREACHABLE, PERMISSION, CANCELLED. */
  async isPodman(options: CallOptions = {}): Promise<boolean> {
    return (await this.#negotiated(options)).isPodman;
  }

  /** Lists the images. Throws UNREACHABLE, PERMISSION, CANCELLED. */
  async images(options: CallOptions = {}): Promise<readonly ListedImage[]> {
    const list = asArray(await this.#json('/images/json', 'no images', options));
    return list.flatMap((entry) => {
      const object = asObject(entry);
      const id = asText(object?.Id);
      if (object === null || id === null) return [];
      return [
        {
          names: namesOf(object.RepoTags),
          id: fullId(id),
          digest: digestIn(object.RepoDigests),
          sizeBytes: asSize(object.Size),
          created: timeOf(object.Created),
          platform: null,
        },
      ];
    });
  }

  /** Looks up an image by name or id. Throws NOT_FOUND, UNREACHABLE, PERMISSION, CANCELLED. */
  async image(name: string, options: CallOptions = {}): Promise<EngineImage> {
    const object = asObject(await this.#json(`/images/${encodePath(name)}/json`, 'no such image', options));
    const id = asText(object?.Id);
    if (object === null || id === null) throw new LayerscopeError('UNREACHABLE', 'the reply doesn’t describe an image');
    return { id: fullId(id), names: namesOf(object.RepoTags), manifestDigest: digestIn(object.RepoDigests) };
  }

  /**
   * Returns Docker's data root on the machine it runs on, which may not be this one; null if not reported. Throws what {@link images}
   * throws.
   */
  async dataRoot(options: CallOptions = {}): Promise<string | null> {
    if (await this.isPodman(options)) return null;
    return asText(asObject(await this.#json('/info', 'it doesn’t report information about itself', options))?.DockerRootDir);
  }

  /**
   * Returns the platforms of an image that the engine has and can export separately; empty if there is only one, or if the engine is too
   * old to report them. Throws what {@link image} throws.
   */
  async platforms(name: string, options: CallOptions = {}): Promise<readonly string[]> {
    const { version } = await this.#negotiated(options);
    if (version === null || compare(version, PLATFORM_VERSION) < 0) return [];
    const object = asObject(await this.#json(`/images/${encodePath(name)}/json?manifests=1`, 'no such image', options));
    const platforms = asArray(object?.Manifests).flatMap((entry) => {
      const manifest = asObject(entry);
      const data = asObject(manifest?.ImageData);
      return manifest?.Available === true && data !== null ? [platformText(asObject(data.Platform))] : [];
    });
    const known = new Set(platforms.filter((each) => each !== null));
    return known.size > 1 ? [...known] : [];
  }

  /**
   * Streams the image as a docker-archive, which may also be an OCI layout. Older engines ignore `platform`. Throws NOT_FOUND, UNREACHABLE,
   * PERMISSION, CANCELLED.
   */
  async exportImage(name: string, platform: string | undefined, options: CallOptions = {}): Promise<HttpReply> {
    const { version } = await this.#negotiated(options);
    const knows = version !== null && compare(version, PLATFORM_VERSION) >= 0;
    const query = platform === undefined || !knows ? '' : `?platform=${encodeURIComponent(JSON.stringify(platformFields(platform)))}`;
    return this.#get(`/images/${encodePath(name)}/get${query}`, 'no such image', { ...options, silenceMs: EXPORT_SILENCE_MS });
  }

  /** Returns what an engine reports about a container. Throws NOT_FOUND, and what {@link images} throws. */
  async container(name: string, options: CallOptions = {}): Promise<EngineContainer> {
    const object = asObject(await this.#json(`/containers/${encodeURIComponent(name)}/json`, 'no such container', options));
    const id = asText(object?.Id);
    const image = asText(object?.Image);
    if (id === null || image === null) throw new LayerscopeError('UNREACHABLE', 'the reply doesn’t describe a container');
    const upperDir = asText(asObject(asObject(object?.GraphDriver)?.Data)?.UpperDir);
    return { id, image: fullId(image), name: (asText(object?.Name) ?? name).replace(/^\//, ''), upperDir };
  }

  /** Returns what changed in a container. Throws what {@link container} throws. */
  async containerChanges(id: string, options: CallOptions = {}): Promise<readonly ContainerChange[]> {
    const kinds = ['modified', 'added', 'deleted'] as const;
    let folders = 0;
    return asArray(await this.#json(`/containers/${encodeURIComponent(id)}/changes`, 'no such container', options)).flatMap((entry) => {
      const object = asObject(entry);
      const path = asText(object?.Path);
      const kind = kinds[Number(object?.Kind)];
      if (path === null || kind === undefined) return [];
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders++;
      if (folders > MAX_FOLDERS) throw new LayerscopeError('TOO_LARGE', `the changed paths have more than ${MAX_FOLDERS} folders in all`);
      return [{ path, kind }];
    });
  }

  /** Streams a container's whole file system as a tar. Throws what {@link container} throws. */
  exportContainer(id: string, options: CallOptions = {}): Promise<HttpReply> {
    return this.#get(`/containers/${encodeURIComponent(id)}/export`, 'no such container', { ...options, silenceMs: EXPORT_SILENCE_MS });
  }

  async #json(path: string, missing: string, options: CallOptions): Promise<unknown> {
    const reply = await this.#get(path, missing, options);
    return parseJson(await reply.bytes(MAX_JSON_BYTES), 'the answer');
  }

  async #get(path: string, missing: string, options: CallOptions & { silenceMs?: number }): Promise<HttpReply> {
    const { prefix } = await this.#negotiated(options);
    const reply = await this.#http.request(new URL(`http://localhost${prefix}${path}`), options);
    if (reply.status === 200) return reply;
    throw await refusal(reply, missing);
  }

  /** Returns the API version to use: this program's or the engine's, whichever is older. */
  #negotiated(options: CallOptions) {
    this.#version ??= this.#ping(options).catch((error: unknown) => {
      this.#version = null;
      throw error;
    });
    return this.#version;
  }

  async #ping({ signal }: CallOptions) {
    const reply = await this.#http.request(new URL('http://localhost/_ping'), { signal });
    const { headers, status } = reply;
    if (status !== 200) throw await refusal(reply, 'it is not an engine');
    await reply.bytes(MAX_ERROR_BYTES);
    const theirs = parseVersion(headers['api-version']);
    const version = theirs === null ? null : compare(theirs, OUR_VERSION) < 0 ? theirs : OUR_VERSION;
    return {
      prefix: version === null ? '' : `/v${version.join('.')}`,
      version,
      isPodman: headers['libpod-api-version'] !== undefined,
    };
  }
}

function parseVersion(text: string | string[] | undefined): Version | null {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})/.exec(String(text ?? '')) ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** Encodes a path; keeps slashes and colons, which are part of the API's paths. */
function encodePath(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

function fullId(id: string): string {
  return id.includes(':') ? id : `sha256:${id}`;
}

/** Converts seconds since 1970 to a time; null if there are none, or if the time isn't in the years 1 to 9999. */
function timeOf(seconds: unknown): string | null {
  const date = new Date(typeof seconds === 'number' ? seconds * 1000 : Number.NaN);
  return Number.isNaN(date.getTime()) ? null : setTime(date.toISOString());
}

function namesOf(value: unknown): readonly string[] {
  return asTexts(value).filter((name) => !name.includes('<none>'));
}

function digestIn(value: unknown): string | null {
  const digests = new Set(asTexts(value).map((name) => name.slice(name.indexOf('@') + 1)));
  // If there are several digests, it is unknown which one was used to pull the image.
  return digests.size === 1 ? ([...digests][0] ?? null) : null;
}

function platformText(platform: JsonObject | null): string | null {
  const [os, architecture, variant] = [asText(platform?.os), asText(platform?.architecture), asText(platform?.variant)];
  if (!os || !architecture) return null;
  return `${os}/${architecture}${variant ? `/${variant}` : ''}`;
}

function platformFields(platform: string): JsonObject {
  const [os = '', architecture = '', variant] = platform.split('/');
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Returns the error for a status other than 200, with the engine's own message if it sent one. */
async function refusal(reply: HttpReply, missing: string): Promise<LayerscopeError> {
  let said = '';
  try {
    said = displayText((asText(asObject(parseJson(await reply.bytes(MAX_ERROR_BYTES), 'it'))?.message) ?? '').slice(0, 300));
  } catch (error) {
    if (error instanceof LayerscopeError && error.code === 'CANCELLED') throw error;
  }
  if (reply.status === 404) return new LayerscopeError('NOT_FOUND', /platform/i.test(said) ? said : missing);
  if (reply.status === 401 || reply.status === 403)
    return new LayerscopeError('UNAUTHORIZED', said || `access denied (status ${reply.status})`);
  return new LayerscopeError('UNREACHABLE', `answered with status ${reply.status}${said === '' ? '' : `: ${said}`}`);
}
