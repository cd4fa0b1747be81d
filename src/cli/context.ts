import type { Output } from './output.ts';
import type { ProgressLine } from './progress.ts';
import type { Style } from './style.ts';

/** What every command is given. */
export interface Context {
  readonly out: Output;
  readonly style: Style;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** One line on standard error, behind `layerscope: `. Control characters are escaped. */
  warn(message: string): void;
  /** An error by its code, told as the program's own last one would be; the command goes on. */
  tell(code: string, message: string): void;
}

/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreadable: 3, interrupted: 130, terminated: 143 } as const;

/** What a command's file exports: `run` gives the exit code. */
export interface Command {
  readonly spec: import('./arguments.ts').CommandSpec;
  run(context: Context, args: import('./arguments.ts').Arguments): Promise<number>;
}
