// Characters that JSON.stringify doesn't escape, but that control a terminal or mislead a reader: DEL, C1 controls, bidi marks, line and
// paragraph separators, and U+FEFF.
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g;
const PLAIN = /^[ !#-[\]-~]*$/;

function escapeLetter(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Encodes a string as JSON that is safe on a terminal. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text).replace(UNSAFE, escapeLetter);
}

/** Encodes a value as JSON that is safe on a terminal; unsafe characters only occur in strings. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE, escapeLetter);
}
