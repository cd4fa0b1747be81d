// What the process that watches and the one that fuzzes say to each other.
import type { LoopState } from './fuzz-loop.ts';

export interface ChildOrder {
  readonly target: string;
  readonly seed: number;
  /** As Date.now() has it. */
  readonly untilMs: number;
  readonly inputs: number;
  /** Where the input under way is kept. */
  readonly currentFile: string;
  /** A file that is the only input; else null. */
  readonly replay: string | null;
}

export type ChildReport =
  /** `input`: base64. */
  | { readonly kind: 'found'; readonly key: string; readonly message: string; readonly input: string }
  | { readonly kind: 'progress'; readonly state: LoopState }
  | { readonly kind: 'done'; readonly state: LoopState };
