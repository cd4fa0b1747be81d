import { CONTENT_BITS, DIFFERS, formatMode, KIND, NO_LAYER, REASON, type RowTable, TYPE } from '#model';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { signedSize } from '../compare.ts';

/** Kinds of differences, in the order in which they are listed. */
const DIFFERENCES = ['type', 'content', 'rewritten', 'unread', 'link', 'mode', 'owner', 'attributes', 'time', 'device'] as const;

/** Returns the words for the differences. `mode`: the text for a difference in mode. */
function differences(differs: number, mode: string = words.changes.differs.mode): string[] {
  return DIFFERENCES.filter((name) => (differs & DIFFERS[name]) !== 0).map((name) =>
    name === 'mode' ? mode : words.changes.differs[name],
  );
}

/** Returns both modes of a modified row, such as `0644` and `0755`; null if they are the same. */
function modesOf(table: RowTable, row: number): readonly [string, string] | null {
  const [was, now] = [table.previousMode[row] as number, table.mode[row] as number];
  return ((table.differs[row] as number) & DIFFERS.mode) === 0 || was === now ? null : [formatMode(was), formatMode(now)];
}

/**
 * Describes what a row changes: `content, mode`; `rewritten, mode` for a file written again with the same bytes; `hides 0.2 MB of layer 2`.
 * `mode`: the text for a difference in mode. `hidden`: the text for what it hides.
 */
export function whatDiffers(table: RowTable, row: number, mode?: string, hidden = hides(table, row)): string {
  const kind = table.kind[row];
  const found = kind === KIND.modified ? differences(table.differs[row] as number, mode) : [];
  if (kind === KIND.modified && found.length === 0) found.push(words.changes.writtenAgain);
  // Skip formatting a list, because most rows of a long table have no differences to list.
  if (found.length === 0) return hidden;
  return words.list([...found, hidden]);
}

/**
 * Returns variants of {@link whatDiffers}, longest first: with `mode 0644 → 0755`, with `0644 → 0755`, and with `mode`; or with and without
 * the layer of what is hidden.
 */
export function textsOfChange(table: RowTable, row: number): readonly string[] {
  const text = whatDiffers(table, row);
  const modes = table.kind[row] === KIND.modified ? modesOf(table, row) : null;
  if (modes === null) {
    const brief = whatDiffers(table, row, undefined, hides(table, row, true));
    return brief === text || brief === '' ? [text] : [text, brief];
  }
  const { modeChange, modes: short } = words.changes;
  return [whatDiffers(table, row, modeChange(...modes)), whatDiffers(table, row, short(...modes)), text];
}

const METADATA = DIFFERS.mode | DIFFERS.owner | DIFFERS.attributes;

/**
 * Like {@link whatDiffers}, but for a comparison, where nothing is hidden. For a removed folder, describes how much it contained.
 * `briefly`: uses one word for mode, owner and attributes, and mentions the time only if nothing else differs.
 */
export function whatDiffersBetween(table: RowTable, row: number, briefly = false): string {
  if (table.kind[row] === KIND.modified) return words.list(differencesBetween(table, row, briefly));
  const entries = table.hiddenEntries[row] as number;
  if (table.kind[row] !== KIND.removed || entries === 0) return '';
  return words.changes.withPaths(entries);
}

function differencesBetween(table: RowTable, row: number, briefly: boolean): readonly string[] {
  const bits = table.differs[row] as number;
  // A file written again with the same bytes doesn't differ between the sides, so this is only mentioned if nothing else differs.
  const telling = (bits & ~DIFFERS.rewritten) === 0 ? bits : bits & ~DIFFERS.rewritten;
  if (!briefly || (telling & ~DIFFERS.time) === 0) return differences(telling);
  const hasMetadata = (telling & METADATA) !== 0;
  return [...differences(telling & ~METADATA & ~DIFFERS.time), ...(hasMetadata ? [words.compare.classNames.metadata] : [])];
}

/**
 * Returns descriptions of what differs between the sides of a comparison, longest first, so that a cell can use the first that fits: with
 * both modes, with just the modes (if nothing else but the time differs), in words, and briefly. `isBrief`: for a narrow column, also with
 * only the first difference. Empty if there is nothing to describe.
 */
export function textsBetween(table: RowTable, row: number, isBrief = false): readonly string[] {
  const text = whatDiffersBetween(table, row);
  if (text === '') return [];
  if (table.kind[row] !== KIND.modified) return [text];
  const brief = differencesBetween(table, row, true);
  const shorter = [words.list(brief), ...(isBrief && brief.length > 1 ? [words.changes.andMore(brief[0] ?? '')] : [])];
  const modes = modesOf(table, row);
  if (modes === null) return [text, ...shorter];
  const bits = (table.differs[row] as number) & ~DIFFERS.rewritten;
  const isAlone = (bits & ~(DIFFERS.mode | DIFFERS.time)) === 0;
  return [
    words.list(differences(bits, words.changes.modeChange(...modes))),
    ...(isAlone ? [words.changes.modes(...modes)] : []),
    text,
    ...shorter,
  ];
}

/**
 * Returns a modified file's previous size in words, or the difference if both sizes look the same when formatted; empty if the size hasn't
 * changed.
 */
export function previousSize(table: RowTable, row: number): string {
  const previous = table.previousSize[row] as number;
  const isResized = table.kind[row] === KIND.modified && table.type[row] === TYPE.file && previous !== table.size[row];
  if (!isResized) return '';
  return readsAlike(previous, table.size[row] as number)
    ? signedSize((table.size[row] as number) - previous)
    : words.changes.was(formatSize(previous));
}

/** Whether two sizes look the same when formatted. */
export function readsAlike(a: number, b: number): boolean {
  return formatSize(a) === formatSize(b);
}

/** Describes how a modified file's content relates to its previous content; empty if `differs` doesn't say. */
export function contentWords(differs: number): string {
  const bit = differs & CONTENT_BITS;
  if (bit === DIFFERS.rewritten) return words.changes.sameContent;
  if (bit === DIFFERS.unread) return words.changes.contentNotCompared;
  return bit === DIFFERS.content ? words.changes.differentContent : '';
}

/** What a row hides. `isBrief`: without the layer. */
function hides(table: RowTable, row: number, isBrief = false): string {
  const bytes = table.hiddenBytes[row] as number;
  const entries = table.hiddenEntries[row] as number;
  const reason = table.reason[row] as number;
  if (reason === REASON.none && table.kind[row] !== KIND.removed) return '';
  const layer = table.kind[row] === KIND.removed ? (table.layer[row] as number) : (table.previousLayer[row] as number);
  const isRemoved = table.kind[row] === KIND.removed;
  if (entries === 0 && bytes === 0) return isRemoved && layer !== NO_LAYER ? words.changes.fromLayer(layer) : '';
  const isOpaque = reason === REASON.opaque && !isRemoved;
  return words.changes.hides({ paths: entries, bytes, layer: layer === NO_LAYER || entries > 0 || isBrief ? null : layer, isOpaque });
}

/**
 * Returns the part of a name that matches a filter's text, ignoring case; the whole name for a name pattern, such as `*.so`. Null if only
 * the path contains the text, if the text is a path pattern or an expression, or if its characters are scattered over the path.
 */
export function matchIn(name: string, text: string): { readonly from: number; readonly to: number } | null {
  if (text === '' || /^\/.+\/[imsu]*$/s.test(text)) return null;
  const at = name.toLowerCase().indexOf(text.toLowerCase());
  if (at >= 0) return { from: at, to: at + text.length };
  return /[*?[]/.test(text) && !text.includes('/') ? { from: 0, to: name.length } : null;
}

/** Like {@link matchIn}, but for a whole path: the match in its last component or, if there is none, the match in the path. */
export function matchInPath(path: string, text: string): { readonly from: number; readonly to: number } | null {
  const start = path.lastIndexOf('/') + 1;
  const inName = matchIn(path.slice(start), text);
  if (inName !== null) return { from: start + inName.from, to: start + inName.to };
  return matchIn(path, text);
}
