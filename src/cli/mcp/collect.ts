import { LayerscopeError, throwIfCancelled } from '#model';
import type { Output } from '../output.ts';

/** A part of what a command printed. */
interface Part {
  /** Number of lines or bytes before the part. */
  readonly from: number;
  /** Number of lines or bytes that the command printed. */
  readonly total: number;
  readonly more: boolean;
}

export interface LinesPart extends Part {
  readonly lines: readonly string[];
}

export interface BytesPart extends Part {
  readonly bytes: Uint8Array;
}

export interface Collector<Result> {
  readonly output: Output;
  /** Returns what was collected; call it once the command has ended. */
  end(): Result;
}

/** Characters written between two checks for cancellation. */
const TURN_CHARACTERS = 65_536;

/** Collects lines from line `from` on: at least one, at most `limit`, and about `maxCharacters` in all. Other lines are only counted. */
export function collectLines(
  { from, limit, maxCharacters }: { readonly from: number; readonly limit: number; readonly maxCharacters: number },
  signal: AbortSignal,
): Collector<LinesPart> {
  const lines: string[] = [];
  let total = 0;
  let characters = 0;
  let isFull = false;
  let rest = '';
  const take = (line: string): void => {
    if (total >= from && !isFull) {
      isFull = lines.length >= limit || (lines.length > 0 && characters + line.length > maxCharacters);
      if (!isFull) lines.push(line);
      characters += line.length;
    }
    total += 1;
  };
  const output = textOutput((text) => {
    const pieces = `${rest}${text}`.split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) take(piece);
  }, signal);
  return {
    output,
    end() {
      if (rest !== '') take(rest);
      rest = '';
      return { from, total, more: from + lines.length < total, lines };
    },
  };
}

/** Collects the whole output. If it exceeds `maxCharacters`, the command fails with TOO_LARGE. */
export function collectText(maxCharacters: number, signal: AbortSignal): Collector<string> {
  const pieces: string[] = [];
  let characters = 0;
  const output = textOutput((text) => {
    characters += text.length;
    if (characters > maxCharacters) throw new LayerscopeError('TOO_LARGE', `the answer is longer than ${maxCharacters} characters`);
    pieces.push(text);
  }, signal);
  return { output, end: () => pieces.join('') };
}

/** Collects at most `limit` bytes of a file, beginning at offset `from`. Doesn't read the rest, which may be petabytes. */
export function collectBytes(
  { from, limit }: { readonly from: number; readonly limit: number },
  signal: AbortSignal,
): Collector<BytesPart> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  return {
    output: {
      ...textOutput(() => {}, signal),
      part(totalBytes) {
        total = totalBytes;
        return { start: from, length: limit };
      },
      async writeBytes(bytes) {
        throwIfCancelled(signal);
        pieces.push(bytes);
      },
    },
    end: () => ({ from, total, more: from + limit < total, bytes: Buffer.concat(pieces) }),
  };
}

function textOutput(take: (text: string) => void, signal: AbortSignal): Output {
  let untilTurn = TURN_CHARACTERS;
  return {
    write(text) {
      untilTurn -= text.length;
      take(text);
    },
    get full() {
      return untilTurn <= 0;
    },
    async drain() {
      untilTurn = TURN_CHARACTERS;
      // Lets the event loop deliver a cancellation.
      await new Promise((resolve) => setImmediate(resolve));
      throwIfCancelled(signal);
    },
    async writeBytes() {
      throw new LayerscopeError('INTERNAL', 'this command prints text');
    },
    async finish() {},
  };
}
