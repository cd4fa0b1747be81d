// Encodes lists of any length as bytes, one line of JSON per item, so that they are paced like tar data and needn't fit into a frame.
import { encodeUtf8, LayerscopeError } from '#model';
import { decodeJson } from './frames.ts';

/** Maximum size of an item: far more than a layer with a chain of thousands needs. */
const MAX_ITEM_BYTES = 16 * 1024 * 1024;
/** A batch is sent once it has BATCH_CHARACTERS characters, or when an item is added BATCH_MS after the previous batch was sent. */
const BATCH_CHARACTERS = 32 * 1024;
const BATCH_MS = 50;
const NEWLINE = 0x0a;

/** Encodes items. Closes the source when the consumer stops reading. */
export async function* encodeItems(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  let batch = '';
  let since = Date.now();
  for await (const item of items) {
    batch += `${JSON.stringify(item)}\n`;
    if (batch.length < BATCH_CHARACTERS && Date.now() - since < BATCH_MS) continue;
    yield encodeUtf8(batch);
    batch = '';
    since = Date.now();
  }
  if (batch !== '') yield encodeUtf8(batch);
}

/** Decodes items with `parse`. Throws BAD_REQUEST (not JSON, or cut off), TOO_LARGE. Closes the source when the consumer stops reading. */
export async function* decodeItems<T>(pieces: AsyncIterable<Uint8Array>, parse: (value: unknown) => T): AsyncGenerator<T, void, undefined> {
  /** Pieces of an incomplete line, and their total length. */
  let parts: Uint8Array[] = [];
  let kept = 0;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const line = piece.subarray(start, end);
      yield parse(decodeJson(parts.length === 0 ? line : Buffer.concat([...parts, line])));
      parts = [];
      kept = 0;
      start = end + 1;
    }
    if (start === piece.length) continue;
    parts.push(piece.subarray(start));
    kept += piece.length - start;
    if (kept > MAX_ITEM_BYTES) throw new LayerscopeError('TOO_LARGE', `an item of a list has more than ${MAX_ITEM_BYTES} bytes`);
  }
  if (kept > 0) throw new LayerscopeError('BAD_REQUEST', 'a list that ends inside an item');
}
