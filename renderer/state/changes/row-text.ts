import { CONTENT_BITS, DIFFERS, formatSize, KIND, NO_LAYER, REASON, type RowTable } from '#model';
import { countOf } from '../words.ts';

const DIFFERS_WORDS = [
  [DIFFERS.type, 'type'],
  [DIFFERS.content, 'content'],
  [DIFFERS.rewritten, 'rewritten'],
  [DIFFERS.unread, 'not compared'],
  [DIFFERS.link, 'target'],
  [DIFFERS.mode, 'mode'],
  [DIFFERS.owner, 'owner'],
  [DIFFERS.attributes, 'attributes'],
  [DIFFERS.time, 'time'],
  [DIFFERS.device, 'device numbers'],
] as const;

/** What a row changes: `content, mode`; `rewritten, mode` for a file written again with the same bytes; `hides 0.2 MB of layer 2`. */
export function whatDiffers(table: RowTable, row: number): string {
  const kind = table.kind[row];
  const words: string[] = [];
  if (kind === KIND.modified) {
    const differs = table.differs[row] as number;
    for (const [bit, word] of DIFFERS_WORDS) if ((differs & bit) !== 0) words.push(word);
    if (words.length === 0) words.push('written again');
  }
  const hidden = hides(table, row);
  if (hidden !== '') words.push(hidden);
  return words.join(', ');
}

/** The same for a comparison, where nothing is hidden; a removed folder says how much was in it. */
export function whatDiffersBetween(table: RowTable, row: number): string {
  if (table.kind[row] === KIND.modified) {
    const differs = table.differs[row] as number;
    return DIFFERS_WORDS.flatMap(([bit, word]) => ((differs & bit) !== 0 ? [word] : [])).join(', ');
  }
  const entries = table.hiddenEntries[row] as number;
  if (table.kind[row] !== KIND.removed || entries === 0) return '';
  return `with ${countOf(entries, 'path')}`;
}

/** How a modified file's content relates to the one before; empty where that is not known. */
export function contentWords(differs: number): string {
  const bit = differs & CONTENT_BITS;
  if (bit === DIFFERS.rewritten) return 'same content';
  if (bit === DIFFERS.unread) return 'content not compared';
  return bit === DIFFERS.content ? 'different content' : '';
}

function hides(table: RowTable, row: number): string {
  const bytes = table.hiddenBytes[row] as number;
  const entries = table.hiddenEntries[row] as number;
  const reason = table.reason[row] as number;
  if (reason === REASON.none && table.kind[row] !== KIND.removed) return '';
  const layer = table.kind[row] === KIND.removed ? (table.layer[row] as number) : (table.previousLayer[row] as number);
  const where = layer === NO_LAYER || entries > 0 ? '' : ` of layer ${layer}`;
  const paths = entries === 0 ? '' : countOf(entries, 'path');
  const size = bytes === 0 ? '' : formatSize(bytes);
  const what = [paths, size].filter((each) => each !== '').join(', ');
  if (what === '') return table.kind[row] === KIND.removed && layer !== NO_LAYER ? `from layer ${layer}` : '';
  return `${reason === REASON.opaque && table.kind[row] !== KIND.removed ? 'opaque: ' : ''}hides ${what}${where}`;
}
