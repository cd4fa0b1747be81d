import { encodeUtf8, LayerscopeError } from '#model';

const SLASH = 0x2f;
const LINE_FEED = 0x0a;

/** Maximum total length of the paths that one package may list, in bytes. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const MIN_LIST_BYTES = 256;
const NOTHING = new Uint8Array(0);

/** Collects paths, each terminated by a NUL. */
export class PathListBuilder {
  #bytes = NOTHING;
  #length = 0;

  /** Adds a path, given as pieces without a NUL. Throws TOO_LARGE. */
  add(...pieces: readonly (Uint8Array | string)[]): void {
    for (const piece of pieces) this.#append(typeof piece === 'string' ? encodeUtf8(piece) : piece);
    this.#append(END);
  }

  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > MAX_LIST_BYTES) throw new LayerscopeError('TOO_LARGE', 'a package lists more than 64 MiB of paths');
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(MAX_LIST_BYTES, Math.max(MIN_LIST_BYTES, length, this.#bytes.length * 2)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  finish(): Uint8Array {
    return this.#length === 0 ? NOTHING : this.#bytes.slice(0, this.#length);
  }
}

const END = new Uint8Array(1);

/** Returns a list with one path. */
export function onePath(path: Uint8Array | string): Uint8Array {
  const list = new PathListBuilder();
  list.add(path);
  return list.finish();
}

/** Converts lines to a path list. `prefix`: number of bytes at the start of each line that aren't part of the path. */
export function pathsOfLines(lines: Uint8Array, prefix = 0): Uint8Array {
  const list = new PathListBuilder();
  for (let start = 0; start < lines.length; ) {
    const found = lines.indexOf(LINE_FEED, start);
    const end = found < 0 ? lines.length : found;
    if (end > start + prefix) list.add(withoutNul(lines.subarray(start + prefix, end)));
    start = end + 1;
  }
  return list.finish();
}

function withoutNul(path: Uint8Array): Uint8Array {
  const nul = path.indexOf(0);
  return nul < 0 ? path : path.subarray(0, nul);
}

/** Yields the paths in a list, as views. */
export function* pathsOf(list: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < list.length; ) {
    const end = list.indexOf(0, start);
    if (end < 0) return;
    yield list.subarray(start, end);
    start = end + 1;
  }
}

/** Returns the folder of a path; empty for a path without a slash. */
export function parentOf(path: Uint8Array): Uint8Array {
  const slash = path.lastIndexOf(SLASH);
  return path.subarray(0, Math.max(slash, 0));
}

/** Returns the last part of a path. */
export function nameOf(path: Uint8Array): Uint8Array {
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}

/**
 * Returns the path of something in a folder. `name` may have several parts, including `..`, which are resolved when the path is followed.
 */
export function pathIn(folder: Uint8Array, name: Uint8Array | string): Uint8Array {
  const last = typeof name === 'string' ? encodeUtf8(name) : name;
  if (folder.length === 0 || last[0] === SLASH) return last;
  const path = new Uint8Array(folder.length + 1 + last.length);
  path.set(folder);
  path[folder.length] = SLASH;
  path.set(last, folder.length + 1);
  return path;
}
