// Formats changes and differences as JSON lines, sorted by the bytes of their paths.
import { type Stack, sortedByPathBytes } from '#changes';
import { nodeName } from '#format/layer';
import {
  compareBytes,
  DIFFERS,
  differenceWords,
  escapePath,
  jsonString,
  jsonText,
  KIND,
  KIND_NAMES,
  NO_LAYER,
  REASON_NAMES,
  type RowTable,
  rowName,
  rowPath,
  TYPE,
} from '#model';
import type { Comparison, ImageView } from './compare-images.ts';
import type { ShownDifference } from './config-differences.ts';
import { createEntryFields, type EntryFields } from './entry-json.ts';
import { createRowPaths, type RowPaths } from './row-paths.ts';

/** Yields the lines of `changes --json`, each with its line feed. */
export function* changeLines(stack: Stack, rows: RowTable): Generator<string> {
  const fields = createEntryFields(stack);
  const paths = createRowPaths(rows, stack.caseInsensitive);
  for (const row of sortedByPathBytes(rows)) if (rows.kind[row] !== KIND.unchanged) yield changeJson(stack, rows, row, paths, fields);
}

function changeJson(stack: Stack, rows: RowTable, row: number, paths: RowPaths, fields: EntryFields): string {
  const kind = rows.kind[row] as number;
  let line = `{"kind":"${KIND_NAMES[kind]}",${paths.fields(row)},${fields.ofRow(rows, row)}`;
  if (kind === KIND.modified)
    line += `,"previous":{${previousPath(stack, rows, row)}${fields.of(rows.previousLayer[row] as number, rows.previousEntry[row] as number)}}`;
  line += contentField(rows, rows.differs, row);
  if (kind === KIND.removed) line += `,"reason":"${REASON_NAMES[rows.reason[row] as number]}"`;
  if (hidesFolder(rows, row)) line += `,"entries":${rows.hiddenEntries[row]},"bytes":${rows.hiddenBytes[row]}`;
  return `${line}}\n`;
}

/** Returns `"path":"…",` with the previous spelling of a path if a layer changed only its case, in a Windows image; otherwise empty. */
function previousPath({ caseInsensitive, layers }: Stack, rows: RowTable, row: number): string {
  const table = caseInsensitive ? layers[rows.previousLayer[row] as number] : null;
  if (!table) return '';
  const before = nodeName(table, table.node[rows.previousEntry[row] as number] as number);
  const now = rowName(rows, row);
  if (compareBytes(before, now) === 0) return '';
  const path = rowPath(rows, row);
  const folder = path.subarray(0, path.length - now.length);
  return `"path":${jsonString(escapePath(folder) + escapePath(before))},`;
}

/** Returns `,"content":"same"|"different"|"unread"` for a modified file or a hard link to one, otherwise empty. */
function contentField(rows: RowTable, differs: Uint16Array, row: number): string {
  if (rows.kind[row] !== KIND.modified) return '';
  const type = rows.type[row];
  if (type !== TYPE.file && type !== TYPE.hardlink) return '';
  const bits = differs[row] as number;
  if ((bits & DIFFERS.rewritten) !== 0) return ',"content":"same"';
  if ((bits & DIFFERS.unread) !== 0) return ',"content":"unread"';
  // If the path wasn't a file before, all of its content is new. A dangling hard link doesn't have any content.
  const showsFile = type === TYPE.file || (rows.size[row] as number) > 0;
  return showsFile || (bits & DIFFERS.content) !== 0 ? ',"content":"different"' : '';
}

/** Whether a row removes a folder or replaces it with something else, hiding its contents. */
export function hidesFolder(rows: RowTable, row: number): boolean {
  const kind = rows.kind[row] as number;
  if (kind === KIND.removed) return rows.type[row] === TYPE.directory;
  return kind === KIND.modified && rows.type[row] !== TYPE.directory && REASON_NAMES[rows.reason[row] as number] === 'replaced';
}

/** Yields the config lines of `diff --json`, each with its line feed. */
export function* configLines(differences: readonly ShownDifference[]): Generator<string> {
  for (const { field, a, b, secret } of differences) {
    const hidden = secret === undefined ? '' : ',"secret":true';
    yield `{"kind":"config","field":${jsonString(field)},"a":${jsonText(a)},"b":${jsonText(b)}${hidden}}\n`;
  }
}

/** Yields the lines of `diff --json` for entries, each with its line feed. */
export function* differenceLines(a: ImageView, b: ImageView, { rows, differs, counts }: Comparison): Generator<string> {
  const paths = createRowPaths(rows, a.loaded.stack.caseInsensitive || b.loaded.stack.caseInsensitive);
  const fieldsA = createEntryFields(a.loaded.stack);
  const fieldsB = createEntryFields(b.loaded.stack);
  for (const row of sortedByPathBytes(rows)) {
    if (counts[row] === 0) continue;
    const kind = rows.kind[row] as number;
    let line = `{"kind":"${KIND_NAMES[kind]}",${paths.fields(row)}`;
    if (kind === KIND.modified) line += `,"differs":${JSON.stringify(differenceWords(differs[row] as number))}`;
    line += contentField(rows, differs, row);
    const [layerA, entryA] = kind === KIND.removed ? [rows.layer, rows.entry] : [rows.previousLayer, rows.previousEntry];
    if (kind !== KIND.added) line += `,"a":${side(fieldsA, layerA[row] as number, entryA[row] as number)}`;
    if (kind !== KIND.removed) line += `,"b":${side(fieldsB, rows.layer[row] as number, rows.entry[row] as number)}`;
    if (kind === KIND.removed && rows.type[row] === TYPE.directory)
      line += `,"entries":${rows.hiddenEntries[row]},"bytes":${rows.hiddenBytes[row]}`;
    yield `${line}}\n`;
  }
}

function side(fields: EntryFields, layer: number, entry: number): string {
  return `{${fields.of(layer, entry)},"layer":${layer === NO_LAYER ? 'null' : layer}}`;
}
