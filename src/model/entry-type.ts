/** The types of tar members. Tables store a type as its index in this list, so only append to it. */
export const ENTRY_TYPES = ['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo', 'global', 'other'] as const;

export type EntryType = (typeof ENTRY_TYPES)[number];

/** Codes of {@link ENTRY_TYPES}, as stored in `type` columns. */
export const TYPE = {
  file: 0,
  directory: 1,
  symlink: 2,
  hardlink: 3,
  character: 4,
  block: 5,
  fifo: 6,
  global: 7,
  other: 8,
} as const;

export function entryTypeName(code: number): EntryType {
  return ENTRY_TYPES[code] ?? 'other';
}
