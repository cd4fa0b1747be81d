import path from 'node:path';
import type { DriverName, GraphDriver } from './driver.ts';

export interface OpenDriverOptions {
  /** Opens a Windows home read-only, which works on any system, without Windows' libraries. */
  readonly readOnly?: boolean;
  /** This user's cache folder, for a portable home; without it, tables of compressed blobs are rebuilt every time. */
  readonly cacheFolder?: string | null;
}

/**
 * Opens a driver on a home. A portable home is created if it doesn't exist; a Windows home must already exist, on NTFS. Throws NOT_FOUND;
 * UNSUPPORTED with the reason if this system lacks what the driver needs.
 */
export async function openDriver(name: DriverName, home: string, options: OpenDriverOptions = {}): Promise<GraphDriver> {
  const folder = path.resolve(home);
  if (name === 'portable') {
    const { PortableDriver } = await import('./portable/index.ts');
    return PortableDriver.open(folder, { cacheFolder: options.cacheFolder });
  }
  if (options.readOnly === true) {
    const { ReadOnlyWindowsHome } = await import('./windows/read-only-home.ts');
    return ReadOnlyWindowsHome.open(name, folder);
  }
  const [{ openNative }, { WindowsDriver }] = await Promise.all([import('./windows/ffi/index.ts'), import('./windows/windows-driver.ts')]);
  return WindowsDriver.open(name, folder, openNative());
}
