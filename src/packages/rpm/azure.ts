// Azure Linux removes rpm's database from its distroless images and leaves two lists:
//
//   container-manifest-1  NAME-VERSION-RELEASE.ARCH, one per line
//   container-manifest-2  tab-separated: name, version-release, time installed, time built, vendor, epoch, size, arch, epoch as a number,
//                         source file
//
// Source: azurelinux, toolkit's distroless images.
import { type FoundPackage, FoundPackages, foundPackage } from '../package.ts';
import { linesOf, sizeOf, textOf } from '../text.ts';
import { sourceOfFile } from './header.ts';

const KEY = 'gpg-pubkey';

/** Parses `container-manifest-2`. The packages' files are unknown, because neither list contains them. Throws TOO_LARGE. */
export function parseAzureManifest(bytes: Uint8Array): FoundPackage[] {
  const found = new FoundPackages();
  for (const line of linesOf(textOf(bytes))) {
    const [name = '', version = '', , , , , size, arch, epoch = '', file] = line.split('\t', 10);
    if (version === '' || name === KEY) continue;
    const source = sourceOfFile(file ?? null);
    const whole = /^[1-9]\d{0,9}$/.test(epoch) ? `${epoch}:${version}` : version;
    const details = { arch: known(arch), statedBytes: sizeOf(size), source: source?.name ?? null, sourceVersion: source?.version ?? null };
    const each = foundPackage('rpm', name, whole, details);
    found.add(each);
  }
  return found.all;
}

/** Parses `container-manifest-1`. Throws TOO_LARGE. */
export function parseAzureNames(bytes: Uint8Array): FoundPackage[] {
  const found = new FoundPackages();
  for (const line of linesOf(textOf(bytes))) {
    const dot = line.lastIndexOf('.');
    const release = line.lastIndexOf('-');
    const version = line.lastIndexOf('-', release - 1);
    if (version <= 0 || dot < release) continue;
    const name = line.slice(0, version);
    const each = name === KEY ? null : foundPackage('rpm', name, line.slice(version + 1, dot), { arch: line.slice(dot + 1) });
    found.add(each);
  }
  return found.all;
}

function known(text: string | undefined): string | null {
  return text === undefined || text === '(none)' ? null : text;
}
