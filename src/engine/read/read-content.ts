import { resolveEntry, resolveEntryBody } from '#changes';
import { displayPath, LayerscopeError, TYPE } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { typeInWords } from './link-words.ts';
import { entryType, resolveImagePath } from './resolve-path.ts';

/** A file's contents. */
export interface Content {
  /** Path of the file after following links; raw bytes. */
  readonly path: Uint8Array;
  readonly totalBytes: number;
  /** The content, with holes read as zeros. Throws TRUNCATED, DAMAGED or BAD_TAR if the file can't be read to its end. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Reads a file as seen at a layer: at most `length` bytes from `start` (default 0). Links are followed inside the image.
 * Throws NOT_FOUND if the path doesn't exist or isn't a file; BLOB_MISSING.
 */
export function readContent(
  loaded: LoadedImage,
  layer: number,
  parts: readonly Uint8Array[],
  options: { readonly start?: number; readonly length?: number; readonly signal?: AbortSignal } = {},
): Content {
  const { path, entry, via } = resolveImagePath(loaded, layer, parts, { followLast: true });
  const shown = via === null ? displayPath(path) : `${via}, and ${displayPath(path)}`;
  if (entry === null)
    throw new LayerscopeError('NOT_FOUND', `${via === null ? '' : `${via}: `}the root of the image is a directory, not a file`);
  const body = resolveEntryBody(loaded.stack, entry);
  if (body === null) {
    const type = entryType(loaded, resolveEntry(loaded.stack, entry) ?? entry);
    throw new LayerscopeError('NOT_FOUND', `${shown} is ${typeInWords(type)}${type === TYPE.hardlink ? '' : ', not a file'}`);
  }
  const archiveLayer = loaded.image.layers[body.layer];
  const indexed = loaded.layers[body.layer];
  if (archiveLayer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${body.layer} could not be read`);
  return {
    path,
    totalBytes: indexed.table.size[body.member] ?? 0,
    bytes: loaded.reader.readBody(archiveLayer, indexed, body.member, options),
  };
}
