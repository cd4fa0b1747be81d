// Messages between the watching process and the fuzzing one.
import type { LoopState } from './fuzz-loop.ts';

export interface ChildOrder {
  readonly target: string;
  readonly seed: number;
  /** A time in milliseconds, as from Date.now(). */
  readonly untilMs: number;
  readonly inputs: number;
  /** File with the current input. */
  readonly currentFile: string;
  /** A file with the only input to run, or null. */
  readonly replay: string | null;
}

export type ChildReport =
  /** `input`: base64. */
  | { readonly kind: 'found'; readonly key: string; readonly message: string; readonly input: string }
  | { readonly kind: 'progress'; readonly state: LoopState }
  | { readonly kind: 'done'; readonly state: LoopState };
