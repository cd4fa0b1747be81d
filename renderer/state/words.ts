import { formatCount } from '#model';

// Words that several panes share. Each is written once, so that the window calls a thing by one name.

/** `1 layer`, `1,204 layers`; `other` is the plural, by default the word with an s. */
export function countOf(count: number, one: string, other = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : other}`;
}
