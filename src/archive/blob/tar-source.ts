import type { TarReader } from '#format/tar';
import type { WorkControl } from '../control/work-control.ts';
import type { FileRange } from './source-file.ts';

const SMALLEST_WINDOW = 2 * 1024;
const LARGEST_WINDOW = 64 * 1024;
/** Number of reads after which progress is reported. */
const REPORT_READS = 64;

/**
 * Feeds a tar in a file to a reader, one read at a time: headers are read, bodies are skipped by seeking. The window size adapts to recent
 * bodies: a system call costs as much as copying 8 kB, so bodies much larger than that should be skipped, while many small ones should be
 * read at once.
 */
export class TarFeed {
  readonly #range: FileRange;
  readonly #reader: TarReader;
  readonly #window = new Uint8Array(LARGEST_WINDOW);
  #at = 0;
  #size = SMALLEST_WINDOW;

  constructor(range: FileRange, reader: TarReader) {
    this.#range = range;
    this.#reader = reader;
  }

  /** How many bytes of the range have been read or skipped. */
  get position(): number {
    return this.#at;
  }

  /**
   * Reads one window. At the end of the input, ends the reader and returns false. Throws BAD_TAR, once the members before the damage were
   * read; IO.
   */
  step(): boolean {
    const { file, start, length } = this.#range;
    const reader = this.#reader;
    const skip = Math.min(reader.wantedSkip, length - this.#at);
    if (skip > 0) {
      reader.skip(skip);
      this.#at += skip;
    }
    // The previous window ended inside a body whose rest is skipped. If that rest is long, much of the window was wasted, so the next one
    // is smaller.
    if (skip > this.#size / 2) this.#size = Math.max(SMALLEST_WINDOW, this.#size / 2);
    else if (skip <= this.#size / 4) this.#size = Math.min(LARGEST_WINDOW, this.#size * 2);
    const count = file.read(this.#window, start + this.#at, Math.min(this.#size, length - this.#at));
    if (count === 0) {
      reader.end();
      return false;
    }
    reader.push(this.#window, 0, count);
    this.#at += count;
    return true;
  }
}

/** Reads the headers of a whole tar in a file. Throws BAD_TAR, once the members before the damage were read; IO, CANCELLED. */
export async function feedFromFile(range: FileRange, reader: TarReader, control: WorkControl): Promise<void> {
  const feed = new TarFeed(range, reader);
  let reported = 0;
  let until = performance.now() + control.slice;
  control.check();
  for (let steps = 1; feed.step(); steps++) {
    if (steps % REPORT_READS !== 0) continue;
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
