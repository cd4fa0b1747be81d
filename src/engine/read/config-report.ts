import type { ConfigReport } from '#contract';
import type { ConfigDifference } from '#format/image';
import { displayText, jsonText } from '#model';

const MAX_LINES = 1_000;
/** Maximum number of characters in a value. A label may contain an entire document, and the window shows only its beginning. */
const MAX_LETTERS = 2_000;

/** Creates the window's report; `differences` is null if there was nothing to compare. */
export function configReport(differences: readonly ConfigDifference[] | null): ConfigReport {
  if (differences === null) return { compared: false, total: 0, differences: [] };
  return {
    compared: true,
    total: differences.length,
    differences: differences.slice(0, MAX_LINES).map(({ field, a, b }) => ({ field: cut(field), a: valueText(a), b: valueText(b) })),
  };
}

/** Formats a value for display: strings as they are, anything else as JSON. */
function valueText(value: unknown): string | null {
  if (value === null) return null;
  return cut(typeof value === 'string' ? value : jsonText(value));
}

function cut(text: string): string {
  return displayText(text.length <= MAX_LETTERS ? text : `${text.slice(0, MAX_LETTERS)}…`);
}
