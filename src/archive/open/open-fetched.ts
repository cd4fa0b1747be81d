// Opens an image whose documents have been fetched already and whose blobs are fetched when needed.

import type { BlobCache } from '../cache/blob-cache.ts';
import { Turns } from '../control/turns.ts';
import { FetchedMembers } from '../members/fetched-members.ts';
import { blobName } from '../members/member-store.ts';
import { type NewPath, OverlayMembers } from '../members/overlay-members.ts';
import type { FetchedContent } from '../source-types.ts';
import { ImageList } from './image-list.ts';
import { addByIndex, type OpenedArchive, openedList } from './open-archive.ts';

/** Maximum number of blobs fetched at the same time. */
const MAX_ARRIVING = 4;

/** Opens the image. `close` stops all fetching and returns the blobs' files. Throws BAD_MANIFEST, TOO_LARGE, IO. */
export function openFetchedImage(
  content: FetchedContent,
  newPath: NewPath,
  cache: BlobCache | null,
): { readonly opened: OpenedArchive; readonly close: () => readonly string[] } {
  const turns = new Turns(MAX_ARRIVING);
  const members = new FetchedMembers(content, newPath, (digest, length) => ({
    kept: () => cache?.find(digest, length) ?? null,
    keep: async (path) => cache?.keep(digest, path, length),
    turn: (signal) => turns.take(signal),
  }));
  const store = new OverlayMembers(members, newPath);
  for (const [digest, bytes] of content.documents) store.add(blobName(digest), bytes);
  store.add('index.json', content.index);
  const list = new ImageList(store);
  addByIndex(list, store);
  return { opened: openedList(content.format, list, store), close: () => members.close() };
}
