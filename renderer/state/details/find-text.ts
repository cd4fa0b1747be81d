import type { TextLine } from './preview.ts';

/** Returns the indexes of the lines that contain `wanted`, ignoring case; none if `wanted` is empty. */
export function findText(lines: readonly TextLine[], wanted: string): readonly number[] {
  if (wanted === '') return [];
  const lower = wanted.toLowerCase();
  const found: number[] = [];
  lines.forEach(({ text }, index) => {
    if (text.toLowerCase().includes(lower)) found.push(index);
  });
  return found;
}
