import { asObject, dockerManifestProblem, parseJson } from '#format/image';
import { LayerscopeError } from '#model';
import type { Decompressed } from '../blob/decompress.ts';
import type { SourceFile } from '../blob/source-file.ts';
import { LayerIndexer } from '../indexing/layer-indexer.ts';
import { readDocument } from '../members/member-store.ts';
import type { NewPath } from '../members/overlay-members.ts';
import { MemberCollector, TarMembers, wholeCollector } from '../members/tar-members.ts';
import type { IndexedLayer } from '../types.ts';

/** Kind of a tar, judged by its members. */
export type TarKind = 'docker-archive' | 'oci-archive' | 'legacy-archive' | 'layer';

/**
 * Reads a tar of unknown kind once: collects the members that an image's manifests may name, and builds the table that the tar would have
 * as a layer.
 */
export class OuterScan {
  readonly members: MemberCollector;
  readonly indexer: LayerIndexer;
  readonly keepsAll: boolean;

  /** `fileBytes` is the stored size of the file. If `whole`, the file is known to be an image archive, so all members are kept. */
  constructor(fileBytes: number, whole = false) {
    this.keepsAll = whole;
    this.members = whole ? wholeCollector() : new MemberCollector();
    this.indexer = new LayerIndexer(fileBytes, { also: this.members });
  }

  /** Returns the result as a layer. */
  finish(tarBytes: number, packed: Decompressed | null): IndexedLayer {
    return this.indexer.finish(tarBytes, packed).layer;
  }
}

/** The kind of a tar. `manifestProblem` is a clause about what is wrong with manifest.json; null if nothing is, or if it doesn't matter. */
export interface JudgedTar {
  readonly kind: TarKind;
  readonly manifestProblem: string | null;
}

/**
 * Determines a tar's kind. An image archive has `manifest.json` (a list of images), or `index.json` and `oci-layout`, or was written by
 * Docker 1.9 or earlier. Anything else is a layer, which may contain some other manifest.json. `flaw` is the reason why the tar is
 * incomplete; null if it is complete. Throws `flaw`, or BAD_MANIFEST if the tar is clearly an OCI archive without an index.
 */
export function judgeTar(scan: OuterScan, file: SourceFile, flaw: LayerscopeError | null, newPath: NewPath): JudgedTar {
  const { members } = scan;
  const store = new TarMembers(members.members, file, '', null, newPath);
  const document = members.has('manifest.json') ? readManifest(store, members, flaw) : null;
  if (document !== null && document.problem === null) return { kind: 'docker-archive', manifestProblem: null };
  // Not a problem in a layer, which may contain an unrelated object of that name, such as a web app manifest.
  const manifestProblem = document === null || (document.isObject && !members.looksLikeImage) ? null : document.problem;
  if (members.has('index.json') && (members.has('oci-layout') || members.looksLikeImage)) return { kind: 'oci-archive', manifestProblem };
  if (hasLegacyShape(members)) return { kind: 'legacy-archive', manifestProblem };
  if (flaw !== null && members.looksLikeImage) throw flaw;
  // This is clearly an image archive. It opens without images, and reading its manifest reports why.
  if (manifestProblem !== null && (members.looksLikeImage || members.holdsTars)) return { kind: 'docker-archive', manifestProblem: null };
  if (members.has('oci-layout') && members.looksLikeImage) throw new LayerscopeError('BAD_MANIFEST', 'an OCI archive without index.json');
  return { kind: 'layer', manifestProblem };
}

/** Reads manifest.json. Throws `flaw`, if any, when the manifest is unreadable. */
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
    // In a layer, manifest.json may be any file. In what is clearly an image archive, this is the error to report.
    if (error.code === 'TOO_LARGE' && (members.looksLikeImage || members.holdsTars)) throw error;
    return { problem: error.message, isObject: false };
  }
}

function hasLegacyShape(members: MemberCollector): boolean {
  for (const name of members.members.keys()) if (/^[0-9a-f]{64}\/json$/.test(name)) return true;
  return false;
}
