import { changesOf } from '#changes';
import type { RowTable } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type ContentOptions, readContents } from './read-contents.ts';

/**
 * Lists what layers `from` to `to` (inclusive, 0 the bottom) changed together. Files of equal size are compared by checksum if both have
 * one, otherwise byte by byte; a file that can't be read is `unread`. Throws NOT_FOUND, IO, CANCELLED.
 */
export async function listChanges(loaded: LoadedImage, from: number, to: number, options: ContentOptions = {}): Promise<RowTable> {
  if (options.reads === false) return changesOf(loaded.stack, from, to, { sums: 'ignored' });
  const rows = changesOf(loaded.stack, from, to);
  await readContents(loaded, loaded, { rows, differs: rows.differs }, options);
  return rows;
}
