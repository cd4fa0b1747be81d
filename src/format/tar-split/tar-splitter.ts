import { type TarMember, TarReader } from '#format/tar';
import { LayerscopeError, TYPE } from '#model';
import { Crc64 } from './crc64.ts';
import { encodeSplitEntry, type SplitEntry } from './split-entry.ts';

const BLOCK = 512;
const END_MARKER_BYTES = 2 * BLOCK;
/** What is kept inside the metadata, and what follows a tar's end, comes in segments of this size. */
const SEGMENT_BYTES = 1 << 20;

export interface TarSplitterOptions {
  /**
   * Content to keep inside the metadata, so that no file is needed for it: what the layer's files will not hold, or not under this
   * name. Called for members with content; `name` is raw and valid during the call only. Always kept inside: sparse files, whose
   * stored bytes are not their content, what is no file, and content under a name that came before.
   */
  readonly keepInside?: (name: Uint8Array, sizeBytes: number) => boolean;
}

/** As Go's filepath.Clean, for one purpose: which names are the same. */
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

/** One character for each byte: the key of a raw name. */
function keyOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at] as number);
  return cleaned(text);
}

/**
 * Writes a tar's metadata while the tar goes by: takes its bytes and gives entries, in order. For a tar that tar-split takes, the
 * entries are those of tar-split; what it can't put together again, ours can: sparse files and repeated names are kept inside,
 * sizes on links don't count.
 */
export class TarSplitter {
  readonly #emit: (entry: SplitEntry) => void;
  readonly #keepInside: (name: Uint8Array, sizeBytes: number) => boolean;
  readonly #reader: TarReader;
  readonly #names = new Set<string>();
  /** Bytes gathered for the next segment. */
  #segment = new Uint8Array(4096);
  #segmentBytes = 0;
  /** The chunk pushed now, the offset of its first byte, and up to where in the tar all bytes have gone somewhere. */
  #chunk: Uint8Array = this.#segment.subarray(0, 0);
  #chunkOffset = 0;
  #taken = 0;
  /** Where the next header, or the end marker, stands. */
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
        // Extension headers without their member: the marker's second block, at `offset`, is not where the next header would have been.
        if (this.#reader.done) this.#nextHeader = offset + BLOCK - END_MARKER_BYTES;
      },
    });
  }

  /** Takes the tar's next bytes. Entries hold no views of them. Throws BAD_TAR. */
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

  /** The tar is over: gives what is left. Throws TRUNCATED where it was cut off. */
  end(): void {
    // Extension headers without their member before the end marker are odd, but all is there.
    const ended = this.#reader.done;
    this.#reader.end();
    if (this.#truncated !== null && !ended) throw new LayerscopeError('TRUNCATED', this.#truncated, { offset: this.#taken });
    this.#flush();
  }

  #takeMember(member: TarMember): void {
    const isGlobal = member.type === TYPE.global;
    const bodyOffset = member.bodyOffset + (isGlobal ? member.storedSize : 0);
    this.#gather(bodyOffset);
    // A sparse member is known only behind its map, by when the chunks have decided what is gathered: no entry may depend on them.
    if (member.sparse === null) this.#flush();
    const stored = isGlobal ? 0 : member.storedSize;
    this.#nextHeader = bodyOffset + stored + (-(bodyOffset + stored) & (BLOCK - 1));
    const { name } = member;
    const key = keyOf(name);
    const isRepeated = this.#names.has(key);
    const isFile = member.type === TYPE.file && member.sparse === null;
    if (stored > 0 && (isRepeated || !isFile || this.#keepInside(name, stored))) return;
    // tar-split refuses a name that comes twice, also of a folder; without content nobody needs the entry.
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

  /** Puts what the chunk has up to `offset` into the segment under way. */
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

/** The metadata of a tar, line by line, plain: whoever keeps it gzips it. Throws BAD_TAR, TRUNCATED. */
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
