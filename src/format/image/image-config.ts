// An image config is a JSON object with the platform (`os`, `architecture`, `variant`, `os.version`), `rootfs.diff_ids` (the SHA-256 of
// each layer's uncompressed tar, bottom first) and `history`, a list of build steps. Steps that made no layer have `empty_layer`; the other
// steps correspond to the layers, in order, though either list may be too short.
//
// Source: OCI image-spec config.md; Docker image spec v1.2.
import { type HistoryReport, isDigest, LayerscopeError, setTime } from '#model';
import { fieldReader } from './json-fields.ts';
import { asArray, asText, jsonKind } from './json-value.ts';
import { type Platform, parsePlatform } from './platform.ts';

export interface ImageConfig {
  readonly platform: Platform | null;
  readonly history: readonly HistoryReport[];
  /** DiffIDs, bottom first; an invalid one is null. */
  readonly diffIds: readonly (string | null)[];
  /** Invalid diffIDs by index, unchanged; not safe to print. */
  readonly illFormedDiffIds: ReadonlyMap<number, string>;
}

/** Maximum number of history steps and of diff IDs. An image that can be run has at most 127 layers. */
const MAX_STEPS = 10_000;

const configFields = fieldReader('rootfs', 'history', 'architecture', 'os', 'config', 'container_config');
const rootfsFields = fieldReader('diff_ids');
const stepFields = fieldReader('created_by', 'created', 'comment', 'empty_layer');

/** Parses as much of a config as possible; the result is empty if `value` isn't an object. Throws TOO_LARGE. */
export function parseImageConfig(value: unknown): ImageConfig {
  const object = configFields(value);
  const ids = asArray(rootfsFields(object?.rootfs)?.diff_ids);
  if (ids.length > MAX_STEPS || asArray(object?.history).length > MAX_STEPS)
    throw new LayerscopeError('TOO_LARGE', `the config has more than ${MAX_STEPS} steps or diff IDs`);
  const history = asArray(object?.history).map((step): HistoryReport => {
    const fields = stepFields(step);
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
  return { platform: parsePlatform(value), history, diffIds, illFormedDiffIds };
}

/**
 * Returns a clause with the reason why the value isn't an image config; null if it may be. Any field can be missing, but not all of them.
 */
export function imageConfigProblem(value: unknown): string | null {
  const object = configFields(value);
  if (object === null) return `is ${jsonKind(value)}, not an image config`;
  return Object.values(object).some((field) => field !== undefined) ? null : 'has no field of an image config';
}

/** Returns a message if there are more or fewer diffIDs than layers, otherwise null. */
export function diffIdProblem({ diffIds }: ImageConfig, layerCount: number): string | null {
  if (diffIds.length === layerCount) return null;
  const layers = layerCount === 1 ? '1 layer' : `${layerCount} layers`;
  if (diffIds.length === 0) return `the config has no diff IDs for ${layers}`;
  return `the config has ${diffIds.length} diff ${diffIds.length === 1 ? 'ID' : 'IDs'}, but the image has ${layers}`;
}

/** Returns the command that made each layer; null for layers beyond the end of the history. */
export function createdByLayer(history: readonly HistoryReport[], layerCount: number): (string | null)[] {
  const steps = history.filter((step) => !step.emptyLayer);
  return Array.from({ length: layerCount }, (_, index) => steps[index]?.createdBy ?? null);
}

/** Returns a message if the history has more or fewer steps that made a layer than there are layers, otherwise null. */
export function historyProblem(history: readonly HistoryReport[], layerCount: number): string | null {
  const steps = history.filter((step) => !step.emptyLayer).length;
  if (steps === layerCount) return null;
  const layers = layerCount === 1 ? '1 layer' : `${layerCount} layers`;
  if (history.length === 0) return `the config has no history for ${layers}`;
  return `the config's history has ${steps} ${steps === 1 ? 'step' : 'steps'} that made a layer, but the image has ${layers}`;
}
