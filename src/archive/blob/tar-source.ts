import type { TarReader } from '#format/tar';
import type { WorkControl } from '../control/work-control.ts';
import type { FileRange } from './source-file.ts';

const LARGE_WINDOW = 128 * 1024;
const SMALL_WINDOW = 1024;
/** Entries smaller than this (header and body) are read, not seeked over: a system call costs as much as copying this many bytes. */
const SMALL_ENTRY = 24 * 1024;
/** Number of reads after which the window size is reconsidered. */
const LOOK_BACK = 64;

/**
 * Feeds a tar in a file to a reader, one read at a time: headers are read, bodies are seeked over. Reads are small if bodies are large, and
 * large if many headers are close together.
 */
export class TarFeed {
  readonly #range: FileRange;
  readonly #reader: TarReader;
  readonly #window = new Uint8Array(LARGE_WINDOW);
  #at = 0;
  #size = SMALL_WINDOW;
  #reads = 0;
  #membersBefore = 0;
  #atBefore = 0;

  constructor(range: FileRange, reader: TarReader) {
    this.#range = range;
    this.#reader = reader;
  }

  /** How many bytes of the range have been read or skipped. */
  get position(): number {
    return this.#at;
  }

  /** Reads one window. At the end of the input, ends the reader and returns false. Throws BAD_TAR after earlier members; IO. */
  step(): boolean {
    const { file, start, length } = this.#range;
    const reader = this.#reader;
    const skip = Math.min(reader.wantedSkip, length - this.#at);
    if (skip > 0) {
      reader.skip(skip);
      this.#at += skip;
    }
    const count = file.read(this.#window, start + this.#at, Math.min(this.#size, length - this.#at));
    if (count === 0) {
      reader.end();
      return false;
    }
    reader.push(this.#window, 0, count);
    this.#at += count;
    if (++this.#reads % LOOK_BACK === 0) this.#chooseWindow();
    return true;
  }

  #chooseWindow(): void {
    const members = this.#reader.memberCount - this.#membersBefore;
    this.#size = this.#reader.done || this.#at - this.#atBefore < members * SMALL_ENTRY ? LARGE_WINDOW : SMALL_WINDOW;
    this.#membersBefore = this.#reader.memberCount;
    this.#atBefore = this.#at;
  }
}

/** Reads the headers of a whole tar in a file. Throws BAD_TAR after earlier members; IO, CANCELLED. */
export async function feedFromFile(range: FileRange, reader: TarReader, control: WorkControl): Promise<void> {
  const feed = new TarFeed(range, reader);
  let reported = 0;
  let until = performance.now() + control.slice;
  control.check();
  for (let steps = 1; feed.step(); steps++) {
    if (steps % LOOK_BACK !== 0) continue;
    control.check();
    control.advance(feed.position - reported);
    reported = feed.position;
    if (performance.now() < until) continue;
    await control.rest();
    until = performance.now() + control.slice;
  }
  control.check();
  control.advance(feed.position - reported);
}
