import {
  createdByLayer,
  diffIdProblem,
  historyProblem,
  type ImageConfig,
  imageConfigProblem,
  isForeignMediaType,
  MAX_IMAGES,
  MAX_LAYERS,
  mediaTypeProblem,
  type Platform,
  parseImageConfig,
  parseJson,
  platformName,
  statedCompression,
} from '#format/image';
import {
  type ArtifactReport,
  type Compression,
  displayText,
  type Finding,
  type FindingCode,
  finding,
  type LayerStatus,
  LayerscopeError,
  shortDigest,
} from '#model';
import { detectCompression, MAGIC_BYTES } from '../blob/compression.ts';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { refusalCode } from '../members/member-refused.ts';
import { type MemberStore, readDocument, type StoredRange } from '../members/member-store.ts';
import type { ArchiveImage, ArchiveLayer, BlobSource } from '../types.ts';
import { shownDigest } from './index-walk.ts';

type IllFormed = NonNullable<ArchiveLayer['illFormed']>;

/** What a manifest says of a blob. */
interface BlobPlan {
  /** Name in the store; empty: it has none. */
  readonly name: string;
  readonly digest: string | null;
  readonly size: number | null;
}

/** What a manifest says of a layer. */
export interface LayerPlan extends BlobPlan {
  readonly mediaType: string | null;
  readonly urls: readonly string[];
  /** What stands in place of a digest; safe to print. */
  readonly illFormed?: string;
}

/** What a manifest says of a config. */
export interface ConfigPlan extends BlobPlan {
  readonly illFormed?: string;
  /** Its media type is that of an image's config, or nobody said another. */
  readonly isImageConfig: boolean;
}

/** What the manifests say of an image, its config read. */
export interface ImagePlan {
  readonly names: readonly string[];
  /** Name of one without; default: the beginning of its config's digest. */
  readonly standIn?: string;
  /** Of the index entry: counts before the config's. */
  readonly platform: Platform | null;
  readonly configDigest: string | null;
  readonly illFormedConfigDigest?: string;
  readonly manifestDigest: string | null;
  readonly layers: readonly LayerPlan[];
  readonly attestations: readonly string[];
  /** Null where it is missing or damaged. */
  readonly config: ReadConfig | null;
  /** See {@link ConfigPlan}. */
  readonly isImageConfig: boolean;
}

/** A config as it was read. `bytes`: its JSON, which takes a fraction of the room that it takes parsed. */
export interface ReadConfig {
  readonly bytes: Uint8Array;
  /** Nothing where it is no image's config. */
  readonly fields: ImageConfig;
  /** Null: it has none of its own. */
  readonly digest: string | null;
  readonly range: StoredRange | null;
  /** It is no image's config: told already. */
  readonly isStrange?: boolean;
}

/** Steps and diff IDs of all configs of an archive. */
const MAX_STEPS = 200_000;
/** Characters of all that configs say of their steps. */
const MAX_STEP_TEXT = 32 * 1024 * 1024;
/** Findings of one code that are kept. */
const MAX_FINDINGS = 1_000;

/** Makes an archive's images from what its manifests say, and gathers the findings of both. */
export class ImageList {
  readonly images: ArchiveImage[] = [];
  readonly artifacts: ArtifactReport[] = [];
  readonly findings: Finding[] = [];
  readonly #store: MemberStore;
  readonly #findingCounts = new Map<FindingCode, number>();
  #layerCount = 0;
  #steps = 0;
  #stepText = 0;
  /** One source for each blob: layers that share it are read once. */
  readonly #blobs = new Map<string, BlobSource>();

  constructor(store: MemberStore) {
    this.#store = store;
  }

  tell(code: FindingCode, message: string, where: { image?: number; layer?: number } = {}): void {
    const count = (this.#findingCounts.get(code) ?? 0) + 1;
    this.#findingCounts.set(code, count);
    if (count <= MAX_FINDINGS) this.findings.push(finding(code, message, where));
  }

  /** Says how many findings there were beyond those that were kept; nothing is told afterwards. */
  finish(): void {
    for (const [code, count] of this.#findingCounts) {
      if (count > MAX_FINDINGS) this.findings.push(finding(code, `${count - MAX_FINDINGS} more of these are left out`));
    }
    this.#findingCounts.clear();
  }

  /** Index of the image that {@link add} makes next. */
  get nextIndex(): number {
    return this.images.length;
  }

  /**
   * The config that a manifest names, its size and digest checked. Null where it is absent or can't be read. What is wrong is a finding of
   * the image that {@link add} makes next. `plan` null: the manifest names none.
   */
  readConfig(plan: ConfigPlan | null): ReadConfig | null {
    const where = { image: this.nextIndex };
    if (plan === null) {
      this.tell('config-missing', 'the manifest names no config', where);
      return null;
    }
    if (plan.illFormed !== undefined)
      this.tell('bad-digest', `the config is named ${plan.illFormed}, which is not a digest that can be checked`, where);
    if (plan.name === '') return null;
    const bytes = this.#readConfigBytes(plan, where);
    if (bytes === null) return null;
    try {
      const value = parseJson(bytes, 'the config');
      const digest = this.#checkBlob(bytes, plan, where);
      const problem = plan.isImageConfig ? imageConfigProblem(value) : null;
      if (problem !== null) this.tell('config-not-image', `the config ${problem}`, where);
      const fields = parseImageConfig(problem === null ? value : null);
      return { bytes, fields, digest, range: this.#store.find(plan.name), ...(problem === null ? {} : { isStrange: true }) };
    } catch (error) {
      const code = refusalCode(error, 'config-unreadable');
      this.#checkBlob(bytes, plan, where);
      if (error instanceof LayerscopeError) this.tell(code, error.message, where);
      return null;
    }
  }

  #readConfigBytes({ name, digest }: ConfigPlan, where: { image: number }): Uint8Array | null {
    try {
      const bytes = readDocument(this.#store, name);
      if (bytes === null) this.tell('missing-blob', `the config ${digest ?? displayText(name)} is not in the archive`, where);
      return bytes;
    } catch (error) {
      const code = refusalCode(error, 'config-unreadable');
      if (error instanceof LayerscopeError) this.tell(code, `the config: ${error.message}`, where);
      return null;
    }
  }

  /** Its digest, by the algorithm of the stated one; another digest or size than stated is told. */
  #checkBlob(bytes: Uint8Array, { digest, size }: ConfigPlan, where: { image: number }): string {
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    const measured = digester.finish();
    if (digest !== null && measured !== digest)
      this.tell('digest-mismatch', `the config is named ${digest}, its content is ${measured}`, where);
    else if (size !== null && size !== bytes.length)
      this.tell('size-mismatch', `the config has ${bytes.length} bytes, its descriptor says ${size}`, where);
    return measured;
  }

  /** Throws TOO_LARGE, IO. */
  add(plan: ImagePlan): void {
    const image = this.images.length;
    this.#layerCount += plan.layers.length;
    if (image >= MAX_IMAGES || this.#layerCount > MAX_LAYERS) {
      throw new LayerscopeError('TOO_LARGE', `an archive of over ${MAX_IMAGES} images or ${MAX_LAYERS} layers`);
    }
    const fields = plan.config?.fields ?? parseImageConfig(null);
    this.#countSteps(fields);
    const count = plan.layers.length;
    if (plan.config !== null && plan.isImageConfig && plan.config.isStrange !== true) this.#checkConfig(fields, count, image);
    const createdBy = createdByLayer(fields.history, count);
    const layers = plan.layers.map((layer, index) => this.#layer(layer, { index, image, fields, createdBy: createdBy[index] ?? null }));
    const platform = plan.platform ?? fields.platform;
    const osVersion = plan.platform?.osVersion ?? fields.platform?.osVersion ?? null;
    const configDigest = plan.configDigest ?? plan.config?.digest ?? null;
    const bytes = plan.config?.bytes;
    const standIn = plan.standIn ?? (configDigest === null ? undefined : shortDigest(configDigest));
    this.images.push({
      index: image,
      tags: plan.names.map(displayText),
      names: plan.names.length > 0 ? plan.names.map(displayText) : standIn === undefined ? [] : [displayText(standIn)],
      platform: platformName(platform),
      os: fields.platform?.os ?? platform?.os ?? 'unknown',
      ...(osVersion === null ? {} : { osVersion: displayText(osVersion) }),
      configDigest,
      ...(plan.illFormedConfigDigest === undefined ? {} : { illFormedConfigDigest: plan.illFormedConfigDigest }),
      manifestDigest: plan.manifestDigest,
      layers,
      history: fields.history,
      attestations: plan.attestations,
      get config() {
        return bytes === undefined ? null : parseJson(bytes, 'the config');
      },
      configSource: plan.config?.range ? rangeSource(plan.config.range, 'none', null) : null,
    });
  }

  #countSteps({ history, diffIds }: ImageConfig): void {
    this.#steps += history.length + diffIds.length;
    for (const { createdBy, comment } of history) this.#stepText += (createdBy?.length ?? 0) + (comment?.length ?? 0);
    if (this.#steps > MAX_STEPS || this.#stepText > MAX_STEP_TEXT)
      throw new LayerscopeError('TOO_LARGE', `configs of over ${MAX_STEPS} steps or ${MAX_STEP_TEXT} characters of what made them`);
  }

  #checkConfig(fields: ImageConfig, layers: number, image: number): void {
    const problem = historyProblem(fields.history, layers);
    if (problem !== null) this.tell('history-mismatch', problem, { image });
    const count = diffIdProblem(fields, layers);
    if (count !== null) this.tell('diffid-count', count, { image });
  }

  #layer(plan: LayerPlan, of: { index: number; image: number; fields: ImageConfig; createdBy: string | null }): ArchiveLayer {
    const { index, image, fields, createdBy } = of;
    const where = { image, layer: index };
    const illFormed = this.#illFormed(plan, fields.illFormedDiffIds.get(index), where);
    const stated = {
      index,
      digest: plan.digest,
      diffId: fields.diffIds[index] ?? null,
      mediaType: plan.mediaType,
      createdBy,
      urls: plan.urls,
      ...(illFormed === undefined ? {} : { illFormed }),
    };
    const range = this.#find(plan, where);
    if (range === null) {
      const status: LayerStatus = isForeignMediaType(plan.mediaType) || plan.urls.length > 0 ? 'foreign' : 'missing';
      if (status === 'foreign') this.#tellForeign(plan, where);
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

  /** What stands in the places of the layer's digests and isn't one; told. */
  #illFormed(plan: LayerPlan, diffIdText: string | undefined, where: { image: number; layer: number }): IllFormed | undefined {
    const digest = plan.illFormed;
    const diffId = diffIdText === undefined ? undefined : shownDigest(diffIdText);
    if (digest !== undefined) this.tell('bad-digest', `the layer is named ${digest}, which is not a digest that can be checked`, where);
    if (diffId !== undefined)
      this.tell('bad-digest', `the config names the layer ${diffId}, which is not a diff ID that can be checked`, where);
    if (digest === undefined && diffId === undefined) return undefined;
    return { ...(digest === undefined ? {} : { digest }), ...(diffId === undefined ? {} : { diffId }) };
  }

  /** Where the blob lies; null where it doesn't: told, unless it is one that is kept elsewhere. */
  #find(plan: LayerPlan, where: { image: number; layer: number }): StoredRange | null {
    const isForeign = isForeignMediaType(plan.mediaType) || plan.urls.length > 0;
    if (plan.name === '') {
      if (plan.illFormed === undefined && !isForeign) this.tell('bad-descriptor', 'the manifest names the layer without a digest', where);
      return null;
    }
    try {
      const range = this.#store.find(plan.name);
      // An ill-formed name leads to nothing: that is told already.
      if (range === null && !isForeign && plan.illFormed === undefined)
        this.tell('missing-blob', `${plan.digest ?? displayText(plan.name)} is not in the archive`, where);
      return range;
    } catch (error) {
      const code = refusalCode(error, 'layer-unreadable');
      if (error instanceof LayerscopeError) this.tell(code, error.message, where);
      return null;
    }
  }

  #tellForeign({ digest, urls }: LayerPlan, where: { image: number; layer: number }): void {
    const elsewhere = urls.length === 0 ? 'no address is given' : displayText(urls.join(' '));
    this.tell('foreign-layer', `${digest ?? 'a layer without a digest'} is kept elsewhere: ${elsewhere}`, where);
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
