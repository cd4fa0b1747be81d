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
  repeatedFieldProblem,
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
import { algorithmOf, Digester } from '../blob/digest.ts';
import { refusalCode } from '../members/member-refused.ts';
import { boundsOf, compressionAt, MAX_DOCUMENTS_BYTES, type MemberStore, readDocument, type StoredRange } from '../members/member-store.ts';
import type { ArchiveArtifact, ArchiveAttestation, ArchiveImage, ArchiveLayer, BlobSource } from '../types.ts';
import { shownDigest } from './index-walk.ts';
import { rangeSource } from './range-source.ts';

type IllFormed = NonNullable<ArchiveLayer['illFormed']>;

/** What a manifest states about a blob. */
interface BlobPlan {
  /** Name in the store; empty if it has none. */
  readonly name: string;
  readonly digest: string | null;
  readonly size: number | null;
}

/** What a manifest states about a layer. */
export interface LayerPlan extends BlobPlan {
  readonly mediaType: string | null;
  readonly urls: readonly string[];
  /** The text that was found in place of a digest; safe to print. */
  readonly illFormed?: string;
}

/** What a manifest states about a config. */
export interface ConfigPlan extends BlobPlan {
  readonly illFormed?: string;
  /** Whether the config's media type is that of an image config, or isn't stated. */
  readonly isImageConfig: boolean;
}

/** What the manifests state about an image, with its config. */
export interface ImagePlan {
  readonly names: readonly string[];
  /** Name for an untagged image. Defaults to its short config digest. */
  readonly standIn?: string;
  /** Platform of the index entry; takes precedence over the config's. */
  readonly platform: Platform | null;
  readonly configDigest: string | null;
  readonly illFormedConfigDigest?: string;
  readonly manifestDigest: string | null;
  readonly layers: readonly LayerPlan[];
  readonly attestations: readonly ArchiveAttestation[];
  /** Null if the config is missing or damaged. */
  readonly config: ReadConfig | null;
  /** See {@link ConfigPlan}. */
  readonly isImageConfig: boolean;
}

/** A config that was read. `bytes` is its JSON, which takes a fraction of the memory of the parsed value. */
export interface ReadConfig {
  readonly bytes: Uint8Array;
  /** Empty if the document isn't an image config. */
  readonly fields: ImageConfig;
  /** Null if the config doesn't have its own blob. */
  readonly digest: string | null;
  readonly range: StoredRange | null;
  /** Set if the document isn't an image config, which has been reported already. */
  readonly isNotImage?: boolean;
}

/** Maximum number of history steps and diffIDs in all configs of an archive. */
const MAX_STEPS = 200_000;
/** Maximum number of characters in the text of all steps. */
const MAX_STEP_TEXT = 32 * 1024 * 1024;
/** Maximum number of findings with the same code. */
const MAX_FINDINGS = 1_000;

/** Builds an archive's images from its manifests, and collects findings about both. */
export class ImageList {
  readonly images: ArchiveImage[] = [];
  readonly artifacts: ArchiveArtifact[] = [];
  readonly findings: Finding[] = [];
  readonly #store: MemberStore;
  readonly #findingCounts = new Map<FindingCode, number>();
  #layerCount = 0;
  #steps = 0;
  /** Total size of the configs kept in memory. */
  #keptBytes = 0;
  #stepText = 0;
  /** One source per blob, so that a blob shared by several layers is read once. */
  readonly #blobs = new Map<string, BlobSource>();

  constructor(store: MemberStore) {
    this.#store = store;
  }

  report(code: FindingCode, message: string, where: { image?: number; layer?: number } = {}): void {
    const count = (this.#findingCounts.get(code) ?? 0) + 1;
    this.#findingCounts.set(code, count);
    if (count <= MAX_FINDINGS) this.findings.push(finding(code, message, where));
  }

  /** Adds findings that count those beyond the limit. Don't report anything after this. */
  finish(): void {
    for (const [code, count] of this.#findingCounts) {
      if (count > MAX_FINDINGS) this.findings.push(finding(code, `${count - MAX_FINDINGS} more of these not listed`));
    }
    this.#findingCounts.clear();
  }

  /** Index of the image that {@link add} will add next. */
  get nextIndex(): number {
    return this.images.length;
  }

  /**
   * Reads the config that a manifest names, and verifies its size and digest. Null if it is missing or unreadable. Problems are reported
   * for the image that {@link add} will add next. `plan` is null if the manifest doesn't name a config.
   */
  readConfig(plan: ConfigPlan | null): ReadConfig | null {
    const where = { image: this.nextIndex };
    if (plan === null) {
      this.report('config-missing', 'the manifest names no config', where);
      return null;
    }
    if (plan.illFormed !== undefined)
      this.report('bad-digest', `the config's digest is stated as ${plan.illFormed}, which is not a valid digest`, where);
    if (plan.name === '') return null;
    const bytes = this.#readConfigBytes(plan, where);
    if (bytes === null) return null;
    try {
      const value = parseJson(bytes, 'the config');
      const digest = this.#checkBlob(bytes, plan, where);
      const problem = plan.isImageConfig ? imageConfigProblem(value) : null;
      if (problem !== null) this.report('config-not-image', `the config ${problem}`, where);
      const repeated = repeatedFieldProblem(bytes, 'the config');
      if (repeated !== null) this.report('manifest-disagreement', repeated, where);
      const fields = parseImageConfig(problem === null ? value : null);
      return { bytes, fields, digest, range: this.#store.find(plan.name), ...(problem === null ? {} : { isNotImage: true }) };
    } catch (error) {
      const code = refusalCode(error, 'config-unreadable');
      this.#checkBlob(bytes, plan, where);
      if (error instanceof LayerscopeError) this.report(code, error.message, where);
      return null;
    }
  }

  #readConfigBytes({ name, digest }: ConfigPlan, where: { image: number }): Uint8Array | null {
    try {
      const bytes = readDocument(this.#store, name);
      if (bytes === null) this.report('missing-blob', `the config ${digest ?? displayText(name)} is not in the archive`, where);
      return bytes;
    } catch (error) {
      const code = refusalCode(error, 'config-unreadable');
      if (error instanceof LayerscopeError) this.report(code, `the config: ${error.message}`, where);
      return null;
    }
  }

  /** Computes the config's digest, with the algorithm of the stated one; reports a different digest or size. */
  #checkBlob(bytes: Uint8Array, { digest, size }: ConfigPlan, where: { image: number }): string {
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    const measured = digester.finish();
    if (digest !== null && measured !== digest)
      this.report('digest-mismatch', `the config's digest is stated as ${digest}, but its content hashes to ${measured}`, where);
    else if (size !== null && size !== bytes.length)
      this.report('size-mismatch', `the config has ${bytes.length} bytes, but its descriptor says ${size}`, where);
    return measured;
  }

  /** Adds an image and reports its problems. Throws TOO_LARGE, IO. */
  add(plan: ImagePlan): void {
    const image = this.images.length;
    this.#layerCount += plan.layers.length;
    const { times } = boundsOf(this.#store);
    if (image >= MAX_IMAGES * times || this.#layerCount > MAX_LAYERS * times) {
      throw new LayerscopeError('TOO_LARGE', `the archive has more than ${MAX_IMAGES * times} images or ${MAX_LAYERS * times} layers`);
    }
    const fields = plan.config?.fields ?? parseImageConfig(null);
    this.#countSteps(fields);
    const count = plan.layers.length;
    if (plan.config !== null && plan.isImageConfig && plan.config.isNotImage !== true) this.#checkConfig(fields, count, image);
    const createdBy = createdByLayer(fields.history, count);
    const layers = plan.layers.map((layer, index) => this.#layer(layer, { index, image, fields, createdBy: createdBy[index] ?? null }));
    const platform = plan.platform ?? fields.platform;
    const osVersion = plan.platform?.osVersion ?? fields.platform?.osVersion ?? null;
    const configDigest = plan.configDigest ?? plan.config?.digest ?? null;
    const readBytes = this.#configBytes(plan.config);
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
        return readBytes === null ? null : parseJson(readBytes(), 'the config');
      },
      configSource: plan.config?.range ? rangeSource(plan.config.range, 'none', null) : null,
    });
  }

  /**
   * Returns a function that gets a config's bytes: from memory or, for configs beyond the memory limit, from its file. Null without a
   * config.
   */
  #configBytes(config: ReadConfig | null): (() => Uint8Array) | null {
    if (config === null) return null;
    const { bytes, range } = config;
    const store = this.#store;
    this.#keptBytes += bytes.length;
    if (range === null || !boundsOf(store).areFiles || this.#keptBytes <= MAX_DOCUMENTS_BYTES) return () => bytes;
    this.#keptBytes -= bytes.length;
    return againFrom(store, range);
  }

  #countSteps({ history, diffIds }: ImageConfig): void {
    this.#steps += history.length + diffIds.length;
    for (const { createdBy, comment } of history) this.#stepText += (createdBy?.length ?? 0) + (comment?.length ?? 0);
    const { times } = boundsOf(this.#store);
    const [steps, text] = [MAX_STEPS * times, MAX_STEP_TEXT * times];
    if (this.#steps > steps || this.#stepText > text)
      throw new LayerscopeError('TOO_LARGE', `the configs have more than ${steps} steps or ${text} characters of commands`);
  }

  #checkConfig(fields: ImageConfig, layers: number, image: number): void {
    const problem = historyProblem(fields.history, layers);
    if (problem !== null) this.report('history-mismatch', problem, { image });
    const count = diffIdProblem(fields, layers);
    if (count !== null) this.report('diffid-count', count, { image });
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
      if (status === 'foreign') this.#reportForeign(plan, where);
      return { ...stated, status, compression: statedCompression(plan.mediaType) ?? 'none', blobBytes: plan.size ?? 0, blob: null };
    }
    const compression = compressionAt(this.#store, range);
    const problem = mediaTypeProblem(plan.mediaType, compression);
    if (problem !== null) this.report('media-type-mismatch', `media type ${displayText(plan.mediaType ?? '')} ${problem}`, where);
    if (plan.size !== null && plan.size !== range.length) {
      this.report('size-mismatch', `the blob has ${range.length} bytes, but its descriptor says ${plan.size}`, where);
    }
    return { ...stated, status: 'present', compression, blobBytes: range.length, blob: this.#blob(range, compression, plan.digest) };
  }

  /** Reports ill-formed digests of a layer, and returns their text. */
  #illFormed(plan: LayerPlan, diffIdText: string | undefined, where: { image: number; layer: number }): IllFormed | undefined {
    const digest = plan.illFormed;
    const diffId = diffIdText === undefined ? undefined : shownDigest(diffIdText);
    if (digest !== undefined) this.report('bad-digest', `the layer's digest is stated as ${digest}, which is not a valid digest`, where);
    if (diffId !== undefined) this.report('bad-digest', `the layer's diffID is stated as ${diffId}, which is not valid`, where);
    if (digest === undefined && diffId === undefined) return undefined;
    return { ...(digest === undefined ? {} : { digest }), ...(diffId === undefined ? {} : { diffId }) };
  }

  /** Finds the layer's blob; null if it is missing, which is reported unless it is stored elsewhere. */
  #find(plan: LayerPlan, where: { image: number; layer: number }): StoredRange | null {
    const isForeign = isForeignMediaType(plan.mediaType) || plan.urls.length > 0;
    if (plan.name === '') {
      if (plan.illFormed === undefined && !isForeign) this.report('bad-descriptor', 'the manifest lists the layer without a digest', where);
      return null;
    }
    try {
      const range = this.#store.find(plan.name);
      // An ill-formed digest doesn't name a blob, and has been reported already.
      if (range === null && !isForeign && plan.illFormed === undefined)
        this.report('missing-blob', `${plan.digest ?? displayText(plan.name)} is not in the archive`, where);
      return range;
    } catch (error) {
      const code = refusalCode(error, 'layer-unreadable');
      if (error instanceof LayerscopeError) this.report(code, error.message, where);
      return null;
    }
  }

  #reportForeign({ digest, urls }: LayerPlan, where: { image: number; layer: number }): void {
    const elsewhere = urls.length === 0 ? 'no address is given' : displayText(urls.join(' '));
    this.report('foreign-layer', `${digest ?? 'a layer without a digest'} is kept elsewhere: ${elsewhere}`, where);
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

/** Returns a function that reads a range again. Kept separate, so that the closure doesn't retain the bytes read before. */
function againFrom(store: MemberStore, range: StoredRange): () => Uint8Array {
  return () => store.head(range, range.length);
}
