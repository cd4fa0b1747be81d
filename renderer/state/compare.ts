import { bytesBefore, bytesNow } from '#changes';
import type { ArchiveSummary, ConfigReport, ImageSummary } from '#contract';
import { changeWords, displayPath, KIND, type RowTable, rowPath, TYPE } from '#model';
import { words } from '../words/index.ts';
import { formatSize } from '../words/numbers.ts';
import type { Selection, Side } from './selection.ts';

/**
 * Returns side A of a new comparison: the image opened before this one, else the one opened after it, else the layer below the selected
 * ones; null if none of these exists.
 */
export function otherSide(archives: readonly ArchiveSummary[], selection: Selection): Side | null {
  const sides: Side[] = archives.flatMap(({ archiveId, images }) =>
    images.map(({ index, layers }) => ({ archiveId, image: index, layer: Math.max(0, layers.length - 1) })),
  );
  const at = sides.findIndex(({ archiveId, image }) => archiveId === selection.archiveId && image === selection.image);
  const other = sides[at - 1] ?? sides[at + 1];
  if (other !== undefined) return other;
  const own = sides[at];
  if (own === undefined) return null;
  return { ...own, layer: selection.from > 0 ? selection.from - 1 : own.layer };
}

/** Counts the lowest layers that two images share, by chain ID, which identifies a layer together with all layers below. */
export function commonLayers(a: ImageSummary, b: ImageSummary): number {
  let common = 0;
  const count = Math.min(a.layers.length, b.layers.length);
  while (common < count) {
    const one = a.chainIds[common];
    if (one === null || one === undefined || one !== b.chainIds[common]) break;
    common++;
  }
  return common;
}

/** By row: differing bytes in side A, and how many more side B has (negative if fewer). Folders include everything in them. */
export interface SideBytes {
  readonly before: Float64Array;
  readonly net: Float64Array;
}

/**
 * Computes {@link SideBytes} in one pass, from the last row to the first. A removed folder's row includes its contents; hard-linked bodies
 * are counted once.
 */
export function sideBytes(table: RowTable): SideBytes {
  const { length, parent } = table;
  const before = new Float64Array(length);
  const net = new Float64Array(length);
  for (let row = length - 1; row >= 0; row--) {
    const was = bytesBefore(table, row);
    before[row] = (before[row] as number) + was;
    net[row] = (net[row] as number) + bytesNow(table, row) - was;
    const above = parent[row] as number;
    if (above < 0) continue;
    before[above] = (before[above] as number) + (before[row] as number);
    net[above] = (net[above] as number) + (net[row] as number);
  }
  return { before, net };
}

/** Formats a difference of sizes: `+1.2 MB`, `−340.0 kB`, `0 B`. */
export function signedSize(bytes: number): string {
  return bytes > 0 ? `+${formatSize(bytes)}` : formatSize(bytes);
}

/** Returns a line about a config field that differs. */
function configWords({ field, a, b }: ConfigReport['differences'][number]): string {
  const name = `${words.compare.report.config} ${field}`;
  if (a === null) return `+ ${name}: ${b ?? ''}`;
  return b === null ? `− ${name}: ${a}` : `~ ${name}: ${a} → ${b}`;
}

/**
 * Formats a comparison as text: both sides, one line per path like `layerscope diff`, config fields that differ, and sums. Names are
 * escaped.
 */
export function textReport(
  table: RowTable,
  { titleA, titleB, configs = [] }: { titleA: string; titleB: string; configs?: ConfigReport['differences'] },
): string {
  const lines = [`A  ${titleA}`, `B  ${titleB}`, ''];
  const tally = [0, 0, 0, 0];
  const cell = (bytes: number) => formatSize(bytes).padStart(10);
  for (let row = 0; row < table.length; row++) {
    const kind = table.kind[row] as number;
    if (kind === KIND.unchanged) continue;
    tally[kind] = (tally[kind] ?? 0) + 1;
    const isFile = table.type[row] === TYPE.file || table.type[row] === TYPE.hardlink;
    const size = isFile ? cell(table.size[row] as number) : ' '.repeat(10);
    const path = `${displayPath(rowPath(table, row))}${table.type[row] === TYPE.directory ? '/' : ''}`;
    const notes: string[] = [];
    if (kind === KIND.modified) {
      notes.push(...changeWords(table.differs[row] as number));
      if (isFile && table.previousSize[row] !== table.size[row])
        notes.push(words.compare.report.was(formatSize(table.previousSize[row] as number)));
    } else if (kind === KIND.removed && (table.hiddenEntries[row] as number) > 0) {
      notes.push(words.compare.report.below(table.hiddenEntries[row] as number, formatSize(table.hiddenBytes[row] as number)));
    }
    const glyph = kind === KIND.added ? '+' : kind === KIND.modified ? '~' : '−';
    lines.push(`${glyph} ${size}  ${path}${notes.length === 0 ? '' : `  (${words.list(notes)})`}`);
  }
  for (const each of configs) lines.push(configWords(each));
  const { net } = sideBytes(table);
  let sum = 0;
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) sum += net[row] as number;
  const added = tally[KIND.added] ?? 0;
  const modified = tally[KIND.modified] ?? 0;
  const removed = tally[KIND.removed] ?? 0;
  const inConfig = configs.length === 0 ? '' : words.compare.report.inConfig(configs.length);
  const isSame = added + modified + removed + configs.length === 0;
  lines.push(
    '',
    isSame
      ? words.compare.report.identical
      : words.list([`+${added} ~${modified} −${removed}`, words.compare.net(signedSize(sum)), inConfig]),
  );
  return `${lines.join('\n')}\n`;
}
