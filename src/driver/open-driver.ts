import path from 'node:path';
import { LayerscopeError } from '#model';
import type { DriverName, GraphDriver } from './driver.ts';

export interface OpenDriverOptions {
  /** Only what reads is done, and no library of Windows is needed for it: any system can look at a home that was copied from Windows. */
  readonly readOnly?: boolean;
}

/**
 * A driver over a home: a portable one is made where there is none, the others must be there. NOT_FOUND; UNSUPPORTED with the reason where this system hasn't what the driver needs.
 */
export async function openDriver(name: DriverName, home: string, options: OpenDriverOptions = {}): Promise<GraphDriver> {
  const folder = path.resolve(home);
  if (name === 'portable') {
    const { PortableDriver } = await import('./portable/index.ts');
    return PortableDriver.open(folder);
  }
  if (options.readOnly === true) {
    const { ReadOnlyWindowsHome } = await import('./windows/read-only-home.ts');
    return ReadOnlyWindowsHome.open(name, folder);
  }
  const [{ openNative }, { WindowsDriver }] = await Promise.all([import('./windows/ffi/index.ts'), import('./windows/windows-driver.ts')]);
  const native = openNative();
  const facts = await native.files.facts(folder);
  if (facts === null) throw new LayerscopeError('NOT_FOUND', `no folder ${folder}`);
  return new WindowsDriver(name, folder, native);
}
