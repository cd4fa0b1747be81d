import { displayText, formatSize } from '#model';

export interface ProgressLine {
  readonly update: (progress: { readonly phase: string; readonly doneBytes: number; readonly totalBytes: number | null }) => void;
  /** Prints a sentence on its own line, on a terminal only. */
  say(sentence: string): void;
  /** Removes the line from the terminal. */
  clear(): void;
}

const INTERVAL_MS = 100;

/**
 * A progress line on standard error, updated in place, on a terminal only. `open` is called at the first use: opening standard error loads
 * modules that short commands don't need.
 */
export function createProgress(open: () => NodeJS.WriteStream): ProgressLine {
  let terminal: NodeJS.WriteStream | null | undefined;
  const opened = (): NodeJS.WriteStream | null => {
    if (terminal === undefined) terminal = open();
    if (terminal?.isTTY !== true) terminal = null;
    return terminal;
  };
  let last = 0;
  let shown = false;
  return {
    update({ phase, doneBytes, totalBytes }) {
      const now = Date.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      const stream = opened();
      if (stream === null) return;
      const amount =
        totalBytes === null || totalBytes === 0 ? formatSize(doneBytes) : `${formatSize(doneBytes)} of ${formatSize(totalBytes)}`;
      stream.write(`\r\u001b[K${displayText(phase)} · ${amount}`.slice(0, (stream.columns ?? 80) + 3));
      shown = true;
    },
    say(sentence) {
      opened()?.write(`\r\u001b[K${displayText(sentence)}\n`);
      shown = false;
    },
    clear() {
      if (shown) opened()?.write('\r\u001b[K');
      shown = false;
    },
  };
}
