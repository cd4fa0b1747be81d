import { sizeParts } from '#model';

/** Formats a size with a fixed width: `  50.0 kB`. */
export function sizeCell(bytes: number): string {
  const { value, unit } = sizeParts(bytes);
  return `${value.padStart(6)} ${unit.padEnd(2)}`;
}

export const EMPTY_SIZE_CELL = ' '.repeat(9);

/** Stands for a size that isn't known. */
export const UNKNOWN_SIZE_CELL = `${'—'.padStart(6)}   `;
