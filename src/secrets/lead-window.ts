// A window of bytes in which leads and line feeds are found: by the code of `lead-code.ts` where WebAssembly has vectors, elsewhere by plain
// loops, which find the same and take ten times as long.

import { instancesOf, moduleOf } from '#vectors';
import { WORD } from './characters.ts';
import { BLOCK, LEAD, leadFunctions } from './lead-code.ts';
import { LEAD_GROUPS, leadAt, leadOf } from './leads.ts';
import { countLines } from './line-counter.ts';

/** Bytes of a window. */
export const WINDOW = 256 * 1024;
/** Bytes after a window, whatever they are: the last block and the last lead may end there. */
const SLACK = 2 * BLOCK;
/** Where a window is in the code's memory: after a block of zeros, so that its first block has one before it. */
const WINDOW_AT = BLOCK;
/** Where the code writes what it found: four bytes for each block. */
const FOUND_AT = WINDOW_AT + WINDOW + SLACK;
const MEMORY = FOUND_AT + 4 * (WINDOW / BLOCK + 2);
/** Two words have a byte between them. */
const MOST_LEADS = WINDOW / 2;

const LEADS: ReadonlySet<number> = new Set(LEAD_GROUPS.flat().map(leadOf));
/** 1 for the first two bytes of a lead, the first as the high one. */
const STARTS = new Uint8Array(65_536);
for (const lead of LEADS) STARTS[lead >> 8] = 1;

interface LeadCode {
  readonly memory: { readonly buffer: ArrayBuffer };
  find(at: number, end: number, out: number): number;
  countLines(at: number, end: number): number;
}

const newFastCode = instancesOf<LeadCode>(() => moduleOf(leadFunctions(LEAD_GROUPS, true), MEMORY));
const newOldCode = instancesOf<LeadCode>(() => moduleOf(leadFunctions(LEAD_GROUPS, false), MEMORY));

/** The code with a memory of its own; null if there are no vectors, or no more memory of this kind. `isFast`: if possible. */
export function newLeadCode(isFast = true): LeadCode | null {
  return (isFast ? newFastCode() : null) ?? newOldCode();
}

export class LeadWindow {
  readonly bytes: Uint8Array;
  /** Where {@link find} found leads, in ascending order. */
  readonly places = new Int32Array(MOST_LEADS);
  readonly #words: Int32Array;
  readonly #code: LeadCode | null;
  readonly #found: Uint32Array;

  /** `code`: of this window alone; null for plain loops. */
  constructor(code: LeadCode | null = newLeadCode()) {
    this.#code = code;
    const buffer = code?.memory.buffer ?? new ArrayBuffer(MEMORY);
    this.bytes = new Uint8Array(buffer, WINDOW_AT, WINDOW + SLACK);
    this.#words = new Int32Array(buffer, WINDOW_AT, WINDOW / 4);
    this.#found = new Uint32Array(buffer, FOUND_AT);
  }

  /** Finds leads at starts of words from `from` on, a multiple of 16, and before `to`. Returns how many there are. */
  find(from: number, to: number): number {
    return this.#code === null ? this.#findPlainly(from, to) : this.#findBy(this.#code, from, to);
  }

  /** The number of line feeds between two places. */
  countLines(from: number, to: number): number {
    const start = Math.min(to, (from + BLOCK - 1) & -BLOCK);
    const end = to & -BLOCK;
    if (this.#code === null || start >= end) return countLines(this.bytes, this.#words, from, to);
    const between = this.#code.countLines(WINDOW_AT + start, WINDOW_AT + end);
    return countLines(this.bytes, this.#words, from, start) + between + countLines(this.bytes, this.#words, end, to);
  }

  #findPlainly(from: number, to: number): number {
    const { bytes, places } = this;
    let count = 0;
    let start = bytes[from] as number;
    for (let at = from; at < to; at++) {
      start = ((start & 0xff) << 8) | (bytes[at + 1] as number);
      if (STARTS[start] === 1 && this.#isLead(at)) places[count++] = at;
    }
    return count;
  }

  #findBy(code: LeadCode, from: number, to: number): number {
    // The block before has what the first one needs to know.
    const end = code.find(WINDOW_AT + from - BLOCK, WINDOW_AT + to + LEAD - 1, FOUND_AT);
    const blocks = (end - FOUND_AT) / 4;
    let count = 0;
    for (let block = 0; block < blocks; block++) {
      const found = this.#found[block] as number;
      const start = (found >>> 16) * BLOCK - WINDOW_AT - (LEAD - 1);
      for (let bits = found & 0xffff; bits !== 0; bits &= bits - 1) {
        const at = start + 31 - Math.clz32(bits & -bits);
        if (at >= from && at < to && this.#isLead(at)) this.places[count++] = at;
      }
    }
    return count;
  }

  #isLead(at: number): boolean {
    return LEADS.has(leadAt(this.bytes, at)) && (at === 0 || WORD[this.bytes[at - 1] as number] === 0);
  }
}

/** Windows that nobody uses. No more are made than bodies are searched at once on a thread: a handful. */
const idle: LeadWindow[] = [];

/** A window for one body. It has what another body left in it. */
export function takeWindow(): LeadWindow {
  return idle.pop() ?? new LeadWindow();
}

export function giveBack(window: LeadWindow): void {
  idle.push(window);
}
