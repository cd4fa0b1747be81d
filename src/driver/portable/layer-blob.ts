// A layer's blob in the store, read: measured when it comes, as a table for its changes, one file of it.
import { type CopiedBlob, compressionOf, Digester, plainTarOf, readPlain } from '#archive';
import { MEDIA_TYPE } from '#format/image';
import { type LayerTable, LayerTableBuilder, layerFigures } from '#format/layer';
import { TarReader } from '#format/tar';
import { readTarPieces } from '#format/windows-tar';
import { type Compression, displayText, type Finding, finding, LayerscopeError, TYPE } from '#model';
import type { ApplyOptions, CallOptions } from '../driver.ts';
import type { LayerRecord } from './layer-record.ts';

/** Of a layer's blob, by how it is packed. */
export function layerMediaType(compression: Compression): string {
  return compression === 'none' ? MEDIA_TYPE.ociLayer : `${MEDIA_TYPE.ociLayer}+${compression}`;
}

export type MeasuredBlob = NonNullable<LayerRecord['blob']> & { readonly diffId: string; readonly fileBytes: number };

/**
 * Reads a blob once: its digests, and what its tar says; `copied` is what its copying measured, if it did. Throws BAD_TAR, TRUNCATED, DAMAGED.
 */
export async function measureBlob(file: string, copied: CopiedBlob | null, options: ApplyOptions): Promise<MeasuredBlob> {
  const compression = compressionOf(file);
  const packed = copied === null ? new Digester('sha256') : null;
  // The diffID of a plain blob is its digest: no byte is hashed twice.
  const plain = compression === 'none' ? null : new Digester('sha256');
  const builder = new LayerTableBuilder();
  let problem: Finding | null = null;
  const reader = new TarReader({
    member: (member) => builder.member(member),
    finding: (told) => {
      if (told.code === 'truncated' || told.code === 'sparse-mismatch')
        problem ??= finding('truncated', told.message, { offset: told.offset });
      builder.finding(told);
    },
    truncated: (index) => builder.truncated(index),
  });
  let size = 0;
  await readPlain(
    file,
    (bytes) => {
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
  const told = problem as Finding | null;
  if (told !== null) throw new LayerscopeError('TRUNCATED', told.message, told.offset === undefined ? {} : { offset: told.offset });
  const { table, findings } = builder.finish();
  for (const found of findings) options.onFinding?.(found);
  const digest = copied?.digest ?? packed?.finish() ?? '';
  return {
    digest,
    size,
    mediaType: layerMediaType(compression),
    diffId: plain?.finish() ?? digest,
    fileBytes: layerFigures(table).fileBytes,
  };
}

/** A layer's tar as a table. Throws as {@link measureBlob}. */
export async function tableOf(file: string, { signal }: CallOptions): Promise<LayerTable> {
  const builder = new LayerTableBuilder();
  const reader = new TarReader(builder);
  await readPlain(file, (bytes) => reader.push(bytes), { signal });
  reader.end();
  return builder.finish().table;
}

/** Content of the last entry of a name in a layer's tar, holes as zeros. NOT_FOUND. */
export async function* contentOf(blob: string, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const wanted = Buffer.from(name.replace(/\/+$/, ''));
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
