// Images of Docker and Podman through their API.
import path from 'node:path';
import type { Archive } from '#archive';
import { type EngineKind, type EngineName, familiarName } from '#format/reference';
import { asLayerscopeError, displayText, type Finding, isCancelled, LayerscopeError, type SourceReport } from '#model';
import { HttpClient } from '../http/http-client.ts';
import type { ImageSource, ListedImage, OpenSourceOptions, SourceOptions, SourceWord } from '../types.ts';
import { refuseOtherImage } from './asked-id.ts';
import { canReadContainers, openContainerFolder } from './container-folder.ts';
import { openContainerLayer } from './container-layer.ts';
import type { EngineEndpoint } from './endpoints.ts';
import { type ContainerChange, EngineClient, type EngineContainer, type EngineImage } from './engine-client.ts';
import { EngineRouter } from './engine-router.ts';

export interface EngineOptions {
  readonly offline: boolean;
  readonly silenceMs?: number;
  /** Returns sources that read images from Docker's data root. If absent, images are exported through the API. */
  readonly foldersIn?: (root: string) => readonly ImageSource[];
  /**
   * Returns the folder of a container in Docker's data root; null unless the data root itself confirms that it belongs to the container. If
   * absent, containers are exported through the API.
   */
  readonly containerFolder?: ((root: string, container: ContainerClaim) => Promise<string | null>) | undefined;
}

/** A container as its engine describes it, with the layers of its image. */
interface ContainerClaim {
  readonly id: string;
  readonly upperDir: string;
  readonly diffIds: readonly (string | null)[];
}

/** The images of one engine. */
export class EngineSource implements ImageSource {
  readonly kind: EngineKind;
  readonly engine: EngineKind;
  readonly place: string;
  readonly #endpoint: EngineEndpoint;
  readonly #options: EngineOptions;

  constructor(endpoint: EngineEndpoint, options: EngineOptions) {
    this.kind = endpoint.engine;
    this.engine = endpoint.engine;
    this.place = endpoint.address;
    this.#endpoint = endpoint;
    this.#options = options;
  }

  answers(word: SourceWord): boolean {
    if (word.kind === 'container') return word.engine === null || word.engine === this.engine;
    return word.kind === 'name' || (word.kind === 'engine' && word.engine === this.engine);
  }

  list = (options: SourceOptions): Promise<readonly ListedImage[]> => this.#asking(async (_http, client) => client.images(options));

  async platforms(word: SourceWord, { signal }: SourceOptions): Promise<readonly string[]> {
    return this.#asking(async (_http, client) => {
      if (word.kind === 'container') await client.container(word.id, { signal });
      if (word.kind !== 'name' && word.kind !== 'engine') return [];
      const { asked } = await findImage(client, word.name, signal);
      return client.platforms(asked, { signal });
    });
  }

  async open(word: SourceWord, options: OpenSourceOptions): Promise<Archive> {
    if (word.kind === 'container') return this.#asking((http, client) => this.#openContainer(http, client, word.id, options));
    if (word.kind !== 'name' && word.kind !== 'engine') throw new LayerscopeError('USAGE', 'an engine needs a name or an id');
    return this.#asking((http, client) => this.#open(http, client, word.name, options));
  }

  async #open(http: HttpClient, client: EngineClient, name: EngineName, options: OpenSourceOptions): Promise<Archive> {
    const { image, asked } = await findImage(client, name, options.signal);
    return (await this.#fromFolder(client, image, asked, options)) ?? this.#exported(http, client, image, asked, options);
  }

  /**
   * Opens the image from the engine's folder if the engine is on this machine, the folder is readable, and the folder has an image with
   * that id.
   */
  async #fromFolder(client: EngineClient, image: EngineImage, asked: string, options: OpenSourceOptions): Promise<Archive | null> {
    const { foldersIn } = this.#options;
    // If a platform is requested, the engine exports the image, because the folder has it for one platform only.
    if (foldersIn === undefined || options.folders === false || !this.place.startsWith('unix:') || options.platform !== undefined)
      return null;
    const instead = (control: SourceOptions): Promise<Archive> =>
      this.#asking((http, client) => this.#exported(http, client, image, asked, { ...options, ...control }));
    const idStart = idOf(image.id);
    const word = { kind: 'engine', engine: this.kind, name: { reference: null, idStart }, text: asked } as const;
    const root = await attempt(() => client.dataRoot(options));
    for (const source of root === null || !path.isAbsolute(root) ? [] : foldersIn(root)) {
      const archive = await attempt(() => source.open(word, { ...options, instead }));
      if (archive?.source !== undefined) return { ...archive, source: withReference(archive.source, displayText(asked)) };
    }
    return null;
  }

  /** Opens the image of a container, with the container's changes as one more layer. */
  async #openContainer(http: HttpClient, client: EngineClient, id: string, options: OpenSourceOptions): Promise<Archive> {
    const { reader, signal } = options;
    const container = await client.container(id, { signal });
    const changes = await client.containerChanges(container.id, { signal });
    const image = await client.image(container.image, { signal });
    const base =
      (await this.#fromFolder(client, image, container.image, options)) ??
      (await this.#exported(http, client, image, container.image, options));
    try {
      const name = displayText(container.name);
      const own =
        (await this.#fromContainerFolder(client, { ...container, name }, { base, changes }, options)) ??
        (await openContainerLayer(
          reader,
          { name, changes, files: (await client.exportContainer(container.id, { signal })).pieces() },
          { signal },
        ));
      return withLayer(base, own, name);
    } catch (error) {
      await base[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Opens a container's changes from the engine's folder, if the engine is Docker on this machine and the folder is readable. */
  async #fromContainerFolder(
    client: EngineClient,
    { id, name, upperDir }: EngineContainer,
    { base, changes }: { readonly base: Archive; readonly changes: readonly ContainerChange[] },
    { reader, signal }: OpenSourceOptions,
  ): Promise<Archive | null> {
    const { containerFolder } = this.#options;
    const [, socket] = /^unix:\/\/(.*)$/s.exec(this.place) ?? [];
    if (containerFolder === undefined || socket === undefined || upperDir === null) return null;
    const diffIds = (base.images[0]?.layers ?? []).map(({ diffId }) => diffId);
    return attempt(async () => {
      const root = await client.dataRoot({ signal });
      if (root === null || !canReadContainers(socket, root)) return null;
      const folder = await containerFolder(root, { id, upperDir, diffIds });
      return folder === null ? null : openContainerFolder(reader, { name, folder }, changes, { signal });
    });
  }

  async #exported(http: HttpClient, client: EngineClient, image: EngineImage, asked: string, options: OpenSourceOptions): Promise<Archive> {
    const { reader, signal, onProgress, platform } = options;
    const kind: EngineKind = (await client.isPodman({ signal })) ? 'podman' : this.kind;
    const title = displayText(asked);
    const receive = async (isForListing: boolean): Promise<Archive> => {
      const reply = await client.exportImage(asked, platform, { signal });
      return reader.openStream(reply.pieces({ areFreed: true }), title, {
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onProgress }),
        isForListing,
      });
    };
    const archive = await receive(options.isForListing === true).catch((error: unknown) => {
      if (options.isForListing && asLayerscopeError(error).code === 'DAMAGED') return receive(false);
      throw error;
    });
    if (asked === image.id) {
      try {
        refuseOtherImage(archive, asked, platform);
      } catch (error) {
        await archive[Symbol.asyncDispose]();
        throw error;
      }
    }
    const source: SourceReport = {
      kind,
      host: displayText(this.place),
      reference: title,
      digest: image.manifestDigest,
      fetchedBytes: http.fetchedBytes,
      requests: http.requests,
      verified: false,
    };
    return { ...archive, format: kind, source, findings: withoutAbsent(archive) };
  }

  /** Connects, runs `ask`, and disconnects. Errors contain only the reason. */
  async #asking<T>(ask: (http: HttpClient, client: EngineClient) => Promise<T>): Promise<T> {
    const { offline, silenceMs } = this.#options;
    // A local socket isn't the network, but `--offline` promises that nothing is contacted.
    using http = new HttpClient({
      router: new EngineRouter(this.#endpoint),
      offline,
      ...(silenceMs === undefined ? {} : { silenceMs }),
    });
    try {
      return await ask(http, new EngineClient(http));
    } catch (error) {
      throw withoutPlace(error, displayText(this.place));
    }
  }
}

/** Returns the result of `work`; null after an error, so that the caller uses the engine's export instead. Throws CANCELLED. */
async function attempt<T>(work: () => Promise<T | null>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isCancelled(error)) throw error;
    return null;
  }
}

/** Finds the engine's image by name, or else by the start of its id. Throws NOT_FOUND; USAGE if two ids match. */
async function findImage(
  client: EngineClient,
  { reference, idStart }: EngineName,
  signal: AbortSignal | undefined,
): Promise<{ readonly image: EngineImage; readonly asked: string }> {
  if (reference !== null) {
    const asked = familiarName(reference);
    try {
      const image = await client.image(asked, { signal });
      // The engine accepts the start of an id as a name, even if two ids match.
      if (idStart === null || !idOf(image.id).startsWith(idStart)) return { image, asked };
    } catch (error) {
      if (idStart === null || !(error instanceof LayerscopeError) || error.code !== 'NOT_FOUND') throw error;
    }
  }
  const fitting = (await client.images({ signal })).filter(({ id }) => idOf(id).startsWith(idStart ?? ''));
  const ids = [...new Set(fitting.map(({ id }) => id))];
  const [first, second] = ids;
  if (first === undefined) throw new LayerscopeError('NOT_FOUND', 'no such image');
  if (second !== undefined)
    throw new LayerscopeError('USAGE', `${idStart} is the start of two ids: ${displayText(first)} and ${displayText(second)}`);
  const image = await client.image(first, { signal });
  if (image.id !== first)
    throw new LayerscopeError('DIGEST_MISMATCH', `was asked for the image ${displayText(first)}, but described ${displayText(image.id)}`);
  return { image, asked: first };
}

/** Adds a container's changes to an image as its top layer. No registry or engine has such an image, so it can't be saved as an image. */
function withLayer(base: Archive, own: Archive, name: string): Archive {
  const [image] = base.images;
  const layer = own.images[0]?.layers[0];
  if (image === undefined || layer === undefined) throw new LayerscopeError('NOT_AN_IMAGE', `the image of ${name} has no layers`);
  const top = { ...layer, index: image.layers.length, createdBy: `changes of the container ${name}` };
  return {
    ...base,
    title: name,
    images: [{ ...image, names: [name], tags: [], layers: [...image.layers, top] }],
    findings: [...base.findings, ...own.findings],
    roots: () => [],
    async [Symbol.asyncDispose]() {
      await own[Symbol.asyncDispose]();
      await base[Symbol.asyncDispose]();
    },
  };
}

/** The message of a finding about an index entry for a platform whose manifest is missing. */
const ABSENT = /^manifest [a-z0-9]+:[0-9a-f]+ \([^)]+\) is not in the archive$/;

/**
 * Returns an export's findings without those about platforms that the engine never pulled: Docker exports the whole index, but an engine
 * has only one platform of most images.
 */
function withoutAbsent({ images, findings }: Archive): readonly Finding[] {
  if (!images.some(({ layers }) => layers.length > 0 && layers.every(({ blob }) => blob !== null))) return findings;
  return findings.filter(({ code, message }) => code !== 'missing-blob' || !ABSENT.test(message));
}

/** Returns a report with another reference. Its counts still grow with those of the original. */
function withReference(source: SourceReport, reference: string): SourceReport {
  const fields = { ...Object.getOwnPropertyDescriptors(source), reference: { value: reference, enumerable: true } };
  return Object.defineProperties({} as SourceReport, fields);
}

function idOf(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}

function withoutPlace(error: unknown, place: string): unknown {
  if (!(error instanceof LayerscopeError) || !error.message.startsWith(`${place}: `)) return error;
  return new LayerscopeError(error.code, error.message.slice(place.length + 2), { cause: error });
}
