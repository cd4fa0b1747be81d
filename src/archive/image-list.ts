import {
  createdByLayer,
  historyProblem,
  type ImageConfig,
  isForeignMediaType,
  mediaTypeProblem,
  type Platform,
  parseImageConfig,
  parseJson,
  platformName,
  statedCompression,
} from '#format/image';
import {
  type Compression,
  displayText,
  type Finding,
  type FindingCode,
  finding,
  type LayerStatus,
  LayerscopeError,
  shortDigest,
} from '#model';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import { algorithmOf, Digester } from './digest.ts';
import { type MemberStore, readDocument, type StoredRange } from './member-store.ts';
import type { ArchiveImage, ArchiveLayer, BlobSource } from './types.ts';

/** What a manifest says of a layer. */
export interface LayerPlan {
  /** Name in the store. */
  readonly name: string;
  readonly digest: string | null;
  readonly mediaType: string | null;
  readonly size: number | null;
  readonly urls: readonly string[];
}

/** What the manifests say of an image, its config read. */
export interface ImagePlan {
  readonly names: readonly string[];
  /** Name of one without; default: the beginning of its config's digest. */
  readonly standIn?: string;
  /** Of the index entry: counts before the config's. */
  readonly platform: Platform | null;
  readonly configDigest: string | null;
  readonly manifestDigest: string | null;
  readonly layers: readonly LayerPlan[];
  readonly attestations: readonly string[];
  /** Null where it is missing or damaged. */
  readonly config: ReadConfig | null;
}

/** A config as it was read. `value`: the parsed JSON. */
export interface ReadConfig {
  readonly value: unknown;
  readonly fields: ImageConfig;
  /** Null: it has none of its own. */
  readonly digest: string | null;
  readonly range: StoredRange | null;
}

/** Layers of all images of an archive; an image has 127 at most where it is to be run. */
const MAX_LAYERS = 100_000;
const MAX_IMAGES = 10_000;

/** Makes an archive's images from what its manifests say, and gathers the findings of both. */
export class ImageList {
  readonly images: ArchiveImage[] = [];
  readonly findings: Finding[] = [];
  readonly #store: MemberStore;
  #layerCount = 0;
  /** One source for each blob: layers that share it are read once. */
  readonly #blobs = new Map<string, BlobSource>();

  constructor(store: MemberStore) {
    this.#store = store;
  }

  tell(code: FindingCode, message: string, where: { image?: number; layer?: number } = {}): void {
    this.findings.push(finding(code, message, where));
  }

  /** Index of the image that {@link add} makes next. */
  get nextIndex(): number {
    return this.images.length;
  }

  /**
   * The document of that name, with its digest by the algorithm of `stated`. Null where it is absent or can't be read:
   * that is a finding of `image`, or of the archive. A digest that isn't the stated one is a finding too.
   */
  readBlob(
    name: string,
    stated: string | null,
    what: string,
    image?: number,
  ): { bytes: Uint8Array; digest: string; range: StoredRange | null } | null {
    const where = image === undefined ? {} : { image };
    try {
      const bytes = readDocument(this.#store, name);
      if (bytes === null) {
        this.tell('missing-blob', `${what} ${stated ?? displayText(name)} is not in the archive`, where);
        return null;
      }
      const digester = new Digester(algorithmOf(stated));
      digester.update(bytes);
      const digest = digester.finish();
      if (stated !== null && digest !== stated) this.tell('digest-mismatch', `${what} is named ${stated}, its content is ${digest}`, where);
      return { bytes, digest, range: this.#store.find(name) };
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code === 'IO') throw error;
      this.tell(error.code === 'PATH_ESCAPE' ? 'path-escape' : 'damaged-blob', `${what}: ${error.message}`, where);
      return null;
    }
  }

  /** An image config; see {@link readBlob}. One that is no JSON is a finding. */
  readConfig(name: string | null, stated: string | null): ReadConfig | null {
    const image = this.nextIndex;
    if (name === null) {
      this.tell('missing-blob', 'the manifest names no config', { image });
      return null;
    }
    const blob = this.readBlob(name, stated, 'the config', image);
    if (blob === null) return null;
    try {
      const value = parseJson(blob.bytes, 'the config');
      return { value, fields: parseImageConfig(value), digest: blob.digest, range: blob.range };
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error;
      this.tell('damaged-blob', error.message, { image });
      return null;
    }
  }

  /** Throws TOO_LARGE, IO. */
  add(plan: ImagePlan): void {
    const image = this.images.length;
    this.#layerCount += plan.layers.length;
    if (image >= MAX_IMAGES || this.#layerCount > MAX_LAYERS) {
      throw new LayerscopeError('TOO_LARGE', `an archive of over ${MAX_IMAGES} images or ${MAX_LAYERS} layers`);
    }
    const fields = plan.config?.fields ?? parseImageConfig(null);
    const count = plan.layers.length;
    if (plan.config !== null) this.#checkConfig(fields, count, image);
    const createdBy = createdByLayer(fields.history, count);
    const layers = plan.layers.map((layer, index) =>
      this.#layer(layer, index, image, fields.diffIds[index] ?? null, createdBy[index] ?? null),
    );
    const platform = plan.platform ?? fields.platform;
    const osVersion = plan.platform?.osVersion ?? fields.platform?.osVersion ?? null;
    const configDigest = plan.configDigest ?? plan.config?.digest ?? null;
    const standIn = plan.standIn ?? (configDigest === null ? undefined : shortDigest(configDigest));
    this.images.push({
      index: image,
      tags: plan.names.map(displayText),
      names: plan.names.length > 0 ? plan.names.map(displayText) : standIn === undefined ? [] : [displayText(standIn)],
      platform: platformName(platform),
      os: fields.platform?.os ?? platform?.os ?? 'unknown',
      ...(osVersion === null ? {} : { osVersion: displayText(osVersion) }),
      configDigest,
      manifestDigest: plan.manifestDigest,
      layers,
      history: fields.history,
      attestations: plan.attestations,
      config: plan.config?.value ?? null,
      configSource: plan.config?.range ? rangeSource(plan.config.range, 'none', null) : null,
    });
  }

  #checkConfig(fields: ImageConfig, layers: number, image: number): void {
    const problem = historyProblem(fields.history, layers);
    if (problem !== null) this.tell('history-mismatch', problem, { image });
    if (fields.diffIds.length !== layers) {
      this.tell('manifest-disagreement', `the config has ${fields.diffIds.length} diffIDs, the manifest ${layers} layers`, { image });
    }
  }

  #layer(plan: LayerPlan, index: number, image: number, diffId: string | null, createdBy: string | null): ArchiveLayer {
    const where = { image, layer: index };
    const range = this.#find(plan, where);
    const stated = { index, digest: plan.digest, diffId, mediaType: plan.mediaType, createdBy, urls: plan.urls };
    if (range === null) {
      const status: LayerStatus = isForeignMediaType(plan.mediaType) || plan.urls.length > 0 ? 'foreign' : 'missing';
      this.#tellMissing(plan, status, where);
      return { ...stated, status, compression: statedCompression(plan.mediaType) ?? 'none', blobBytes: plan.size ?? 0, blob: null };
    }
    const compression = detectCompression(this.#store.head(range, MAGIC_BYTES));
    const problem = mediaTypeProblem(plan.mediaType, compression);
    if (problem !== null) this.tell('media-type-mismatch', `media type ${displayText(plan.mediaType ?? '')} ${problem}`, where);
    if (plan.size !== null && plan.size !== range.length) {
      this.tell('size-mismatch', `the blob has ${range.length} bytes, its descriptor says ${plan.size}`, where);
    }
    return { ...stated, status: 'present', compression, blobBytes: range.length, blob: this.#blob(range, compression, plan.digest) };
  }

  #find(plan: LayerPlan, where: { image: number; layer: number }): StoredRange | null {
    if (plan.name === '') return null;
    try {
      return this.#store.find(plan.name);
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code === 'IO' || error.code === 'PERMISSION') throw error;
      this.tell(error.code === 'PATH_ESCAPE' ? 'path-escape' : 'missing-blob', error.message, where);
      return null;
    }
  }

  #tellMissing(plan: LayerPlan, status: LayerStatus, where: { image: number; layer: number }): void {
    const last = this.findings.at(-1);
    // What hindered looking it up was told already.
    if (last?.image === where.image && last.layer === where.layer && last.code !== 'media-type-mismatch') return;
    const name = plan.digest ?? (plan.name === '' ? 'a layer without a digest' : displayText(plan.name));
    if (status === 'missing') this.tell('missing-blob', `${name} is not in the archive`, where);
    else
      this.tell(
        'foreign-layer',
        `${name} is kept elsewhere: ${plan.urls.length === 0 ? 'no address is given' : displayText(plan.urls.join(' '))}`,
        where,
      );
  }

  #blob(range: StoredRange, compression: Compression, statedDigest: string | null): BlobSource {
    const id = `${range.path}:${range.start}:${range.length}:${statedDigest}`;
    const known = this.#blobs.get(id);
    if (known !== undefined) return known;
    const blob = rangeSource(range, compression, statedDigest);
    this.#blobs.set(id, blob);
    return blob;
  }
}

/** A range of a store as a blob. */
export function rangeSource(
  { path, start, length, identity, key }: StoredRange,
  compression: Compression,
  statedDigest: string | null,
): BlobSource {
  return { path, start, length, compression, cacheKey: key, statedDigest, identity };
}
