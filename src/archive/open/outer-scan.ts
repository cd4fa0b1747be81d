import { asObject, dockerManifestProblem, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import type { Decompressed } from '../blob/decompress.ts';
import type { SourceFile } from '../blob/source-file.ts';
import { LayerIndexer } from '../indexing/index-layer.ts';
import { readDocument } from '../members/member-store.ts';
import type { NewPath } from '../members/overlay-members.ts';
import { MemberCollector, TarMembers, wholeCollector } from '../members/tar-members.ts';
import type { IndexedLayer } from '../types.ts';

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

  /** `fileBytes`: of the file as it is stored. `whole`: it is known to be an image, all members are kept. */
  constructor(fileBytes: number, whole = false) {
    this.keepsAll = whole;
    this.members = whole ? wholeCollector() : new MemberCollector();
    this.indexer = new LayerIndexer(fileBytes, { also: this.members });
  }

  /** As a layer. */
  finish(tarBytes: number, packed: Decompressed | null): IndexedLayer {
    return this.indexer.finish(tarBytes, packed).layer;
  }
}

/** What a tar is, and what is wrong with a manifest.json that it has for nothing: a clause, null where nothing is. */
export interface JudgedTar {
  readonly kind: TarKind;
  readonly manifestProblem: string | null;
}

/**
 * An image archive has `manifest.json` (a list of images), or `index.json` and `oci-layout`, or was written by Docker up to 1.9; anything else
 * is a layer: one may well have a manifest.json of another kind. `flaw`: why the tar isn't whole, null where it is. Throws it, or BAD_MANIFEST,
 * where it plainly was an OCI archive but its index is not there.
 */
export function judgeTar(scan: OuterScan, file: SourceFile, flaw: LayerscopeError | null, newPath: NewPath): JudgedTar {
  const { members } = scan;
  const store = new TarMembers(members.members, file, '', null, newPath);
  const document = members.has('manifest.json') ? readManifest(store, members, flaw) : null;
  if (document !== null && document.problem === null) return { kind: 'docker-archive', manifestProblem: null };
  // A layer may have an object of that name: a web application's manifest.
  const manifestProblem = document === null || (document.isObject && !members.looksLikeImage) ? null : document.problem;
  if (members.has('index.json') && (members.has('oci-layout') || members.looksLikeImage)) return { kind: 'oci-archive', manifestProblem };
  if (hasLegacyShape(members)) return { kind: 'legacy-archive', manifestProblem };
  if (flaw !== null && members.looksLikeImage) throw flaw;
  // What plainly was an image archive is one still, without images; whoever reads its manifest finds out why.
  if (manifestProblem !== null && (members.looksLikeImage || members.holdsTars)) return { kind: 'docker-archive', manifestProblem: null };
  if (members.has('oci-layout') && members.looksLikeImage) throw new LayerscopeError('BAD_MANIFEST', 'an OCI archive without index.json');
  return { kind: 'layer', manifestProblem };
}

/** Throws `flaw` where the manifest can't be read and there is one. */
function readManifest(
  store: TarMembers,
  members: MemberCollector,
  flaw: LayerscopeError | null,
): { problem: string | null; isObject: boolean } | null {
  try {
    const bytes = readDocument(store, 'manifest.json');
    if (bytes === null) return null;
    const value = parseJson(bytes, 'manifest.json');
    return { problem: dockerManifestProblem(value), isObject: asObject(value) !== null };
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code === 'IO') throw error;
    if (flaw !== null) throw flaw;
    // In a layer it may be any file: what is too large to be looked at says nothing then.
    if (error.code === 'TOO_LARGE' && !members.looksLikeImage && !members.holdsTars) return null;
    if (error.code === 'TOO_LARGE') throw error;
    return { problem: error.message, isObject: false };
  }
}

function hasLegacyShape(members: MemberCollector): boolean {
  for (const name of members.members.keys()) if (/^[0-9a-f]{64}\/json$/.test(name)) return true;
  return false;
}
