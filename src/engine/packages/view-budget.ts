// Limits the memory that the packages of a view take.
import { type FoundPackage, NO_FILES } from '#packages';

/** Limit on the strings of the packages that are visible at a time, in characters. */
const MAX_LETTERS = 20_000_000;
/** Limit on the paths that these packages list, in bytes. */
const MAX_PATH_BYTES = 128 * 1024 * 1024;
/** Overhead of a package besides its strings, in characters. */
const LETTERS_PER_PACKAGE = 200;
/** Overhead of a path besides its own bytes. */
const BYTES_PER_PATH = 16;

/** Estimates how much memory a package takes, in characters. */
export function lettersOf({ name, version, arch, status, source, sourceVersion, license }: FoundPackage): number {
  let letters = LETTERS_PER_PACKAGE + name.length + version.length;
  for (const text of [arch, status, source, sourceVersion, license]) letters += text?.length ?? 0;
  return letters;
}

/** Keeps track of how much memory the kept packages take. */
export class ViewBudget {
  #letters = 0;
  #pathBytes = 0;

  /** Returns as many of a place's packages as fit. If their paths don't all fit, returns the packages without any. */
  take(found: readonly FoundPackage[]): { readonly kept: readonly FoundPackage[]; readonly hasPaths: boolean } {
    const fitting = this.#fitting(found);
    const pathBytes = fitting.reduce((sum, each) => sum + pathBytesOf(each), 0);
    const hasPaths = this.#pathBytes + pathBytes <= MAX_PATH_BYTES;
    if (hasPaths) this.#pathBytes += pathBytes;
    return { kept: hasPaths ? fitting : fitting.map((each) => ({ ...each, files: NO_FILES })), hasPaths };
  }

  /** Releases what a package took, once it is no longer visible. */
  free(each: FoundPackage): void {
    this.#letters -= lettersOf(each);
    this.#pathBytes -= pathBytesOf(each);
  }

  #fitting(found: readonly FoundPackage[]): readonly FoundPackage[] {
    for (const [index, each] of found.entries()) {
      const letters = lettersOf(each);
      if (this.#letters + letters > MAX_LETTERS) return found.slice(0, index);
      this.#letters += letters;
    }
    return found;
  }
}

function pathBytesOf({ files: { paths, folders } }: FoundPackage): number {
  return listBytes(paths) + listBytes(folders);
}

function listBytes(list: Uint8Array): number {
  let count = 0;
  for (let end = list.indexOf(0); end >= 0; end = list.indexOf(0, end + 1)) count++;
  return list.length + BYTES_PER_PATH * count;
}
