import { TarReader } from '#format/tar';
import { LayerscopeError, throwIfCancelled } from '#model';
import { packed } from '../blob/decompress.ts';
import { inflateChunks } from '../blob/inflate-chunks.ts';
import { type FileRange, openBlob } from '../blob/source-file.ts';
import { TarFeed } from '../blob/tar-source.ts';
import type { BlobSource, RawMember } from '../types.ts';
import { rawMember } from './raw-member.ts';

/** Yields every member of a layer in order. Throws BAD_TAR, TRUNCATED or DAMAGED after the last readable one; IO, CANCELLED. */
export async function* listRawMembers(blob: BlobSource, signal: AbortSignal | undefined): AsyncGenerator<RawMember> {
  const list = new RawList();
  const range = openBlob(blob);
  using _file = range.file;
  const source = blob.compression === 'none' ? fromFile(range, list) : fromStream(range, blob, list, signal);
  for await (const _step of source) {
    yield* list.take();
    throwIfCancelled(signal);
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

  /** Runs `work` and keeps its error. Returns false if nothing more will come. */
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
        const { end, message } = next.value;
        if (end === 'damaged') list.problem ??= new LayerscopeError('DAMAGED', message ?? 'damaged');
        list.attempt(() => {
          list.reader.end();
          return true;
        });
        if (end === 'truncated') list.problem ??= new LayerscopeError('TRUNCATED', message ?? 'cut off');
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
