// The store's record of a layer: layers/<id>.json.
import { refuseName } from '#format/path';
import { displayText, encodeUtf8, LayerscopeError } from '#model';

/** Version of the store's own files. Newer versions are refused. */
export const STORE_VERSION = 1;

/** A layer, recorded or derived from an image. */
export interface LayerRecord {
  readonly version: typeof STORE_VERSION;
  readonly parent: string | null;
  /** Whether the layer is written through its mount; such a layer has no blob. */
  readonly readWrite: boolean;
  /** Null if nothing has been applied yet. */
  readonly blob: {
    readonly digest: string;
    readonly size: number;
    readonly mediaType: string;
    /** Null for a layer from an image whose config doesn't state the diffID. */
    readonly diffId: string | null;
    /** Total size of the layer's regular files; null if not counted yet. */
    readonly fileBytes: number | null;
  } | null;
  /** Names of the images that a derived layer belongs to; absent for a recorded layer. */
  readonly images?: readonly string[];
}

const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/**
 * Shortens a 64-digit id to its first digits, which identify the layer in messages and on the command line; returns other ids unchanged.
 */
export function shortLayerId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}

/** Checks a layer id. Throws NAME_REFUSED unless it can be a file name on every system. */
export function parseLayerId(text: string): string {
  if (!ID.test(text) || refuseName(encodeUtf8(text), 'windows') !== null) {
    throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${displayText(text.slice(0, 100))}: letters, digits, _ . and - only`);
  }
  return text;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isDigest = (value: unknown): value is string => isText(value) && /^sha256:[0-9a-f]{64}$/.test(value);

/** Parses a record. Throws IO if it is malformed, UNSUPPORTED if a newer version wrote it. */
export function parseLayerRecord(id: string, value: unknown): LayerRecord {
  const broken = (): never => {
    throw new LayerscopeError('IO', `layers/${id}.json is not a layer's record`);
  };
  if (typeof value !== 'object' || value === null) return broken();
  const { version, parent, readWrite, blob } = value as Record<string, unknown>;
  if (isCount(version) && version > STORE_VERSION) {
    throw new LayerscopeError('UNSUPPORTED', `layer ${id} was written by a newer version of this program (${version})`);
  }
  if (version !== STORE_VERSION || !(parent === null || isText(parent)) || typeof readWrite !== 'boolean') return broken();
  if (blob === null) return { version, parent, readWrite, blob };
  if (typeof blob !== 'object') return broken();
  const { digest, size, mediaType, diffId, fileBytes } = blob as Record<string, unknown>;
  if (!isDigest(digest) || !isDigest(diffId) || !isCount(size) || !isCount(fileBytes) || !isText(mediaType)) return broken();
  return {
    version,
    parent: parent === null ? null : parseLayerId(parent),
    readWrite,
    blob: { digest, size, mediaType, diffId, fileBytes },
  };
}
