// An image config is one JSON object: platform (`os`, `architecture`, `variant`, `os.version`), `rootfs.diff_ids` (sha256 of each
// layer's plain tar, the bottom first) and `history`, a step each, those that made no layer marked `empty_layer`. So the steps
// that aren't marked go with the layers, in order, as far as both reach.
//
// Source: OCI image-spec config.md; Docker image spec v1.2.
import { type HistoryReport, isDigest, LayerscopeError, setTime } from '#model';
import { asArray, asObject, asText, jsonKind } from './json-value.ts';
import { type Platform, parsePlatform } from './platform.ts';

export interface ImageConfig {
  readonly platform: Platform | null;
  readonly history: readonly HistoryReport[];
  /** Null for one that isn't a digest. */
  readonly diffIds: readonly (string | null)[];
  /** What stands in the place of those, by index: not safe to print. */
  readonly illFormedDiffIds: ReadonlyMap<number, string>;
}

/** Steps of a history, and diff IDs; an image has 127 layers at most where it is to be run. */
const MAX_STEPS = 10_000;

/** Whatever of a config can be made out; an empty one where `value` is no object. Throws TOO_LARGE. */
export function parseImageConfig(value: unknown): ImageConfig {
  const object = asObject(value);
  const ids = asArray(asObject(object?.rootfs)?.diff_ids);
  if (ids.length > MAX_STEPS || asArray(object?.history).length > MAX_STEPS)
    throw new LayerscopeError('TOO_LARGE', `the config has more than ${MAX_STEPS} steps or diff IDs`);
  const history = asArray(object?.history).map((step): HistoryReport => {
    const fields = asObject(step);
    return {
      createdBy: typeof fields?.created_by === 'string' ? fields.created_by : null,
      created: setTime(asText(fields?.created)),
      comment: asText(fields?.comment),
      emptyLayer: fields?.empty_layer === true,
    };
  });
  const illFormedDiffIds = new Map<number, string>();
  const diffIds = ids.map((id, index) => {
    if (typeof id === 'string' && isDigest(id)) return id;
    illFormedDiffIds.set(index, typeof id === 'string' ? id : JSON.stringify(id));
    return null;
  });
  return { platform: parsePlatform(object), history, diffIds, illFormedDiffIds };
}

/** Why the value is no image's config, a clause; null where it may be one. Every field of it is left out by some tool, but not all. */
export function imageConfigProblem(value: unknown): string | null {
  const object = asObject(value);
  if (object === null) return `is ${jsonKind(value)}, not an image config`;
  const isOne = ['architecture', 'os', 'rootfs', 'history', 'config', 'container_config'].some((field) => object[field] !== undefined);
  return isOne ? null : 'has no field of an image config';
}

/** What is wrong between diffIDs and layers, a sentence; null where they fit. */
export function diffIdProblem({ diffIds }: ImageConfig, layerCount: number): string | null {
  if (diffIds.length === layerCount) return null;
  const layers = layerCount === 1 ? '1 layer' : `${layerCount} layers`;
  if (diffIds.length === 0) return `the config has no diff IDs for ${layers}`;
  return `the config has ${diffIds.length} diff ${diffIds.length === 1 ? 'ID' : 'IDs'}, the image has ${layers}`;
}

/** What made each layer: null where the history doesn't reach. */
export function createdByLayer(history: readonly HistoryReport[], layerCount: number): (string | null)[] {
  const steps = history.filter((step) => !step.emptyLayer);
  return Array.from({ length: layerCount }, (_, index) => steps[index]?.createdBy ?? null);
}

/** What is wrong between history and layers, a sentence; null where they fit. */
export function historyProblem(history: readonly HistoryReport[], layerCount: number): string | null {
  const steps = history.filter((step) => !step.emptyLayer).length;
  if (steps === layerCount) return null;
  const layers = layerCount === 1 ? '1 layer' : `${layerCount} layers`;
  if (history.length === 0) return `the config has no history for ${layers}`;
  return `the config's history has ${steps} ${steps === 1 ? 'step' : 'steps'} that made a layer, the image has ${layers}`;
}
