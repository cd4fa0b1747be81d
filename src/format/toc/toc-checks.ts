import type { TocChunk, TocEntry } from '#format/estargz';
import { displayText, LayerscopeError } from '#model';

/** Maximum size of a piece, which is unpacked in memory. Writers use 4 MiB or less. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024;
/** The character that JSON writers substitute for bytes that aren't UTF-8. */
const REPLACED = '\ufffd';

/**
 * Refuses a TOC that can't be true of any layer, or that lacks what is needed to show the layer correctly. Throws DAMAGED for pieces that
 * overlap; UNSUPPORTED for names that JSON can't represent, for pieces too large to check, and for pieces that share packed bytes but
 * aren't consecutive, because reading them in order would unpack these bytes again and again.
 */
export function checkTocEntries(entries: readonly TocEntry[], names: 'of-the-toc' | 'of-the-tar'): void {
  const stored: TocChunk[] = [];
  let runs = 0;
  for (const { name, linkName, chunks } of entries) {
    if (names === 'of-the-toc' && (name.includes(REPLACED) || linkName.includes(REPLACED)))
      throw new LayerscopeError('UNSUPPORTED', `a table of contents has lost bytes of the name ${displayText(name.slice(0, 200))}`);
    for (const chunk of chunks) {
      if (chunk.isZeros) continue;
      if (Math.max(chunk.sizeBytes, chunk.packedEnd - chunk.packedStart, chunk.innerOffset) > MAX_CHUNK_BYTES)
        throw new LayerscopeError('UNSUPPORTED', `a table of contents with a piece of more than ${MAX_CHUNK_BYTES} bytes`);
      const before = stored[stored.length - 1];
      if (before?.packedStart !== chunk.packedStart || chunk.innerOffset < before.innerOffset) runs++;
      stored.push(chunk);
    }
  }
  stored.sort((a, b) => a.packedStart - b.packedStart || a.innerOffset - b.innerOffset);
  let places = Math.min(1, stored.length);
  for (let at = 1; at < stored.length; at++) {
    const before = stored[at - 1] as TocChunk;
    const chunk = stored[at] as TocChunk;
    const isApart =
      chunk.packedStart === before.packedStart
        ? chunk.packedEnd === before.packedEnd && chunk.innerOffset >= before.innerOffset + before.sizeBytes
        : chunk.packedStart >= before.packedEnd;
    if (!isApart) throw new LayerscopeError('DAMAGED', `a table of contents has two contents at byte ${chunk.packedStart} of the layer`);
    if (chunk.packedStart !== before.packedStart) places++;
  }
  if (runs > places) throw new LayerscopeError('UNSUPPORTED', 'a table of contents whose pieces are out of order');
}
