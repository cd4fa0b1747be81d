// skopeo's `dir:` format: one image in a folder. `manifest.json` is its manifest, or an index whose manifests are in
// `<hex>.manifest.json`; blobs are named by the hex digits of their digest; `version` contains "Directory Transport Version: 1.1".
// Source: containers/image, directory/directory_transport.go.
import { MEDIA_TYPE, parseIndexed, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import { sha256 } from '../blob/digest.ts';
import { type MemberStore, readDocument, type StoredRange } from './member-store.ts';
import type { OverlayMembers } from './overlay-members.ts';

/** Whether the folder's manifest.json is an image's own manifest. Returns false for invalid JSON; throws what reading throws. */
export function isDirFormat(store: MemberStore): boolean {
  const bytes = readDocument(store, 'manifest.json');
  if (bytes === null) return false;
  try {
    return parseIndexed(parseJson(bytes, 'manifest.json')) !== null;
  } catch (error) {
    if (error instanceof LayerscopeError && error.code === 'BAD_MANIFEST') return false;
    throw error;
  }
}

/** Gives the folder's blobs the names that they have in an OCI layout: `blobs/<algorithm>/<hex>`. */
export class DirMembers implements MemberStore {
  readonly #folder: MemberStore;
  readonly #manifestName: string;

  /** Throws NOT_FOUND if the folder has no manifest.json. */
  constructor(folder: MemberStore) {
    this.#folder = folder;
    this.#manifestName = blobNameOf(this.manifest());
  }

  manifest(): Uint8Array {
    const bytes = readDocument(this.#folder, 'manifest.json');
    if (bytes === null) throw new LayerscopeError('NOT_FOUND', 'manifest.json is missing');
    return bytes;
  }

  find(name: string): StoredRange | null {
    if (name === this.#manifestName) return this.#folder.find('manifest.json');
    const hex = /^blobs\/\w+\/([0-9a-f]+)$/.exec(name)?.[1];
    if (hex === undefined) return null;
    return this.#folder.find(hex) ?? this.#folder.find(`${hex}.manifest.json`);
  }

  names(): Iterable<string> {
    return this.#folder.names();
  }

  head(range: StoredRange, count: number): Uint8Array {
    return this.#folder.head(range, count);
  }
}

function blobNameOf(bytes: Uint8Array): string {
  return `blobs/${sha256(bytes).replace(':', '/')}`;
}

/** Adds the index.json that the folder lacks, with an entry for its manifest. Returns false if there is nowhere to put it. */
export function addDirIndex(store: OverlayMembers, members: DirMembers): boolean {
  const bytes = members.manifest();
  const document = parseIndexed(parseJson(bytes, 'manifest.json'));
  const stated =
    (document?.kind === 'manifest' ? document.mediaType : null) ??
    (document?.kind === 'index' ? MEDIA_TYPE.ociIndex : MEDIA_TYPE.ociManifest);
  const entry = { mediaType: stated, digest: sha256(bytes), size: bytes.length };
  return store.add('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [entry] })));
}
