// Formats the registry for a terminal.
import { type ChangeOfHive, type ComparedHive, type HiveOfLayer, securityId } from '#engine/registry';
import {
  dataText,
  type Hive,
  type HiveRemnant,
  type HiveValue,
  type SecurityAt,
  type ShownValue,
  type ValueChange,
  valueTypeName,
} from '#format/registry-hive';
import { displayText, plural } from '#model';
import { dateText } from './row-text.ts';
import type { Style } from './style.ts';
import { padText, shorten } from './text-table.ts';

/** Seconds from 1601 to 1970. */
const FILETIME_EPOCH = 11_644_473_600n;
const FILETIMES_PER_SECOND = 10_000_000n;
const MAX_NAME_WIDTH = 32;
const TYPE_WIDTH = 13;

function filetimeText(filetime: bigint): string {
  return filetime === 0n ? '' : dateText(Number(filetime / FILETIMES_PER_SECOND - FILETIME_EPOCH));
}

/** Says that a hive is dirty, or how it was recovered; empty for a clean hive. */
function stateText({ dirty, recovered }: Pick<Hive, 'dirty' | 'recovered'>): string {
  if (recovered !== null) return `, recovered from its ${recovered.format === 'old' ? 'log' : 'logs'} (sequence ${recovered.sequence})`;
  return dirty ? ', dirty: changes may be missing, and no log has them' : '';
}

function figuresText({ keys, values }: { readonly keys: number; readonly values: number }): string {
  return `${plural(keys, 'key')}, ${plural(values, 'value')}`;
}

export function hiveHeading(hive: Hive, figures: { readonly keys: number; readonly values: number }, file: string, style: Style): string {
  const { base, layered } = hive;
  const name = displayText(base.name === '' ? file : base.name);
  return `${style.bold(name)}  version ${base.major}.${base.minor}${layered ? ', layered' : ''}, ${figuresText(figures)}${stateText(hive)}`;
}

export function hiveOfLayerHeading({ file, hive, keys, values, problems }: HiveOfLayer, style: Style): string {
  const name = file.hive === file.file ? '' : `  ${displayText(file.file)}`;
  const damage = problems === 0 ? '' : `, ${plural(problems, 'problem')}`;
  return `${style.bold(`layer ${file.layer}  ${displayText(file.hive)}`)}${name}  ${style.dim(`${file.role}, ${figuresText({ keys, values })}${stateText(hive)}${damage}`)}`;
}

export function comparedHiveHeading({ hive, in: sides }: ComparedHive, style: Style): string {
  return `${style.bold(displayText(hive))}${sides === 'both' ? '' : `  ${style.dim(`only in ${sides.toUpperCase()}`)}`}`;
}

/** Formats a key's path and time, plus `effect` for a key of a layered hive and `layers` for a key of a view. */
export function keyHeading(path: string, written: bigint, effect: string | null, style: Style, layers: readonly number[] = []): string {
  const notes = [effect === 'merge' ? null : effect, layers.length === 0 ? null : `layer ${layers.join(', ')}`, filetimeText(written)];
  const note = notes.filter((text) => text !== null && text !== '').join('  ');
  return `${style.bold(pathText(path))}${note === '' ? '' : `  ${style.dim(note)}`}`;
}

function pathText(path: string): string {
  return path === '' ? '\\' : displayText(path);
}

function nameText({ name }: HiveValue): string {
  return name === '' ? '(default)' : displayText(name);
}

/** Formats values, one per line, indented. */
export function valueLines(values: readonly HiveValue[], style: Style): string[] {
  const width = nameWidth(values);
  return values.map((value) => `    ${valueText(value, { width }, style, 4)}`);
}

/** Formats the values of a view, one per line, each with its layer. */
export function shownValueLines(values: readonly ShownValue[], style: Style): string[] {
  const width = nameWidth(values);
  const layerWidth = values.reduce((width, { layer }) => Math.max(width, layerText(layer).length), 0);
  return values.map((value) => `    ${valueText(value, { width, from: padText(layerText(value.layer), layerWidth) }, style, 4)}`);
}

function layerText(layer: number): string {
  return `layer ${layer}`;
}

/**
 * Formats a remnant of a deleted key or value under a heading that marks it. Consecutive values share one heading. `before`: kind of the
 * remnant printed before.
 */
export function remnantLines(remnant: HiveRemnant, before: HiveRemnant['kind'], style: Style): string[] {
  const mark = style.removed('remnant');
  if (remnant.kind === 'value') {
    const heading = before === 'value' ? [] : [`${style.bold('(key unknown)')}  ${mark}`];
    return [...heading, ...valueLines([remnant.value], style)];
  }
  const { path, key, values } = remnant;
  const name = path === null ? `…\\${displayText(key.name)}` : displayText(path);
  const written = filetimeText(key.written);
  return [`${style.bold(name)}  ${mark}${written === '' ? '' : `  ${style.dim(written)}`}`, ...valueLines(values, style)];
}

function nameWidth(values: readonly HiveValue[]): number {
  return Math.min(MAX_NAME_WIDTH, Math.max(0, ...values.slice(0, 1000).map((value) => nameText(value).length)));
}

function valueText(
  value: HiveValue,
  { width, from }: { readonly width: number; readonly from?: string },
  style: Style,
  indent: number,
): string {
  const origin = from === undefined ? '' : `${from}  `;
  const start = `${padText(nameText(value), width)}  ${padText(valueTypeName(value.type), TYPE_WIDTH)}  ${origin}`;
  if (value.isTombstone) return `${padText(nameText(value), width)}  ${style.removed('removed')}`;
  return fitted(`${start}${displayText(dataText(value))}`.trimEnd(), style, indent);
}

function fitted(text: string, { columns }: Style, indent: number): string {
  return columns === null ? text : shorten(text, Math.max(20, columns - indent));
}

/** Formats a change: the key, then its values. */
export function changeLines({ change, hasBase }: Pick<ChangeOfHive, 'change' | 'hasBase'>, style: Style): string[] {
  if (change.kind === 'removed') {
    const { keys, values } = change.hidden;
    const hidden = keys + values === 0 ? '' : `  ${style.dim(`(with ${figuresText({ keys, values })})`)}`;
    return [`${style.removed('−')} ${style.removed(pathText(change.path))}${hidden}`];
  }
  const isAdded = change.kind === 'added';
  const notes: string[] = hasBase ? [] : ['set'];
  if (change.kind === 'modified') {
    if (change.previous.className !== change.key.className) notes.push('class');
    if (idOf(change.previous.security) !== idOf(change.key.security)) notes.push('security');
  }
  const note = notes.length === 0 ? '' : `  ${style.dim(`(${notes.join(', ')})`)}`;
  const paint = isAdded ? style.added : style.modified;
  const mark = !hasBase ? '=' : isAdded ? '+' : '~';
  const width = nameWidth(change.values.map((each) => (each.kind === 'removed' ? each.previous : each.value)));
  return [
    `${paint(mark)} ${paint(pathText(change.path))}${note}`,
    ...change.values.map((each) => valueChangeText(each, { width, hasBase }, style)),
  ];
}

function idOf(security: SecurityAt | null): string | null {
  return security === null ? null : securityId(security);
}

function valueChangeText(
  change: ValueChange,
  { width, hasBase }: { readonly width: number; readonly hasBase: boolean },
  style: Style,
): string {
  const indent = 6;
  if (change.kind === 'removed') return `    ${style.removed('−')} ${style.dim(valueText(change.previous, { width }, style, indent))}`;
  const text = valueText(change.value, { width }, style, indent);
  if (change.kind === 'added') return `    ${style.added(hasBase ? '+' : '=')} ${text}`;
  const { previous } = change;
  const type = previous.type === change.value.type ? '' : `${valueTypeName(previous.type)} `;
  return `    ${style.modified('~')} ${text}\n        ${style.dim(fitted(`was ${type}${displayText(dataText(previous))}`, style, indent + 2))}`;
}
