// The folder with a container's changes in Docker's data root:
//
//   image/DRIVER/layerdb/mounts/CONTAINER/mount-id   the folder's id
//   image/DRIVER/layerdb/mounts/CONTAINER/parent     the chainID of the image's top layer
//   overlay2/MOUNTID/diff/                           the files
//
// An engine's socket may be forwarded from elsewhere, so what it reports about this machine's folders is only a claim. Source: moby
// layer/filestore.go, layer/layer_store.go.
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { chainIds } from '#archive';
import { isInside } from '#files';
import { readText } from './documents.ts';

/** Graph drivers that keep a container's changes in a separate folder. */
const DRIVERS = ['overlay2', 'fuse-overlayfs'] as const;
const CONTAINER_ID = /^[0-9a-f]{64}$/;
const MOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const OTHERS_WRITE = 0o022;

/** What an engine reports about a container and its image. */
export interface ContainerClaim {
  readonly id: string;
  readonly upperDir: string;
  /** The image's layers, bottom first. */
  readonly diffIds: readonly (string | null)[];
}

/**
 * Returns the real path of a container's folder; null unless it is Docker's: the data root's layer database has this container on this
 * image and names that very folder, no link leads there, and only root can change anything on the path. A data root in the user's home
 * doesn't belong to the system's Docker. Throws the system's errors; PATH_ESCAPE, TOO_LARGE, PERMISSION, IO.
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

/** Whether only root can change a data root, the folder at `below` in it, and the folders between them. */
async function isRoots(root: string, below: string): Promise<boolean> {
  let at = root;
  for (const name of ['', ...below.split(path.sep)]) {
    at = path.join(at, name);
    const stats = await lstat(at);
    if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & OTHERS_WRITE) !== 0) return false;
  }
  return true;
}
