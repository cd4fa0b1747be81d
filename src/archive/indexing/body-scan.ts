import type { TarHandler, TarMember } from '#format/tar';
import { escapePath, TYPE } from '#model';
import { BodySearcher, type SecretHit } from '#secrets';
import type { BodyHit, BodyScan, IndexedLayer } from '../types.ts';
import { PackedSearch, type UnpackedHit } from './packed-search.ts';

/** Maximum number of bytes searched in one file. */
const MOST_BODY_BYTES = 8 * 2 ** 30;
/** Maximum number of hits kept for a layer. */
const MOST_HITS = 10_000;
/** Maximum number of files listed as only partly searched. */
const MOST_CUT = 100;
const GAP = new Uint8Array(1);

/** Searches the bodies that a TarReader passes on for secrets. */
export class BodyScanner implements TarHandler {
  readonly #scanner = new BodySearcher();
  /** Null in a tar that was itself packed, because only one level is unpacked. */
  readonly #packed: PackedSearch | null;
  readonly #prefix: string | null;
  readonly #hits: BodyHit[] = [];
  readonly #leftOut = new Map<SecretHit['code'], number>();
  readonly #cut: number[] = [];
  #member = -1;
  #isOpen = false;
  /** Path of the member in a packed tar. */
  #inside: Uint8Array | null = null;
  #bodyOffset = 0;
  /** Remaining bytes of the body. */
  #left = 0;
  /** How many of the remaining bytes may be searched. */
  #searchable = 0;
  /** Stored pieces of a sparse file. */
  #sparse: TarMember['sparse'] = null;
  #piece = 0;
  #pieceLeft = 0;

  /** For a tar in a packed file, `prefix` is that file's path and a `/`, and hits name the files in the tar. */
  constructor(prefix: string | null = null) {
    this.#prefix = prefix;
    this.#packed = prefix === null ? new PackedSearch((within) => new BodyScanner(within)) : null;
  }

  member(member: TarMember): void {
    this.#close();
    this.#member++;
    this.#left = member.type === TYPE.file ? member.storedSize - (member.dataOffset - member.bodyOffset) : 0;
    if (this.#left <= 0) return;
    this.#bodyOffset = member.dataOffset;
    this.#searchable = MOST_BODY_BYTES;
    this.#sparse = member.sparse === null || isGapless(member.sparse) ? null : member.sparse;
    this.#piece = 0;
    this.#pieceLeft = member.sparse?.[0]?.[1] ?? 0;
    this.#isOpen = true;
    const path = pathBytes(member);
    const place = latin1(path);
    this.#inside = this.#prefix === null ? null : path.slice();
    this.#scanner.begin(this.#prefix === null ? place : this.#prefix + place);
    this.#packed?.begin(place, this.#left);
  }

  body(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isOpen) return;
    const wanted = Math.min(end, start + this.#searchable);
    this.#searchable -= wanted - start;
    if (this.#sparse === null) {
      this.#scanner.push(bytes, start, wanted);
      this.#packed?.push(bytes, start, wanted);
    } else this.#pushSparse(this.#sparse, bytes, start, wanted);
    this.#left -= end - start;
    if (wanted < end) this.#noteCut();
    if (this.#left <= 0) this.#close();
  }

  finding(): void {}

  /** Ends the search; the last body may be incomplete. */
  finish(): BodyScan {
    this.#close();
    return { hits: this.#hits, leftOut: [...this.#leftOut], cut: this.#cut };
  }

  /**
   * Passes a sparse file's stored bytes to the search. Inserts a gap between pieces that have a hole between them, but not between adjacent
   * ones.
   */
  #pushSparse(pieces: NonNullable<TarMember['sparse']>, bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      while (this.#pieceLeft === 0 && this.#piece < pieces.length) {
        const before = pieces[this.#piece];
        const next = pieces[++this.#piece];
        this.#pieceLeft = next?.[1] ?? Number.POSITIVE_INFINITY;
        if (before === undefined || next === undefined || before[0] + before[1] !== next[0]) this.#scanner.push(GAP);
      }
      const count = Math.min(end - at, this.#pieceLeft);
      this.#scanner.push(bytes, at, at + count);
      this.#pieceLeft -= count;
      at += count;
    }
  }

  #noteCut(): void {
    if (this.#cut.at(-1) !== this.#member && this.#cut.length < MOST_CUT) this.#cut.push(this.#member);
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const plain = this.#scanner.finish();
    const { hits: unpacked, isCut } = this.#packed?.finish() ?? NOT_PACKED;
    if (isCut) this.#noteCut();
    const inside = this.#inside === null || plain.length === 0 ? {} : { inside: escapePath(this.#inside) };
    for (const hit of plain) this.#keep({ ...hit, ...inside, member: this.#member, offset: this.#bodyOffset + hit.at });
    const ofFile = { member: this.#member, offset: this.#bodyOffset };
    if (unpacked.length === 0) return;
    for (const hit of mostSevere(unpacked)) if (!plain.some(({ code }) => code === hit.code)) this.#keep({ ...hit, ...ofFile });
  }

  #keep(hit: BodyHit): void {
    if (this.#hits.length < MOST_HITS) this.#hits.push(hit);
    else this.#leftOut.set(hit.code, (this.#leftOut.get(hit.code) ?? 0) + 1);
  }
}

const NOT_PACKED = { hits: [], isCut: false } as const;
const RANK: Readonly<Record<SecretHit['severity'], number>> = { error: 2, warning: 1, note: 0 };

/** Keeps one hit for each code: the most severe one, or the first of several that are equally severe. */
function mostSevere(hits: readonly UnpackedHit[]): Iterable<UnpackedHit> {
  const byCode = new Map<SecretHit['code'], UnpackedHit>();
  for (const hit of hits) {
    const known = byCode.get(hit.code);
    if (known === undefined || RANK[hit.severity] > RANK[known.severity]) byCode.set(hit.code, hit);
  }
  return byCode.values();
}

/** Whether the pieces of a sparse file are stored from its start, without a hole before or between them. */
function isGapless(pieces: NonNullable<TarMember['sparse']>): boolean {
  let end = 0;
  for (const [offset, length] of pieces) {
    if (offset !== end) return false;
    end += length;
  }
  return true;
}

/** Adds the result of a search for secrets to a layer. */
export function withScan(layer: IndexedLayer, scanner: BodyScanner | null): IndexedLayer {
  return scanner === null ? layer : { ...layer, scan: scanner.finish() };
}

/** Decodes a path. Bytes other than ASCII don't affect what the path says about its file. */
function latin1(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
}

const LONGEST_PATH = 4096;

/** Returns the member's path without a leading `/` or `./`, as a view. */
function pathBytes({ nameBytes, nameStart, nameEnd }: TarMember): Uint8Array {
  let start = nameStart;
  for (;;) {
    if (nameBytes[start] === 0x2f) start++;
    else if (nameBytes[start] === 0x2e && nameBytes[start + 1] === 0x2f) start += 2;
    else break;
  }
  return nameBytes.subarray(Math.max(start, nameEnd - LONGEST_PATH), nameEnd);
}
