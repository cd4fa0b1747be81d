import { type TocEntry, tocTime } from '#format/estargz';
import type { Ztoc, ZtocEntry } from '#format/soci';
import { encodeUtf8, LayerscopeError } from '#model';
import { type TocTable, TocTableBuilder } from './toc-table.ts';

const BLOCK = 512;

/**
 * Makes a layer's table from its zTOC; contents are at offsets in the plain tar. `blobBytes`: stored size of the layer. Throws DAMAGED if
 * the zTOC can't match the layer; TOO_LARGE.
 */
export function ztocTable(ztoc: Ztoc, blobBytes: number): TocTable {
  if (ztoc.packedBytes !== blobBytes)
    throw new LayerscopeError('DAMAGED', `the zTOC is for a layer of ${ztoc.packedBytes} bytes, but this one has ${blobBytes}`);
  const builder = new TocTableBuilder(blobBytes);
  let end = 0;
  for (const entry of ztoc.entries()) {
    if (entry.type === 'reg' && entry.sizeBytes > 0) {
      if (entry.plainOffset < end + BLOCK || entry.plainOffset % BLOCK !== 0)
        throw new LayerscopeError('DAMAGED', `the zTOC has two entries at byte ${entry.plainOffset} of the tar`);
      end = entry.plainOffset + entry.sizeBytes;
    }
    builder.addPlaced(entryOf(entry), entry.plainOffset);
  }
  return builder.finish();
}

function entryOf({ time, xattrs, plainOffset: _offset, type, sizeBytes, ...facts }: ZtocEntry): TocEntry {
  return {
    ...facts,
    ...tocTime(time),
    type,
    sizeBytes: type === 'reg' ? sizeBytes : 0,
    xattrs: new Map([...xattrs].map(([name, value]) => [name, encodeUtf8(value)])),
    digest: null,
    chunks: [],
  };
}
