import type { Token } from './highlight.ts';

/** Maximum length of highlighted text; the tokens of longer text would take too much memory. */
const MAX_LETTERS = 100_000;
/** Time limit for highlighting. Ordinary files take a few tens of ms. */
const MAX_MS = 2_000;

/**
 * Highlights text in a worker. Calls `found` with the tokens of each line. Text that is too long, or that takes too long, stays plain:
 * `found` isn't called. The returned function stops the work.
 */
export function highlight(lines: readonly string[], language: string, found: (tokens: readonly (readonly Token[])[]) => void): () => void {
  const letters = lines.reduce((sum, line) => sum + line.length, 0);
  if (letters > MAX_LETTERS) return () => {};
  const worker = new Worker(new URL('./highlight-worker.ts', import.meta.url), { type: 'module' });
  const timer = setTimeout(stop, MAX_MS);
  function stop(): void {
    clearTimeout(timer);
    worker.terminate();
  }
  worker.onmessage = ({ data }: MessageEvent<readonly (readonly Token[])[]>): void => {
    stop();
    found(data);
  };
  worker.onerror = (event): void => {
    event.preventDefault();
    stop();
  };
  worker.postMessage({ lines, language });
  return stop;
}
