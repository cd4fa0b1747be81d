// A window of bytes in which leads and line feeds are found: by the code in `lead-code.ts` if WebAssembly has vectors, otherwise by plain
// loops, which find the same but take ten times as long.

import { instancesOf, moduleOf } from '#vectors';
import { WORD } from './characters.ts';
import { BLOCK, LEAD, leadFunctions } from './lead-code.ts';
import { LEAD_GROUPS, leadAt, leadOf } from './leads.ts';
import { countLines } from './line-counter.ts';

/** Size of a window, in bytes. */
export const WINDOW = 256 * 1024;
/** Bytes after a window, with any content: the last block and the last lead may extend into them. */
const SLACK = 2 * BLOCK;
/** Address of the window in the code's memory. A block of zeros precedes the window, because the search starts one block early. */
const WINDOW_AT = BLOCK;
/** Address at which the code writes results: four bytes for each block. */
const FOUND_AT = WINDOW_AT + WINDOW + SLACK;
const MEMORY = FOUND_AT + 4 * (WINDOW / BLOCK + 2);
/** A lead starts a word, and words are separated by at least one byte, so at most every other byte starts a lead. */
const MOST_LEADS = WINDOW / 2;

const LEADS: ReadonlySet<number> = new Set(LEAD_GROUPS.flat().map(leadOf));
/** Indexed by two bytes, with the first in the high half: 1 if a lead begins with them. */
const STARTS = new Uint8Array(65_536);
for (const lead of LEADS) STARTS[lead >> 8] = 1;

interface LeadCode {
  readonly memory: { readonly buffer: ArrayBuffer };
  find(at: number, end: number, out: number): number;
  countLines(at: number, end: number): number;
}

const newFastCode = instancesOf<LeadCode>(() => moduleOf(leadFunctions(LEAD_GROUPS, true), MEMORY));
const newOldCode = instancesOf<LeadCode>(() => moduleOf(leadFunctions(LEAD_GROUPS, false), MEMORY));

/**
 * Creates the code with its own memory; null without vectors, or if no more such memory is available. `isFast`: use the faster code if
 * possible.
 */
export function newLeadCode(isFast = true): LeadCode | null {
  return (isFast ? newFastCode() : null) ?? newOldCode();
}

export class LeadWindow {
  readonly bytes: Uint8Array;
  /** Positions of leads found by {@link find}, in ascending order. */
  readonly places = new Int32Array(MOST_LEADS);
  readonly #words: Int32Array;
  readonly #code: LeadCode | null;
  readonly #found: Uint32Array;

  /** `code`: not shared with another window; null for plain loops. */
  constructor(code: LeadCode | null = newLeadCode()) {
    this.#code = code;
    const buffer = code?.memory.buffer ?? new ArrayBuffer(MEMORY);
    this.bytes = new Uint8Array(buffer, WINDOW_AT, WINDOW + SLACK);
    this.#words = new Int32Array(buffer, WINDOW_AT, WINDOW / 4);
    this.#found = new Uint32Array(buffer, FOUND_AT);
  }

  /** Finds leads at starts of words from `from` (a multiple of 16) up to `to`. Returns how many there are. */
  find(from: number, to: number): number {
    return this.#code === null ? this.#findPlainly(from, to) : this.#findBy(this.#code, from, to);
  }

  /** Returns the number of line feeds between two positions. */
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
    // Starts one block early, because a lead may begin at the end of a block and end in the next one.
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

/** Unused windows. There are never more of them than bodies that a thread searches at once, which is a handful. */
const idle: LeadWindow[] = [];

/** Returns a window for one body. The window may still contain bytes from an earlier body. */
export function takeWindow(): LeadWindow {
  return idle.pop() ?? new LeadWindow();
}

export function giveBack(window: LeadWindow): void {
  idle.push(window);
}
