import type { TarHandler, TarMember } from '#format/tar';
import { TYPE } from '#model';
import { type SecretHit, SecretScanner } from '#secrets';
import type { BodyHit, BodyScan, IndexedLayer } from '../types.ts';

/** Bytes of one file that are searched. */
const MOST_BODY_BYTES = 8 * 2 ** 30;
/** Maximum number of hits that a layer keeps, and of files listed as only partly searched. */
const MOST_HITS = 10_000;
const MOST_CUT = 100;
const GAP = new Uint8Array(1);

const decoder = new TextDecoder('latin1');

/** Searches the bodies that a TarReader passes on for secrets. */
export class BodyScanner implements TarHandler {
  readonly #scanner = new SecretScanner();
  readonly #hits: BodyHit[] = [];
  readonly #leftOut = new Map<SecretHit['code'], number>();
  readonly #cut: number[] = [];
  #member = -1;
  #isOpen = false;
  #bodyOffset = 0;
  /** Bytes of the body still to come, and of those that may be searched. */
  #left = 0;
  #searchable = 0;
  /** Stored pieces of a sparse file. */
  #sparse: TarMember['sparse'] = null;
  #piece = 0;
  #pieceLeft = 0;

  member(member: TarMember): void {
    this.#close();
    this.#member++;
    this.#left = member.type === TYPE.file ? member.storedSize - (member.dataOffset - member.bodyOffset) : 0;
    if (this.#left <= 0) return;
    this.#bodyOffset = member.dataOffset;
    this.#searchable = MOST_BODY_BYTES;
    this.#sparse = member.sparse;
    this.#piece = 0;
    this.#pieceLeft = member.sparse?.[0]?.[1] ?? 0;
    this.#isOpen = true;
    this.#scanner.begin(pathOf(member));
  }

  body(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isOpen) return;
    const wanted = Math.min(end, start + this.#searchable);
    this.#searchable -= wanted - start;
    if (this.#sparse === null) this.#scanner.push(bytes, start, wanted);
    else this.#pushSparse(this.#sparse, bytes, start, wanted);
    this.#left -= end - start;
    if (wanted < end && this.#cut.at(-1) !== this.#member && this.#cut.length < MOST_CUT) this.#cut.push(this.#member);
    if (this.#left <= 0) this.#close();
  }

  finding(): void {}

  /** Ends the search; the last body may be incomplete. */
  finish(): BodyScan {
    this.#close();
    return { hits: this.#hits, leftOut: [...this.#leftOut], cut: this.#cut };
  }

  /** A hole separates what was stored before and after it. */
  #pushSparse(pieces: NonNullable<TarMember['sparse']>, bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      while (this.#pieceLeft === 0 && this.#piece < pieces.length) {
        this.#piece++;
        this.#pieceLeft = pieces[this.#piece]?.[1] ?? Number.POSITIVE_INFINITY;
        this.#scanner.push(GAP);
      }
      const count = Math.min(end - at, this.#pieceLeft);
      this.#scanner.push(bytes, at, at + count);
      this.#pieceLeft -= count;
      at += count;
    }
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const hit of this.#scanner.finish()) {
      if (this.#hits.length < MOST_HITS) this.#hits.push({ ...hit, member: this.#member, offset: this.#bodyOffset + hit.at });
      else this.#leftOut.set(hit.code, (this.#leftOut.get(hit.code) ?? 0) + 1);
    }
  }
}

/** Adds the result of a search for secrets to a layer. */
export function withScan(layer: IndexedLayer, scanner: BodyScanner | null): IndexedLayer {
  return scanner === null ? layer : { ...layer, scan: scanner.finish() };
}

const LONGEST_PATH = 4096;

/** The member's path without `/` or `./` before it. Non-ASCII bytes don't affect what a path says about its file. */
function pathOf({ nameBytes, nameStart, nameEnd }: TarMember): string {
  let start = nameStart;
  for (;;) {
    if (nameBytes[start] === 0x2f) start++;
    else if (nameBytes[start] === 0x2e && nameBytes[start + 1] === 0x2f) start += 2;
    else break;
  }
  return decoder.decode(nameBytes.subarray(Math.max(start, nameEnd - LONGEST_PATH), nameEnd));
}
