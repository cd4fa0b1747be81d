// Formats the comparison of two images as a comment for a pull request. Text from an image appears in it only as code spans.
import { buildStack, bytesBefore, bytesNow } from '#changes';
import type { PackageDifference } from '#contract';
import { codeSpan, htmlComment, type MarkdownTable, markdownDocument } from '#format/markdown';
import {
  FINDING_HINTS,
  type Finding,
  formatCount,
  formatSize,
  type ImageTotals,
  jsonText,
  KIND,
  type LayerReport,
  plural,
  type RowTable,
  TYPE,
} from '#model';
import type { Comparison, ImageView } from './compare-images.ts';
import type { ShownDifference } from './config-differences.ts';
import { createRowPaths } from './row-paths.ts';
import { shownCommand } from './shown-command.ts';

/** Maximum length of a comment on GitHub, in characters. */
const MAX_COMMENT = 65_536;
/** Maximum number of rows of each table. */
const MAX_ROWS = 50;

export interface MarkdownOptions {
  /** Name in the hidden first line, by which a script finds its previous comment. Defaults to the name of B without its tag. */
  readonly name?: string | undefined;
  /** If absent, the section is left out. */
  readonly packages?: readonly PackageDifference[];
  /** If absent, the section is left out. */
  readonly configs?: readonly ShownDifference[] | null;
}

/**
 * Returns the pull-request comment: a hidden line that identifies it, then sizes, layers, packages, config, the biggest files that were
 * added, changed and removed, and new findings.
 */
export function diffMarkdown(a: ImageView, b: ImageView, comparison: Comparison, options: MarkdownOptions = {}): string {
  const [before, now] = [nameOf(a), nameOf(b)];
  const [partBefore, partNow] = [partOf(a), partOf(b)];
  const opening = [
    htmlComment(`layerscope:diff:${options.name ?? withoutTag(now)}`),
    `### ${codeSpan(before)} → ${codeSpan(now)}: ${signed(partNow.totals.fileBytes - partBefore.totals.fileBytes)}`,
  ];
  const tables = [
    sizes(partBefore, partNow),
    layers(partBefore, partNow),
    ...(options.packages === undefined ? [] : [packages(options.packages)]),
    ...(options.configs ? [configs(options.configs)] : []),
    ...files(a, b, comparison),
    findings(partBefore, partNow),
  ];
  return markdownDocument(opening, tables, MAX_COMMENT);
}

/** Returns the side's name, as in the request. */
function nameOf({ loaded, layer, isPart, since }: ImageView): string {
  const name = loaded.image.names[0] ?? loaded.archive.title;
  if (isPart !== true) return name;
  return `${name}#${since === undefined ? '' : `${since}-`}${layer}`;
}

/** What is known about a side's layers, without those that the request leaves out. */
interface Part {
  readonly totals: ImageTotals;
  readonly layers: readonly LayerReport[];
  readonly findings: readonly Finding[];
}

function partOf({ loaded, layer: top, since = 0 }: ImageView): Part {
  const { stack, report, findings } = loaded;
  if (since === 0 && top === stack.layers.length - 1) return { totals: report.totals, layers: report.layers, findings };
  // The stack doesn't contain the layers below `since`.
  const { totals } = buildStack(stack.layers.slice(0, top + 1), { caseInsensitive: stack.caseInsensitive });
  return {
    totals,
    layers: report.layers.slice(since, top + 1),
    findings: findings.filter(
      ({ layer, removedIn, code }) =>
        layer === undefined || (layer >= since && layer <= top && (code !== 'waste-removed-later' || (removedIn ?? 0) <= top)),
    ),
  };
}

/** Builds usually use a new tag each time, but their comments should replace the previous one. */
function withoutTag(name: string): string {
  return name.replace(/@.*$/s, '').replace(/:[^/:]*$/, '');
}

const signed = (bytes: number): string => `${bytes > 0 ? '+' : ''}${formatSize(bytes)}`;

function sizes(before: Part, now: Part): MarkdownTable {
  const stored = (layer: readonly LayerReport[]): number => layer.reduce((sum, { blobBytes }) => sum + blobBytes, 0);
  const size = (title: string, one: number, two: number): string[] => [title, formatSize(one), formatSize(two), signed(two - one)];
  const count = (title: string, one: number, two: number): string[] => {
    const change = two - one;
    return [title, formatCount(one), formatCount(two), `${change > 0 ? '+' : change < 0 ? '−' : ''}${formatCount(Math.abs(change))}`];
  };
  return {
    title: 'Size',
    columns: [{ title: '' }, ...['before', 'after', 'change'].map((title) => ({ title, align: 'right' as const }))],
    rows: [
      size('files of all layers', before.totals.fileBytes, now.totals.fileBytes),
      size('visible files', before.totals.finalBytes, now.totals.finalBytes),
      size('hidden by later layers', before.totals.wastedBytes, now.totals.wastedBytes),
      size('layers as stored', stored(before.layers), stored(now.layers)),
      count('files', before.totals.files, now.totals.files),
      count('layers', before.layers.length, now.layers.length),
    ],
  };
}

/** Lists the layers of B that A doesn't have. */
function layers(a: Part, b: Part): MarkdownTable {
  const known = new Set(a.layers.map(({ diffId }) => diffId));
  const all = b.layers;
  const added = all.filter(({ diffId }) => diffId === null || !known.has(diffId));
  const title = `${plural(all.length - added.length, 'layer')} shared, ${formatCount(added.length)} new`;
  if (added.length === 0) return { title, columns: [], rows: [] };
  const rows = added.map(({ index, fileBytes, blobBytes, createdBy }) => [
    String(index),
    formatSize(fileBytes),
    formatSize(blobBytes),
    codeSpan(shownCommand(createdBy)),
  ]);
  const columns = [right('layer'), right('files'), right('stored'), { title: 'command' }];
  return { title, columns, ...cut(rows) };
}

const right = (title: string) => ({ title, align: 'right' as const });

function cut(rows: readonly string[][]): Pick<MarkdownTable, 'rows' | 'more'> {
  return { rows: rows.slice(0, MAX_ROWS), more: Math.max(0, rows.length - MAX_ROWS) };
}

const MARKS = { added: '+', modified: '~', removed: '−' } as const;

function packages(changed: readonly PackageDifference[]): MarkdownTable {
  const title = changed.length === 0 ? 'No package differs' : plural(changed.length, 'package');
  if (changed.length === 0) return { title, columns: [], rows: [] };
  const rows = [...changed]
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ kind, type, name, version, previousVersion, bytes }) => [
      MARKS[kind],
      codeSpan(`${type} ${name}`),
      previousVersion === null ? codeSpan(version) : `${codeSpan(previousVersion)} → ${codeSpan(version)}`,
      formatSize(bytes),
    ]);
  return { title, columns: [{ title: '' }, { title: 'package' }, { title: 'version' }, right('size')], ...cut(rows) };
}

function configs(changed: readonly ShownDifference[]): MarkdownTable {
  if (changed.length === 0) return { title: 'No config change', columns: [], rows: [] };
  const value = (of: unknown): string => (of === null ? '' : codeSpan(jsonText(of)));
  const rows = changed.map(({ field, a, b }) => [
    MARKS[a === null ? 'added' : b === null ? 'removed' : 'modified'],
    codeSpan(field),
    value(a),
    value(b),
  ]);
  const columns = ['', 'field', 'before', 'after'].map((title) => ({ title }));
  return { title: plural(changed.length, 'config change'), columns, ...cut(rows) };
}

/** Lists the biggest files added, changed and removed. */
function* files(a: ImageView, b: ImageView, { rows, counts }: Comparison): Generator<MarkdownTable> {
  const paths = createRowPaths(rows, a.loaded.stack.caseInsensitive || b.loaded.stack.caseInsensitive);
  for (const [kind, words] of [
    [KIND.added, 'added'],
    [KIND.modified, 'changed'],
    [KIND.removed, 'removed'],
  ] as const) {
    const found = differences(rows, counts, kind);
    if (found.length === 0) continue;
    const lines = found.slice(0, MAX_ROWS).map(({ row, before, now }) => {
      const path = codeSpan(paths.text(row) + (rows.type[row] === TYPE.directory ? '/' : ''));
      if (kind === KIND.added) return [formatSize(now), path];
      if (kind === KIND.removed) return [formatSize(before), path];
      return [signed(now - before), formatSize(before), formatSize(now), path];
    });
    const columns =
      kind === KIND.modified ? [right('change'), right('before'), right('after'), { title: 'path' }] : [right('size'), { title: 'path' }];
    yield { title: `${plural(found.length, 'path')} ${words}`, columns, rows: lines, more: found.length - lines.length };
  }
}

/** Returns the rows of one kind, sorted by their difference in bytes, largest first. Leaves out folders, except removed ones. */
function differences(rows: RowTable, counts: ArrayLike<number>, kind: number): { row: number; before: number; now: number }[] {
  const found = [];
  for (let row = 0; row < rows.length; row++) {
    if (counts[row] === 0 || rows.kind[row] !== kind) continue;
    if (rows.type[row] === TYPE.directory && kind !== KIND.removed) continue;
    found.push({ row, before: bytesBefore(rows, row), now: bytesNow(rows, row) });
  }
  const weight = ({ before, now }: { before: number; now: number }): number => Math.abs(now - before);
  return found.sort((x, y) => weight(y) - weight(x) || y.now - x.now || x.row - y.row);
}

const RANK = { error: 0, warning: 1, note: 2 } as const;

/** Lists the findings of B that A doesn't have, whatever their layers. */
function findings(a: Part, b: Part): MarkdownTable {
  const key = ({ code, path, ...rest }: Finding): string => JSON.stringify([code, path, path === undefined ? rest.message : '']);
  const known = new Set(a.findings.map(key));
  const added = b.findings.filter((finding) => !known.has(key(finding)));
  if (added.length === 0) return { title: 'No new finding', columns: [], rows: [] };
  added.sort((x, y) => RANK[x.severity] - RANK[y.severity] || (y.bytes ?? 0) - (x.bytes ?? 0));
  const rows = added.map(({ severity, code, layer, path, bytes }) => [
    severity,
    `${FINDING_HINTS[code].title} (${codeSpan(code)})`,
    bytes === undefined ? '' : formatSize(bytes),
    layer === undefined ? '' : String(layer),
    path === undefined ? '' : codeSpan(path),
  ]);
  const columns = [{ title: '' }, { title: 'finding' }, right('size'), right('layer'), { title: 'path' }];
  return { title: plural(added.length, 'new finding'), columns, ...cut(rows) };
}
