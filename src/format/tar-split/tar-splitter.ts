import { type TarMember, TarReader } from '#format/tar';
import { LayerscopeError, TYPE } from '#model';
import { Crc64 } from './crc64.ts';
import { encodeSplitEntry, type SplitEntry } from './split-entry.ts';

const BLOCK = 512;
const END_MARKER_BYTES = 2 * BLOCK;
/** Largest segment. Content stored in the metadata, and bytes after the tar's end, may take several segments. */
const SEGMENT_BYTES = 1 << 20;

export interface TarSplitterOptions {
  /**
   * Returns whether to store a file's content in the metadata, which is necessary if the layer's files won't contain it under this name.
   * `name` is raw, and valid during the call only. Isn't called for content that is always stored: that of sparse files (their stored bytes
   * aren't their content), of repeated names, and of members that aren't files.
   */
  readonly keepInside?: (name: Uint8Array, sizeBytes: number) => boolean;
}

/** Cleans a name like Go's filepath.Clean, to the extent needed for comparisons. */
function cleaned(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!name.startsWith('/')) parts.push('..');
  }
  return (name.startsWith('/') ? '/' : '') + parts.join('/');
}

/** Returns a raw name as a map key, one character per byte. */
function keyOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at] as number);
  return cleaned(text);
}

/**
 * Makes a tar's metadata from its bytes, and emits entries in order. If tar-split accepts the tar, the entries equal tar-split's. Unlike
 * tar-split, this also restores sparse files and repeated names, by storing their content, and links whose header states a size, by
 * ignoring it.
 */
export class TarSplitter {
  readonly #emit: (entry: SplitEntry) => void;
  readonly #keepInside: (name: Uint8Array, sizeBytes: number) => boolean;
  readonly #reader: TarReader;
  readonly #names = new Set<string>();
  /** Bytes of the next segment. */
  #segment = new Uint8Array(4096);
  #segmentBytes = 0;
  #chunk: Uint8Array = this.#segment.subarray(0, 0);
  #chunkOffset = 0;
  /** Offset in the tar up to which bytes are in an entry or a segment. */
  #taken = 0;
  /** Offset of the next header, or of the end marker. */
  #nextHeader = 0;
  #endTaken = false;
  #file: { name: Uint8Array; sizeBytes: number; left: number; crc: Crc64 } | null = null;
  #truncated: string | null = null;

  constructor(emit: (entry: SplitEntry) => void, options: TarSplitterOptions = {}) {
    this.#emit = emit;
    this.#keepInside = options.keepInside ?? (() => false);
    this.#reader = new TarReader({
      member: (member) => this.#takeMember(member),
      body: (bytes, start, end) => this.#takeBody(bytes, start, end),
      finding: ({ code, message, offset }) => {
        if (code !== 'truncated') return;
        this.#truncated = message;
        // After the end marker, the finding is about extension headers that no member follows. Its `offset` is that of the end marker's
        // second block.
        if (this.#reader.done) this.#nextHeader = offset + BLOCK - END_MARKER_BYTES;
      },
    });
  }

  /** Adds the tar's next bytes. Entries don't keep views of them. Throws BAD_TAR. */
  push(bytes: Uint8Array): void {
    this.#chunk = bytes;
    this.#chunkOffset = this.#taken;
    this.#reader.push(bytes);
    const end = this.#chunkOffset + bytes.length;
    if (this.#reader.done && !this.#endTaken && end >= this.#nextHeader + END_MARKER_BYTES) {
      this.#gather(this.#nextHeader + END_MARKER_BYTES);
      this.#flush();
      this.#endTaken = true;
    }
    this.#gather(end);
  }

  /** Ends the tar and emits the rest. Throws TRUNCATED if the tar is cut off. */
  end(): void {
    // An extension header without a member before the end marker counts as truncated, but nothing is missing.
    const ended = this.#reader.done;
    this.#reader.end();
    if (this.#truncated !== null && !ended) throw new LayerscopeError('TRUNCATED', this.#truncated, { offset: this.#taken });
    this.#flush();
  }

  #takeMember(member: TarMember): void {
    const isGlobal = member.type === TYPE.global;
    const bodyOffset = member.bodyOffset + (isGlobal ? member.storedSize : 0);
    this.#gather(bodyOffset);
    // A sparse member is recognized only after its map has been read. How many bytes have been gathered by then depends on the chunks, so a
    // sparse member doesn't start a new segment.
    if (member.sparse === null) this.#flush();
    const stored = isGlobal ? 0 : member.storedSize;
    this.#nextHeader = bodyOffset + stored + (-(bodyOffset + stored) & (BLOCK - 1));
    const { name } = member;
    const key = keyOf(name);
    const isRepeated = this.#names.has(key);
    const isFile = member.type === TYPE.file && member.sparse === null;
    if (stored > 0 && (isRepeated || !isFile || this.#keepInside(name, stored))) return;
    // tar-split refuses a repeated name, even a folder's. A repeated member without content can be restored without an entry.
    if (isRepeated) return;
    this.#names.add(key);
    if (stored === 0) this.#emit({ kind: 'file', name: name.slice(), sizeBytes: 0, crc64: null });
    else this.#file = { name: name.slice(), sizeBytes: stored, left: stored, crc: new Crc64() };
  }

  #takeBody(bytes: Uint8Array, start: number, end: number): void {
    const file = this.#file;
    if (file === null) return;
    file.crc.update(bytes, start, end);
    file.left -= end - start;
    this.#taken += end - start;
    if (file.left > 0) return;
    this.#file = null;
    this.#emit({ kind: 'file', name: file.name, sizeBytes: file.sizeBytes, crc64: file.crc.digest() });
  }

  /** Moves the chunk's bytes up to `offset` into the current segment. */
  #gather(offset: number): void {
    while (this.#taken < offset) {
      const from = this.#taken - this.#chunkOffset;
      const count = Math.min(offset - this.#taken, SEGMENT_BYTES - this.#segmentBytes);
      this.#reserve(this.#segmentBytes + count);
      this.#segment.set(this.#chunk.subarray(from, from + count), this.#segmentBytes);
      this.#segmentBytes += count;
      this.#taken += count;
      if (this.#segmentBytes === SEGMENT_BYTES) this.#flush();
    }
  }

  #reserve(length: number): void {
    if (this.#segment.length >= length) return;
    const grown = new Uint8Array(Math.max(length, this.#segment.length * 2));
    grown.set(this.#segment.subarray(0, this.#segmentBytes));
    this.#segment = grown;
  }

  #flush(): void {
    if (this.#segmentBytes === 0) return;
    this.#emit({ kind: 'segment', bytes: this.#segment.slice(0, this.#segmentBytes) });
    this.#segmentBytes = 0;
  }
}

/** Makes a tar's metadata, line by line, uncompressed. Throws BAD_TAR, TRUNCATED. */
export async function* splitTar(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: TarSplitterOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let entries: SplitEntry[] = [];
  let position = 0;
  const splitter = new TarSplitter((entry) => entries.push(entry), options);
  const lines = function* (): Generator<Uint8Array, void, undefined> {
    const ready = entries;
    entries = [];
    for (const entry of ready) yield encodeSplitEntry(entry, position++);
  };
  for await (const bytes of source) {
    splitter.push(bytes);
    yield* lines();
  }
  splitter.end();
  yield* lines();
}
