import { gunzipSync } from 'node:zlib';
import { GzipScanner } from '#format/deflate';
import { type TarHandler, TarReader } from '#format/tar';
import { encodeUtf8, LayerscopeError } from '#model';
import { BodySearcher } from '#secrets';
import type { BodyHit, BodyScan } from '../types.ts';

const MAGIC = [0x1f, 0x8b, 8] as const;
/** Value of `#seen` for a body that isn't packed. */
const NOT_PACKED = MAGIC.length + 1;
/** Maximum number of unpacked bytes to search in one file. */
const MOST_OF_FILE = 256 * 2 ** 20;
/** Maximum number of unpacked bytes to search in all files of a layer. */
const MOST_OF_LAYER = 2 * 2 ** 30;
/** Maximum packed and unpacked size of a file that node:zlib unpacks in one call, which is several times as fast as piece by piece. */
const MOST_GATHERED = 2 ** 20;
const MOST_AT_ONCE = 8 * 2 ** 20;
const LEAST_CHUNK = 1024;
const MOST_CHUNK = 256 * 1024;
/** Size of a tar block. The first block of the unpacked bytes shows whether they are a tar. */
const BLOCK = 512;
const USTAR = encodeUtf8('ustar');
const USTAR_AT = 257;

/** A hit in an unpacked file, without the location of the packed one. */
export type UnpackedHit = Omit<BodyHit, 'member' | 'offset'>;

interface TarSearch extends TarHandler {
  finish(): BodyScan;
}

/** Creates a search for a packed tar. `prefix` is that tar's path and a `/`. */
type StartTarSearch = (prefix: string) => TarSearch;

/**
 * Searches the contents of gzip files in a layer, one level deep: as text or, in a tar, file by file. Memory is limited, because only the
 * decoder's window is kept. Call `begin`, then `push` as often as needed, then `finish`.
 */
export class PackedSearch {
  readonly #startTarSearch: StartTarSearch;
  /** Reused for all files, because its window is large; created for the first packed file. */
  #searcher: BodySearcher | null = null;
  #path = '';
  #size = 0;
  /** A small file, which is unpacked once it is complete; the buffer is reused. */
  #gathered = new Uint8Array(0);
  #filled = 0;
  #isGathered = false;
  /** How many bytes of the magic were seen; {@link NOT_PACKED} if a byte didn't match. */
  #seen = 0;
  #gzip: GzipScanner | null = null;
  #content: UnpackedContent | null = null;
  #left = 0;
  #leftOfLayer = MOST_OF_LAYER;
  #isCut = false;

  constructor(startTarSearch: StartTarSearch) {
    this.#startTarSearch = startTarSearch;
  }

  /** Starts a body of `size` bytes. `path`: the packed file's path, relative, with `/`. */
  begin(path: string, size: number): void {
    this.#path = path;
    this.#size = size;
    this.#filled = 0;
    this.#isGathered = false;
    this.#seen = 0;
    this.#gzip = null;
    this.#content = null;
    this.#isCut = false;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.#seen === 0 && this.#size <= MOST_GATHERED && bytes[start] === MAGIC[0]) this.#isGathered = true;
    if (!this.#isGathered) this.#stream(bytes, start, end);
    else {
      this.#gather(bytes.subarray(start, end));
      if (this.#filled === this.#size) this.#takeGathered();
    }
  }

  /** Ends the body. `isCut`: whether only the first part of the unpacked bytes was searched. */
  finish(): { readonly hits: readonly UnpackedHit[]; readonly isCut: boolean } {
    if (this.#isGathered) this.#takeGathered();
    if (this.#content === null) return NOTHING;
    this.#attempt(() => this.#gzip?.end());
    return { hits: this.#content.finish(), isCut: this.#isCut };
  }

  #gather(bytes: Uint8Array): void {
    if (this.#gathered.length < this.#size) this.#gathered = new Uint8Array(this.#size);
    this.#gathered.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  /** Unpacks a gathered file in one call or, if that fails, as much of it as possible. */
  #takeGathered(): void {
    this.#isGathered = false;
    const packed = this.#gathered.subarray(0, this.#filled);
    if (!MAGIC.every((byte, at) => packed[at] === byte)) return;
    let unpacked: Uint8Array;
    try {
      unpacked = gunzipSync(packed, { chunkSize: roomFor(packed), maxOutputLength: Math.min(MOST_AT_ONCE, this.#leftOfLayer) });
    } catch {
      this.#stream(packed, 0, packed.length);
      return;
    }
    this.#leftOfLayer -= unpacked.length;
    this.#content = this.#newContent();
    this.#content.push(unpacked, 0, unpacked.length);
  }

  #stream(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (this.#seen < MAGIC.length && at < end) {
      if (bytes[at++] !== MAGIC[this.#seen++]) this.#seen = NOT_PACKED;
      else if (this.#seen === MAGIC.length) this.#open();
    }
    if (this.#gzip !== null && at < end) this.#unpack(bytes.subarray(at, end));
  }

  #newContent(): UnpackedContent {
    this.#searcher ??= new BodySearcher();
    return new UnpackedContent(this.#path, this.#searcher, this.#startTarSearch);
  }

  #open(): void {
    this.#left = Math.min(MOST_OF_FILE, this.#leftOfLayer);
    const content = this.#newContent();
    const plain = (bytes: Uint8Array, start: number, end: number): void => {
      const stop = Math.min(end, start + this.#left);
      this.#left -= stop - start;
      this.#leftOfLayer -= stop - start;
      content.push(bytes, start, stop);
      if (stop === end) return;
      this.#isCut = true;
      throw ENOUGH;
    };
    this.#content = content;
    this.#gzip = new GzipScanner({ spanBytes: Number.MAX_SAFE_INTEGER, plain, checkpoint() {} });
    this.#unpack(Uint8Array.from(MAGIC));
  }

  #unpack(bytes: Uint8Array): void {
    this.#attempt(() => this.#gzip?.push(bytes));
  }

  /** Stops unpacking at the limit or at damaged data. */
  #attempt(unpack: () => void): void {
    try {
      unpack();
    } catch (error) {
      if (error !== ENOUGH && !(error instanceof LayerscopeError)) throw error;
      this.#gzip = null;
    }
  }
}

/**
 * Returns the size of the output buffer for node:zlib: the plain size stated in the file's last four bytes, plus one byte to notice if the
 * output is longer.
 */
function roomFor(packed: Uint8Array): number {
  const end = packed.length;
  const stated = packed.length < 4 ? 0 : new DataView(packed.buffer, packed.byteOffset, end).getUint32(end - 4, true);
  return Math.min(Math.max(stated + 1, LEAST_CHUNK), MOST_CHUNK);
}

const NOTHING = { hits: [], isCut: false } as const;
const ENOUGH = new Error('enough was unpacked');

/** The contents of a packed file: a tar, whose files are searched one by one, or anything else. */
class UnpackedContent {
  readonly #path: string;
  readonly #searcher: BodySearcher;
  readonly #startTarSearch: StartTarSearch;
  #first: Uint8Array | null = new Uint8Array(BLOCK);
  #filled = 0;
  #files: TarSearch | null = null;
  /** Null for anything but a tar, and after damage. */
  #tar: TarReader | null = null;
  #isText = false;

  constructor(path: string, searcher: BodySearcher, startTarSearch: StartTarSearch) {
    this.#path = path;
    this.#searcher = searcher;
    this.#startTarSearch = startTarSearch;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    if (this.#first !== null) {
      at += Math.min(end - at, BLOCK - this.#filled);
      this.#first.set(bytes.subarray(start, at), this.#filled);
      this.#filled += at - start;
      if (this.#filled < BLOCK) return;
      this.#decide(this.#first);
    }
    this.#pass(bytes, at, end);
  }

  finish(): UnpackedHit[] {
    if (this.#first !== null) this.#decide(this.#first);
    const inTar = this.#files?.finish().hits ?? [];
    const inText = this.#isText ? this.#searcher.finish() : [];
    return [
      ...inTar.map(({ member: _, offset: __, ...hit }) => ({ ...hit, packed: 'gzip' as const })),
      ...inText.map((hit) => ({ ...hit, packed: 'gzip' as const })),
    ];
  }

  #decide(first: Uint8Array): void {
    this.#first = null;
    const isTar = this.#filled === BLOCK && USTAR.every((byte, index) => first[USTAR_AT + index] === byte);
    if (isTar) {
      this.#files = this.#startTarSearch(`${this.#path}/`);
      this.#tar = new TarReader(this.#files);
    } else this.#searchText();
    this.#pass(first, 0, this.#filled);
  }

  #searchText(): void {
    this.#isText = true;
    this.#searcher.begin(this.#path.replace(/\.gz$/i, ''));
  }

  #pass(bytes: Uint8Array, start: number, end: number): void {
    if (this.#tar === null) {
      this.#searcher.push(bytes, start, end);
      return;
    }
    try {
      this.#tar.push(bytes, start, end);
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error;
      // This isn't a tar after all, or it is a damaged one, so the rest is searched as it is.
      this.#tar = null;
      this.#searchText();
      this.#searcher.push(bytes, start, end);
    }
  }
}
