// The folder in which a layer is passed to ImportLayer or received from ExportLayer. The folder is created in the home, so that it is on
// the same volume and only administrators can replace its contents. Its name contains the id of the process that created it, which
// distinguishes folders in use from those left by a crash.
import { randomBytes } from 'node:crypto';
import type { Native } from './native.ts';
import { twice } from './twice.ts';

const NAME = /^layerscope-(\d{1,10})-[0-9a-f]{16}$/i;

/** Returns the id of the process that created a transport folder with this name; null for other names. */
export function transportProcess(name: string): number | null {
  const match = NAME.exec(name);
  return match === null ? null : Number(match[1]);
}

/** Whether this is the name of a transport folder whose process has exited. */
export function isLeftTransport(name: string): boolean {
  const processId = transportProcess(name);
  if (processId === null || processId === process.pid) return false;
  try {
    process.kill(processId, 0);
    return false;
  } catch (error) {
    // EPERM means that the process is alive but belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

/** A transport folder's path. Disposing removes the folder with its contents. */
export interface TransportFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a transport folder next to the layer at the given path. Throws what the file calls throw. */
export async function makeTransportFolder({ files, paths }: Pick<Native, 'files' | 'paths'>, layer: string): Promise<TransportFolder> {
  const name = `layerscope-${process.pid}-${randomBytes(8).toString('hex')}`;
  const folder = paths.join(paths.dirname(layer), name);
  await files.makePrivateFolder(folder);
  return { path: folder, [Symbol.asyncDispose]: () => twice(() => files.removeAll(folder)) };
}
