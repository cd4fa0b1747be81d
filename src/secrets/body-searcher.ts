// Finds secrets in a body with one or two bytes per character. UTF-16 text, as written by Windows' tools and exports of the registry
// (.reg), begins with a byte order mark. It is searched as it is, and again with one byte per code unit: 0x80 stands for any that isn't
// ASCII, and no secret contains that byte.
import { type SecretHit, SecretScanner } from './secret-scanner.ts';

const SCRATCH = 32 * 1024;
const NOT_ASCII = 0x80;
const RANK: Record<SecretHit['severity'], number> = { error: 2, warning: 1, note: 0 };

// What the first two bytes say about a body.
const AT_START = 0;
const PLAIN = 1;
const IN_MARK_LE = 2; // FF
const IN_MARK_BE = 3; // FE
const WIDE_LE = 4;
const WIDE_BE = 5;

const MARK_BYTES = 2;

/** Like {@link SecretScanner}, but also for UTF-16 text: call `begin`, `push` as often as needed, then `finish`. */
export class BodySearcher {
  readonly #plain = new SecretScanner();
  /** Created for the first UTF-16 text. */
  #wide: SecretScanner | null = null;
  #scratch = new Uint8Array(0);
  #path = '';
  #state = AT_START;
  /** First byte of a code unit whose second byte hasn't arrived yet; -1 if there is none. */
  #held = -1;

  /** Starts a body. `path`: the file's path, relative, with `/`. */
  begin(path: string): void {
    this.#path = path;
    this.#state = AT_START;
    this.#held = -1;
    this.#plain.begin(path);
  }

  /** Adds the bytes from `start` to `end`. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#plain.push(bytes, start, end);
    if (this.#state === PLAIN) return;
    let at = start;
    while (this.#state < WIDE_LE && this.#state !== PLAIN && at < end) this.#state = this.#afterMark(bytes[at++] as number);
    if (this.#state >= WIDE_LE) this.#pushWide(bytes, at, end);
  }

  /** Ends the body and returns its hits, one for each code: the most severe, and the first of equally severe ones. */
  finish(): readonly SecretHit[] {
    const hits = this.#plain.finish();
    if (this.#state < WIDE_LE || this.#wide === null) return hits;
    const byCode = new Map(hits.map((hit) => [hit.code, hit]));
    for (const hit of this.#wide.finish()) {
      const known = byCode.get(hit.code);
      if (known === undefined || RANK[hit.severity] > RANK[known.severity]) byCode.set(hit.code, { ...hit, at: MARK_BYTES + 2 * hit.at });
    }
    return [...byCode.values()];
  }

  /** Returns the state after one of the first two bytes. */
  #afterMark(byte: number): number {
    if (this.#state === AT_START) return byte === 0xff ? IN_MARK_LE : byte === 0xfe ? IN_MARK_BE : PLAIN;
    if (byte !== (this.#state === IN_MARK_LE ? 0xfe : 0xff)) return PLAIN;
    this.#wide ??= new SecretScanner();
    if (this.#scratch.length === 0) this.#scratch = new Uint8Array(SCRATCH);
    this.#wide.begin(this.#path);
    return this.#state === IN_MARK_LE ? WIDE_LE : WIDE_BE;
  }

  #pushWide(bytes: Uint8Array, start: number, end: number): void {
    const scratch = this.#scratch;
    const isLittle = this.#state === WIDE_LE;
    let filled = 0;
    let held = this.#held;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (held < 0) {
        held = byte;
        continue;
      }
      const [low, high] = isLittle ? [held, byte] : [byte, held];
      held = -1;
      scratch[filled++] = high === 0 && low < NOT_ASCII ? low : NOT_ASCII;
      if (filled < SCRATCH) continue;
      this.#wide?.push(scratch, 0, filled);
      filled = 0;
    }
    this.#held = held;
    this.#wide?.push(scratch, 0, filled);
  }
}
