// Writes one body of a layer to a new file.
import fs from 'node:fs';
import type { LayerBodies } from '#archive';
import { asLayerscopeError, type ErrorCode, throwIfCancelled } from '#model';
import { errorCode, isAboutEntry, refusalText } from './system-errors.ts';

/** Codes of errors that concern only a single body of the image. */
const BODY_ERRORS: ReadonlySet<ErrorCode> = new Set(['TRUNCATED', 'DAMAGED', 'BAD_TAR', 'BLOB_MISSING', 'UNSUPPORTED']);

export interface WriteBodyOptions {
  /** If true, an unreadable body is returned as a failure; otherwise the error is thrown. */
  readonly takesDamage: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

/** The reason why a body could not be written. */
export interface BodyFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Fills a new file, keeping holes; returns what is wrong if the body can't be read completely. */
export async function writeBody(
  descriptor: number,
  source: LazyBodies,
  member: number,
  size: number,
  { takesDamage, signal, onBytes }: WriteBodyOptions,
): Promise<BodyFailure | null> {
  if (size === 0) return null;
  try {
    let end = 0;
    for await (const { at, bytes } of source.open().pieces(member)) {
      throwIfCancelled(signal);
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done, bytes.length - done, at + done);
      end = at + bytes.length;
      onBytes(bytes.length);
    }
    if (end < size) fs.ftruncateSync(descriptor, size);
    return null;
  } catch (thrown) {
    if (errorCode(thrown) === 'EFBIG') return { code: 'TOO_LARGE', message: 'it is too large for this file system' };
    if (isAboutEntry(thrown)) return { code: 'NAME_REFUSED', message: refusalText(thrown) };
    const error = asLayerscopeError(thrown);
    if (!takesDamage || !BODY_ERRORS.has(error.code)) throw thrown;
    return error;
  }
}

/** A layer's bodies, opened when the first is requested. */
export class LazyBodies implements AsyncDisposable {
  readonly #open: () => LayerBodies;
  #bodies: LayerBodies | null = null;

  constructor(open: () => LayerBodies) {
    this.#open = open;
  }

  open(): LayerBodies {
    this.#bodies ??= this.#open();
    return this.#bodies;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bodies?.[Symbol.asyncDispose]();
  }
}
