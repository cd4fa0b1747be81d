// Uses V8's block coverage to determine which of the product's source code an input ran. V8 reports ranges of functions and omits a block
// whose count equals its parent's. So every block ever seen is remembered, and its count is taken from the innermost range around it.
import inspector from 'node:inspector';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

interface Block {
  readonly start: number;
  readonly end: number;
  /** One bit for each count bucket seen; bit 0: the block was skipped while its function ran. */
  seen: number;
}

/** By start and end offset, as one number. */
type Blocks = Map<number, Block>;

const SOURCES = `${pathToFileURL(path.join(import.meta.dirname, '..', '..', '..', 'src'))}/`;
const MOST_OFFSET = 2 ** 24;

/** Returns the bit for a count. Similar counts share a bit: 0, 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more. */
function bucketBit(count: number): number {
  if (count < 4) return 1 << count;
  if (count < 8) return 1 << 4;
  if (count < 16) return 1 << 5;
  if (count < 32) return 1 << 6;
  return count < 128 ? 1 << 7 : 1 << 8;
}

export class Coverage implements Disposable {
  readonly #session = new inspector.Session();
  readonly #functions = new Map<string, Blocks>();
  /** Number of blocks that ran at least once. */
  covered = 0;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * Examines the code that ran since the last call and returns whether any of it is new. `counts`: true records how often blocks ran and
   * which were skipped; false only looks for blocks that never ran before, and records nothing.
   */
  look(counts: boolean): boolean {
    let isNew = false;
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error;
      for (const script of taken.result) {
        if (!script.url.startsWith(SOURCES)) continue;
        for (const { ranges } of script.functions) if (this.#take(script.url, ranges, counts)) isNew = true;
      }
    });
    return isNew;
  }

  #take(url: string, ranges: readonly inspector.Profiler.CoverageRange[], counts: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined) return false;
    const key = `${url}:${whole.startOffset}`;
    let blocks = this.#functions.get(key);
    if (blocks === undefined) {
      blocks = new Map();
      this.#functions.set(key, blocks);
    }
    for (const { startOffset: start, endOffset: end } of ranges) {
      const at = start * MOST_OFFSET + end;
      if (!blocks.has(at)) blocks.set(at, { start, end, seen: 0 });
    }
    let isNew = false;
    for (const block of blocks.values()) if (this.#note(block, countOf(block, ranges), counts)) isNew = true;
    return isNew;
  }

  #note(block: Block, count: number, counts: boolean): boolean {
    const everRan = block.seen > 1;
    if (!counts && (count === 0 || everRan)) return false;
    const bit = bucketBit(count);
    // Examining a whole batch records nothing, so that the input that ran new code can be found afterwards.
    if ((block.seen & bit) !== 0) return false;
    if (counts) {
      if (count > 0 && !everRan) this.covered++;
      block.seen |= bit;
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }
}

/** Ranges are ordered from the outside in, so the last one around the block is the innermost. */
function countOf({ start, end }: Block, ranges: readonly inspector.Profiler.CoverageRange[]): number {
  let count = 0;
  for (const range of ranges) if (range.startOffset <= start && range.endOffset >= end) count = range.count;
  return count;
}
