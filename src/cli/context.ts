import type { ListedCommand } from './completion-scripts.ts';
import type { Output } from './output.ts';
import type { ProgressLine } from './progress.ts';
import type { Style } from './style.ts';

/** Passed to every command. */
export interface Context {
  readonly out: Output;
  readonly style: Style;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** Every command with its spec, in the order of the help. */
  commands(): Promise<readonly ListedCommand[]>;
  /** Prints `layerscope: …` to standard error, with control characters escaped. */
  note(message: string): void;
  /** Prints `layerscope: warning: …` to standard error, with control characters escaped. */
  warn(message: string): void;
  /** Prints an error to standard error as a failed command would, but the command continues. */
  error(code: string, message: string): void;
  /**
   * Sets whether another thread is doing work that can't be stopped. A normal exit would wait for that thread. So the process then ends
   * itself with a signal that can't be caught, after everything is printed or at a second Ctrl-C.
   */
  endBySignal(does: boolean): void;
}

/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreadable: 3, hungUp: 129, interrupted: 130, terminated: 143 } as const;

/** What a command's file exports. `run` returns the exit code. */
export interface Command {
  readonly spec: import('./arguments.ts').CommandSpec;
  run(context: Context, args: import('./arguments.ts').Arguments): Promise<number>;
}
