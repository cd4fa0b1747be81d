import { TYPE } from '#model';

// Type flags that need special handling.
export const FLAG_GLOBAL = 0x67; // g
export const FLAG_PAX = 0x78; // x
export const FLAG_LONG_NAME = 0x4c; // L
export const FLAG_LONG_LINK = 0x4b; // K
export const FLAG_SPARSE = 0x53; // S

/** The TYPE for each type flag. Extension headers are never looked up. */
export const TYPE_OF_FLAG = new Uint8Array(256).fill(TYPE.other);
for (const [flag, type] of [
  ['\0', TYPE.file],
  ['0', TYPE.file],
  ['7', TYPE.file],
  ['S', TYPE.file],
  ['1', TYPE.hardlink],
  ['2', TYPE.symlink],
  ['3', TYPE.character],
  ['4', TYPE.block],
  ['5', TYPE.directory],
  ['6', TYPE.fifo],
] as const) {
  TYPE_OF_FLAG[flag.charCodeAt(0)] = type;
}

/** Whether the type never has a body, regardless of its stated size. Same as Go's isHeaderOnlyType. */
export function isHeaderOnly(type: number): boolean {
  return type >= TYPE.directory && type <= TYPE.fifo;
}
