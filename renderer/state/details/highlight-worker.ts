// Highlights one file outside the page's thread: crafted text can keep a highlighter's regular expressions busy for minutes.
import { highlightLines } from './highlight.ts';

self.onmessage = ({ data }: MessageEvent<{ lines: readonly string[]; language: string }>): void => {
  self.postMessage(highlightLines(data.lines, data.language));
};
