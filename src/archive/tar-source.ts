import type { TarReader } from '#format/tar';
import type { FileRange } from './source-file.ts';
import type { WorkControl } from './work-control.ts';

const LARGE_WINDOW = 64 * 1024;
const SMALL_WINDOW = 1024;
/** Entries whose header and body take less than this are cheaper read through than seeked over: a call costs as much as copying so much. */
const SMALL_ENTRY = 8 * 1024;

/**
 * Feeds a tar that lies in a file to a reader: headers are read, bodies are seeked over. Reads in small pieces where bodies are big, and
 * in big ones where many headers come close together. Reads no further once the reader wants nothing more. Ends the reader.
 * Throws BAD_TAR (the members before have been handed out), IO, CANCELLED.
 */
export async function feedFromFile(range: FileRange, reader: TarReader, control: WorkControl): Promise<void> {
  const { file, start, length } = range;
  const window = new Uint8Array(LARGE_WINDOW);
  const base = reader.offset;
  let at = 0;
  let size = SMALL_WINDOW;
  let told = 0;
  let membersBefore = 0;
  let offsetBefore = 0;
  let reads = 0;
  let until = performance.now() + control.slice;
  while (at < length) {
    const skip = Math.min(reader.wantedSkip, length - at);
    if (skip > 0) {
      reader.skip(skip);
      at += skip;
      continue;
    }
    const count = file.read(window, start + at, Math.min(size, length - at));
    if (count === 0) break;
    reader.push(window, 0, count);
    at += count;
    if ((++reads & 63) !== 0) continue;
    // Look back at the last 64 reads.
    const members = reader.memberCount - membersBefore;
    size = reader.done || at - offsetBefore < members * SMALL_ENTRY ? LARGE_WINDOW : SMALL_WINDOW;
    membersBefore = reader.memberCount;
    offsetBefore = at;
    control.check();
    control.advance(at - told);
    told = at;
    if (performance.now() < until) continue;
    await control.rest();
    control.check();
    until = performance.now() + control.slice;
  }
  control.check();
  control.advance(reader.offset - base - told);
  reader.end();
}
