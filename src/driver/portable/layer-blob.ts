// Reads layer blobs of the store: their digests when they are added, their tables, and individual files.
import { stat } from 'node:fs/promises';
import { type BlobSource, type CopiedBlob, compressionOf, Digester, type IndexedLayer, plainTarOf, readLayer, readPlain } from '#archive';
import { MEDIA_TYPE } from '#format/image';
import { LayerTableBuilder, layerFigures } from '#format/layer';
import { TarReader } from '#format/tar';
import { readTarPieces } from '#format/windows-tar';
import {
  type Compression,
  displayText,
  type ErrorCode,
  type Finding,
  type FindingCode,
  finding,
  LayerscopeError,
  TYPE,
  trimEnd,
} from '#model';
import type { ApplyOptions } from '../driver.ts';
import type { LayerRecord } from './layer-record.ts';

/** Returns the media type of a layer's blob by its compression. */
export function layerMediaType(compression: Compression): string {
  return compression === 'none' ? MEDIA_TYPE.ociLayer : `${MEDIA_TYPE.ociLayer}+${compression}`;
}

type MeasuredBlob = NonNullable<LayerRecord['blob']> & { readonly diffId: string; readonly fileBytes: number };

/** A measured blob and its table. */
export interface Measured {
  readonly blob: MeasuredBlob;
  readonly layer: IndexedLayer;
}

/**
 * Reads a blob once for its digests and its table. `copied`: what was measured while copying the blob, if it was copied. Throws BAD_TAR,
 * TRUNCATED, DAMAGED; TOO_LARGE if the table would be too large for the blob.
 */
export async function measureBlob(file: string, copied: CopiedBlob | null, options: ApplyOptions): Promise<Measured> {
  const compression = compressionOf(file);
  const packed = copied === null ? new Digester('sha256') : null;
  // The diffID of an uncompressed blob is its digest, so it needn't be hashed again.
  const plain = compression === 'none' ? null : new Digester('sha256');
  const builder = new LayerTableBuilder(copied?.size ?? (await stat(file)).size);
  let problem: Finding | null = null;
  const reader = new TarReader({
    member: (member) => builder.member(member),
    finding: (found) => {
      if (found.code === 'truncated' || found.code === 'sparse-mismatch')
        problem ??= finding('truncated', found.message, { offset: found.offset });
      builder.finding(found);
    },
    truncated: (index) => builder.truncated(index),
  });
  let size = 0;
  let tarBytes = 0;
  await readPlain(
    file,
    (bytes) => {
      tarBytes += bytes.length;
      plain?.update(bytes);
      reader.push(bytes);
    },
    {
      signal: options.signal,
      onPacked: (bytes) => {
        packed?.update(bytes);
        size += bytes.length;
      },
    },
  );
  reader.end();
  const cause = problem as Finding | null;
  if (cause !== null) throw new LayerscopeError('TRUNCATED', cause.message, cause.offset === undefined ? {} : { offset: cause.offset });
  const { table, findings } = builder.finish();
  for (const found of findings) options.onFinding?.(found);
  const digest = copied?.digest ?? packed?.finish() ?? '';
  const blob = {
    digest,
    size,
    mediaType: layerMediaType(compression),
    diffId: plain?.finish() ?? digest,
    fileBytes: layerFigures(table).fileBytes,
  };
  return { blob, layer: { table, status: 'present', tarBytes, findings, measured: null } };
}

/** A blob and its table. */
export interface ReadBlob {
  readonly blob: BlobSource;
  readonly indexed: IndexedLayer;
}

/** Reads a blob's headers. Throws BAD_TAR, TRUNCATED, DAMAGED or TOO_LARGE if the blob can't be read to its end; also IO, CANCELLED. */
export async function readBlobTable(blob: BlobSource, { signal }: { readonly signal?: AbortSignal | undefined }): Promise<ReadBlob> {
  const indexed = await readLayer(blob, signal);
  for (const { code, message, offset } of indexed.findings) {
    const error = STOPS[code];
    if (error !== undefined) throw new LayerscopeError(error, message, offset === undefined ? {} : { offset });
  }
  return { blob, indexed };
}

/** Findings that make a blob unusable, and the code of the error to throw for each. */
const STOPS: Partial<Record<FindingCode, ErrorCode>> = {
  'bad-tar': 'BAD_TAR',
  truncated: 'TRUNCATED',
  'size-mismatch': 'TRUNCATED',
  'damaged-blob': 'DAMAGED',
  'too-large': 'TOO_LARGE',
};

/** Yields the content of the last file with this name in a layer's tar, with holes as zeros. Throws NOT_FOUND. */
export async function* contentOf(blob: BlobSource, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const wanted = Buffer.from(trimEnd(name, '/'));
  let last = -1;
  let count = 0;
  for await (const piece of readTarPieces(plainTarOf(blob))) {
    if (piece.kind !== 'member') continue;
    if (piece.member.type === TYPE.file && wanted.equals(piece.member.name)) last = count;
    count++;
  }
  if (last < 0) throw new LayerscopeError('NOT_FOUND', `no file ${displayText(name)} in the layer`);
  count = 0;
  let inside = false;
  for await (const piece of readTarPieces(plainTarOf(blob))) {
    if (piece.kind === 'member') {
      if (inside) return;
      inside = count++ === last;
    } else if (inside) yield piece.bytes;
  }
}
