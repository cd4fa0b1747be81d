import type { NodeViews } from '#changes';
import type { FolderPackages, PackageOwner } from '#contract';
import type { Site } from '#packages';
import type { LoadedImage } from '../image/types.ts';
import { sumsBelow } from './layer-sums.ts';
import { NOBODY } from './owners.ts';
import { PackageWalk } from './package-walk.ts';
import type { IsWanted } from './sites.ts';
import { type Installed, ownerIn } from './types.ts';

/** The packages that own a path and the files below it. */
interface PathOwners {
  /** The package that owns the path; null if none does. */
  readonly owner: PackageOwner | null;
  /** The packages that own the files at or below the path; null unless the path is a folder. */
  readonly inFolder: FolderPackages | null;
}

/** Maximum number of packages listed for a folder. */
const MAX_IN_FOLDER = 100;

/**
 * Returns the owners of a path as seen at a layer; none for layer -1, whose view is empty. Reads only what that layer shows, and only
 * places that may own something there. `path` is in raw bytes as in the view, so links in it must be resolved. Throws CANCELLED, IO.
 */
export async function ownersOf(
  loaded: LoadedImage,
  path: Uint8Array,
  layer: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<PathOwners> {
  if (layer < 0) return NOBODYS;
  const at = Math.min(layer, loaded.image.layers.length - 1);
  let node = -1;
  const isWanted: IsWanted = (kind, own, views) => {
    if (node < 0) node = views.find(path);
    return mayOwn(kind, own, node, views);
  };
  await using walk = new PackageWalk(loaded, { signal, at, isWanted });
  const { views } = walk;
  node = views.find(path);
  if (node <= 0) return NOBODYS;
  await walk.read();
  const owner = walk.installed[walk.owners[node] ?? NOBODY];
  return {
    owner: owner === undefined ? null : ownerIn(owner),
    inFolder: views.isShown(node) && !views.showsEntry(node) ? folderPackages(walk, node) : null,
  };
}

const NOBODYS: PathOwners = { owner: null, inFolder: null };

/**
 * Whether a place may describe a package that owns something at or below a node. A program or jar owns only itself, and an npm package only
 * what is in its folder; all others may list any path.
 */
function mayOwn(kind: Site['kind'], own: number, node: number, { tree: { parent } }: NodeViews): boolean {
  if (kind === 'program' || kind === 'jar') return isWithin(own, node, parent);
  if (kind !== 'npm') return true;
  const folder = parent[own] as number;
  return isWithin(folder, node, parent) || isWithin(node, folder, parent);
}

/** Whether a node is `folder` or is below it. */
function isWithin(node: number, folder: number, parent: Uint32Array): boolean {
  // A parent's number is lower than its children's, so the walk up can stop below the folder's number.
  let at = node;
  while (at > folder) at = parent[at] as number;
  return at === folder;
}

function folderPackages({ views, installed, owners }: PackageWalk, folder: number): FolderPackages {
  const { sums, nobodys } = sumsBelow(views, owners, installed.length, folder);
  const present = installed.map((_, index) => index).filter((index) => (sums.files[index] as number) > 0);
  present.sort((a, b) => (sums.bytes[b] as number) - (sums.bytes[a] as number) || a - b);
  const packages = present.slice(0, MAX_IN_FOLDER).map((index) => ({
    ...ownerIn(installed[index] as Installed),
    files: sums.files[index] as number,
    bytes: sums.bytes[index] as number,
  }));
  return { packages, count: present.length, unownedFiles: nobodys.files, unownedBytes: nobodys.bytes };
}
