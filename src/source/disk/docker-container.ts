// The folder of what a container changed, in Docker's data root:
//
//   image/DRIVER/layerdb/mounts/CONTAINER/mount-id, parent   the folder's id; the chainID of the image's top layer
//   overlay2/MOUNTID/diff/                                   the files
//
// An engine's socket may be forwarded from elsewhere, so what it says of this machine's folders is a claim. Source: moby
// layer/filestore.go, layer/layer_store.go.
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { chainIds } from '#archive';
import { isInside } from '#files';
import { readText } from './documents.ts';

/** Graph drivers that keep what a container changed in a folder of its own. */
const DRIVERS = ['overlay2', 'fuse-overlayfs'] as const;
const CONTAINER_ID = /^[0-9a-f]{64}$/;
const MOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const OTHERS_WRITE = 0o022;

/** What an engine says of a container, and what its image is. */
export interface ContainerClaim {
  readonly id: string;
  readonly upperDir: string;
  /** The image's layers, bottom first. */
  readonly diffIds: readonly (string | null)[];
}

/**
 * Returns the real path of a container's folder; null unless it is Docker's: the layer database of the data root has this container, on this
 * image, and names that very folder; no link leads there, and only root can change what lies on the way. A data root in the user's home is
 * none of the system's Docker. Throws the system's errors; PATH_ESCAPE, TOO_LARGE, PERMISSION, IO.
 */
export async function dockerContainerFolder(
  home: string,
  dataRoot: string,
  { id, upperDir, diffIds }: ContainerClaim,
): Promise<string | null> {
  if (!CONTAINER_ID.test(id) || !path.isAbsolute(dataRoot) || !path.isAbsolute(upperDir)) return null;
  const root = await realpath(dataRoot);
  const realHome = await realpath(home).catch(() => path.resolve(home));
  if (isInside(realHome, root)) return null;
  const claimed = await realpath(upperDir);
  const top = diffIds.length === 0 ? null : chainIds(diffIds).at(-1);
  for (const driver of DRIVERS) {
    const mount = path.join('image', driver, 'layerdb', 'mounts', id);
    const mountId = await readText(root, path.join(mount, 'mount-id'));
    if (mountId === null || !MOUNT_ID.test(mountId)) continue;
    if (claimed !== path.join(root, driver, mountId, 'diff')) continue;
    if ((await readText(root, path.join(mount, 'parent'))) !== top) continue;
    if ((await isRoots(root, mount)) && (await isRoots(root, path.join(driver, mountId)))) return claimed;
  }
  return null;
}

/** Whether a data root and everything on the way to a folder in it are folders that only root can change. */
async function isRoots(root: string, below: string): Promise<boolean> {
  let at = root;
  for (const name of ['', ...below.split(path.sep)]) {
    at = path.join(at, name);
    const stats = await lstat(at);
    if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & OTHERS_WRITE) !== 0) return false;
  }
  return true;
}
