import type { ShownEntries } from '#changes';
import { FLAG, type LayerTable } from '#format/layer';
import { type Finding, type FindingCode, finding, formatCount, TYPE } from '#model';
import { shownPath } from './shown-path.ts';

/** Maximum number of findings of one code in a layer. */
const MAX_OF_CODE = 1000;

const SET_USER_ID = 0o4000;
const STICKY = 0o1000;
const WRITE_BY_OTHERS = 0o002;

const HIDDEN = FLAG.rawOnly | FLAG.whiteout | FLAG.opaque | FLAG.superseded;

/** Yields files and folders that the image still shows and whose mode gives everyone more rights than usual. */
export function* modeFindings(table: LayerTable, layer: number, shown: ShownEntries): Generator<Finding> {
  const { meta, metas, flags, type, memberCount } = table;
  const isOdd = Uint8Array.from(metas, ({ mode }) => ((mode & (SET_USER_ID | WRITE_BY_OTHERS)) === 0 ? 0 : 1));
  if (!isOdd.includes(1)) return;
  const counts = new Map<FindingCode, number>();
  for (let member = 0; member < memberCount; member++) {
    if (isOdd[meta[member] as number] === 0 || ((flags[member] as number) & HIDDEN) !== 0) continue;
    const mode = metas[meta[member] as number]?.mode ?? 0;
    const codes = codesOf(type[member] as number, mode);
    if (codes.length === 0 || !shown.has(layer, member)) continue;
    for (const code of codes) {
      const count = (counts.get(code) ?? 0) + 1;
      counts.set(code, count);
      if (count > MAX_OF_CODE) continue;
      yield finding(code, `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`, {
        layer,
        path: shownPath(table, table.node[member] as number),
      });
    }
  }
  for (const [code, count] of counts) {
    if (count > MAX_OF_CODE) yield finding(code, `${formatCount(count - MAX_OF_CODE)} more of these`, { layer });
  }
}

/** A world-writable folder is fine if it is sticky: nobody may remove or rename other users' files in it. */
function codesOf(type: number, mode: number): FindingCode[] {
  const isFile = type === TYPE.file || type === TYPE.hardlink;
  const codes: FindingCode[] = [];
  if (isFile && (mode & SET_USER_ID) !== 0) codes.push('mode-setuid');
  const isOpen = (mode & WRITE_BY_OTHERS) !== 0;
  if (isOpen && (isFile || (type === TYPE.directory && (mode & STICKY) === 0))) codes.push('mode-world-writable');
  return codes;
}
