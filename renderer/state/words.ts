import { formatCount } from '#model';

// Words that several panes share. Each is written once, so that the window calls a thing by one name.

/** `1 layer`, `1,204 layers`; `other` is the plural, by default the word with an s. */
export function countOf(count: number, one: string, other = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : other}`;
}

/** Labels and messages that more than one file shows. */
export const WORDS = {
  commandUnknown: 'command not recorded',
  commandUnknownTitle: 'Command not recorded',
  notAtLayer: 'Not present at this layer',
  newestFirst: 'Layers, newest first',
  contentFailed: 'Could not read the content',
  tryAgain: 'Try again',
  reading: 'Reading…',
  loading: 'Loading…',
  connecting: 'Connecting…',
  open: 'Open…',
  openFolder: 'Open folder…',
  saveReport: 'Save report (JSON)',
  saveComparison: 'Save comparison (JSON)',
  pathCopied: 'Path copied',
  cancel: 'Cancel',
  shortcuts: 'Keyboard shortcuts',
} as const;
