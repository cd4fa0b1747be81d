import { TYPE } from '#model';
import { FLAG, type LayerTable } from './layer-table.ts';

/** Counts a layer's `entries` and `fileBytes`. Global headers aren't entries; whiteouts and raw-only members add no bytes. */
export function layerFigures(table: LayerTable): { entries: number; fileBytes: number } {
  let entries = 0;
  let fileBytes = 0;
  for (let member = 0; member < table.memberCount; member++) {
    const type = table.type[member];
    if (type !== TYPE.global) entries++;
    if (type === TYPE.file && ((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) === 0) {
      fileBytes += table.size[member] as number;
    }
  }
  return { entries, fileBytes };
}
