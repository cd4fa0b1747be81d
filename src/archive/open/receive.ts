import { LayerscopeError } from '#model';
import { systemError } from '../blob/source-file.ts';
import { abortable } from '../control/abortable.ts';
import { ProgressMeter } from '../control/progress-meter.ts';
import { NewFile } from '../spool/new-file.ts';
import type { StreamOptions } from '../types.ts';
import { StreamScan } from './stream-scan.ts';
import { StreamStart } from './stream-start.ts';

/** A stream to receive, and how to receive it. */
export interface Receiving {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly title: string;
  /** Path of the new file. */
  readonly path: string;
  readonly options: StreamOptions;
  /** Throws CANCELLED once the work is cancelled or the reader is closed. */
  readonly check: () => void;
}

/**
 * Writes a stream to a new file, and indexes its plain layers as they arrive. For a listing, the layers' contents become holes. Throws
 * CANCELLED, NOT_AN_IMAGE, IO; the caller then removes the file.
 */
export async function receive({ bytes, title, path, options, check }: Receiving): Promise<StreamScan> {
  const meter = new ProgressMeter('receive', null, options.onProgress);
  const scan = new StreamScan();
  try {
    using file = new NewFile(path, { isSummed: false });
    check();
    const start = new StreamStart(title, options.isDevice ?? false);
    for await (const chunk of abortable(bytes, options.signal)) {
      check();
      const mayBeImage = start.take(chunk);
      scan.push(chunk);
      writeAround(file, chunk, options.isForListing ? scan.listed : []);
      meter.advance(chunk.length);
      if (!mayBeImage) break;
    }
    check();
    return scan;
  } catch (error) {
    check();
    throw error instanceof LayerscopeError ? error : systemError(error, title);
  }
}

/** Writes bytes with holes in place of some ranges, which are given as pairs of start and end. */
function writeAround(file: NewFile, bytes: Uint8Array, ranges: readonly number[]): void {
  let from = 0;
  for (let at = 0; at < ranges.length; at += 2) {
    const [start, end] = [ranges[at] as number, ranges[at + 1] as number];
    if (start > from) file.write(bytes.subarray(from, start));
    file.skip(end - start);
    from = end;
  }
  if (from < bytes.length) file.write(bytes.subarray(from));
}
