import { isDockerManifest, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import type { Decompressed } from './decompress.ts';
import { LayerIndexer } from './index-layer.ts';
import { readDocument } from './member-store.ts';
import type { SourceFile } from './source-file.ts';
import { MemberCollector, TarMembers, wholeCollector } from './tar-members.ts';
import type { IndexedLayer } from './types.ts';

/** What a tar is, told by its members. */
export type TarKind = 'docker-archive' | 'oci-archive' | 'legacy-archive' | 'layer';

/**
 * Reads a tar of which it isn't known yet what it is: gathers the members that an image's manifests would name and, at the same time, the
 * table that it would have as a layer. So either is there at the end of one reading.
 */
export class OuterScan {
  readonly members: MemberCollector;
  readonly indexer: LayerIndexer;
  readonly keepsAll: boolean;

  /** `whole`: it is known to be an image, all members are kept. */
  constructor(whole = false) {
    this.keepsAll = whole;
    this.members = whole ? wholeCollector() : new MemberCollector();
    this.indexer = new LayerIndexer({ also: this.members });
  }

  /** As a layer. */
  finish(tarBytes: number, packed: Decompressed | null): IndexedLayer {
    return this.indexer.finish(tarBytes, packed).layer;
  }
}

/**
 * An image archive has `manifest.json` (a list of images), or `index.json` and `oci-layout`, or was written by Docker up to 1.9; anything else
 * is a layer: one may well have a manifest.json of another kind. `flaw`: why the tar isn't whole, null where it is. Throws it, or BAD_MANIFEST,
 * where it plainly was an image archive but its manifest is damaged or not there.
 */
export function kindOfTar(scan: OuterScan, file: SourceFile, flaw: LayerscopeError | null): TarKind {
  const { members } = scan;
  const store = new TarMembers(members.members, file, '', null);
  if (members.has('manifest.json') && isManifest(store, members, flaw)) return 'docker-archive';
  if (members.has('index.json') && members.has('oci-layout')) return 'oci-archive';
  if (hasLegacyShape(members)) return 'legacy-archive';
  if (flaw !== null && members.looksLikeImage) throw flaw;
  if (members.has('oci-layout') && members.looksLikeImage) throw new LayerscopeError('BAD_MANIFEST', 'an OCI archive without index.json');
  return 'layer';
}

function isManifest(store: TarMembers, members: MemberCollector, flaw: LayerscopeError | null): boolean {
  try {
    const bytes = readDocument(store, 'manifest.json');
    return bytes !== null && isDockerManifest(parseJson(bytes, 'manifest.json'));
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'BAD_MANIFEST') throw error;
    if (flaw !== null) throw flaw;
    if (members.looksLikeImage) throw error;
    return false;
  }
}

function hasLegacyShape(members: MemberCollector): boolean {
  for (const name of members.members.keys()) if (/^[0-9a-f]{64}\/json$/.test(name)) return true;
  return false;
}
