import { TarReader } from '#format/tar';
import { LayerscopeError } from '#model';
import { type Decompressed, faultOf, packed } from '../blob/decompress.ts';
import { inflateChunks } from '../blob/inflate-chunks.ts';
import { type FileRange, openBlob } from '../blob/source-file.ts';
import { readSplit, SplitFeed } from '../blob/split-feed.ts';
import { TarFeed } from '../blob/tar-source.ts';
import { callerControl } from '../control/work-control.ts';
import type { BlobSource, RawMember } from '../types.ts';
import { rawMember } from './raw-member.ts';

/** Yields every member of a layer in order. Throws BAD_TAR, TRUNCATED or DAMAGED after the last readable member; IO, CANCELLED. */
export async function* listRawMembers(blob: BlobSource, signal: AbortSignal | undefined): AsyncGenerator<RawMember> {
  const list = new RawList();
  if (blob.split !== undefined) {
    for await (const _step of fromSplit(blob, list, signal)) yield* list.take();
    yield* list.take();
    if (list.problem !== null) throw list.problem;
    return;
  }
  const range = openBlob(blob);
  using _file = range.file;
  const source = blob.compression === 'none' ? fromFile(range, list) : fromStream(range, blob, list, signal);
  const control = callerControl(signal);
  let until = performance.now() + control.slice;
  for await (const _step of source) {
    yield* list.take();
    control.check();
    // The steps may never wait for anything, so let abort signals and other work run here.
    if (performance.now() < until) continue;
    await control.rest();
    until = performance.now() + control.slice;
  }
  yield* list.take();
  range.file.refuseChanged();
  if (list.problem !== null) throw list.problem;
}

class RawList {
  readonly reader: TarReader;
  problem: LayerscopeError | null = null;
  #members: RawMember[] = [];
  #count = 0;

  constructor() {
    this.reader = new TarReader({
      member: (member) => {
        this.#members.push(rawMember(member, this.#count++));
      },
      finding: ({ code, message, offset }) => {
        if (code === 'truncated') this.problem ??= new LayerscopeError('TRUNCATED', message, { offset });
      },
    });
  }

  take(): RawMember[] {
    const members = this.#members;
    this.#members = [];
    return members;
  }

  /** Ends the tar and stores any error in the tar or its decompression. */
  end(ended: Decompressed): void {
    const fault = faultOf(ended);
    const error = fault === null ? null : new LayerscopeError(fault, ended.message ?? '');
    // If the blob is cut off, so is its tar, and the tar reader reports where.
    if (fault !== 'TRUNCATED') this.problem ??= error;
    this.attempt(() => {
      this.reader.end();
      return true;
    });
    this.problem ??= error;
  }

  /** Runs `work` and stores its error. Returns false if no more members follow. */
  attempt(work: () => boolean): boolean {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code !== 'BAD_TAR') throw error;
      this.problem = error;
      return false;
    }
  }
}

async function* fromSplit(blob: BlobSource, list: RawList, signal: AbortSignal | undefined): AsyncGenerator<void> {
  const steps = readSplit(blob, new SplitFeed(list.reader), signal);
  try {
    for (;;) {
      const { done, value } = await steps.next();
      if (!done) yield;
      else {
        list.end(value);
        return;
      }
    }
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'BAD_TAR') throw error;
    list.problem = error;
  }
}

async function* fromFile(range: FileRange, list: RawList): AsyncGenerator<void> {
  const feed = new TarFeed(range, list.reader);
  while (list.attempt(() => feed.step())) yield;
}

async function* fromStream(range: FileRange, blob: BlobSource, list: RawList, signal: AbortSignal | undefined): AsyncGenerator<void> {
  const chunks = inflateChunks(range, packed(blob.compression), signal);
  try {
    for (;;) {
      const next = await chunks.next();
      if (next.done) {
        list.end(next.value);
        return;
      }
      const more = list.attempt(() => {
        list.reader.push(next.value);
        return true;
      });
      yield;
      if (!more) return;
    }
  } finally {
    await chunks.return(undefined as never);
  }
}
