/** Meanings of the exit codes, for the help and the manual page. The README has the same words. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'a check failed'],
  [2, 'invalid usage'],
  [3, 'the input cannot be read or the store refuses'],
];

/** Returns the exit codes on one line: `0 done, 1 a check failed, …`. */
export function exitCodesLine(): string {
  return `Exit codes: ${EXIT_MEANINGS.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`;
}
