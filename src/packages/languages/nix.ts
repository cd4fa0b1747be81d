import { type FoundPackage, foundPackage } from '../package.ts';
import { onePath } from '../path-list.ts';

const STORE_NAME = /^[0-9a-df-np-sv-z]{32}-(.{1,211})$/;
/** Suffixes for a package's additional outputs. */
const OUTPUT = /-(?:bin|dev|devdoc|dist|doc|info|lib|man|out|static|debug|data|py|terminfo|libgcc|checksum)$/;
/** Suffixes of files in the store that describe builds or are inputs to them. */
const NO_PACKAGE = /\.(?:drv|lock|patch|diff|sh|json|xml|conf|tar\.\w+|tgz|zip|gem|crate|check)$/;

/**
 * Parses the name of an entry in `nix/store`, `HASH-NAME-VERSION` optionally followed by an output; null if it has no version. The version
 * begins after the first hyphen that is followed by a digit. Source: Nix, builtins.parseDrvName.
 */
export function nixPackage(store: string, entry: string): FoundPackage | null {
  const whole = STORE_NAME.exec(entry)?.[1];
  if (whole === undefined || NO_PACKAGE.test(whole)) return null;
  const dash = whole.search(/-\d/);
  if (dash <= 0) return null;
  const version = whole.slice(dash + 1).replace(OUTPUT, '');
  const path = onePath(`${store}/${entry}`);
  return foundPackage('nix', whole.slice(0, dash), version, { files: { paths: path, folders: path } });
}
