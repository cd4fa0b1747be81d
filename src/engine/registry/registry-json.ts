// JSON of the registry, as the command line prints it. Its fields are a public promise: add, never rename.
import { createHash } from 'node:crypto';
import {
  type DataPieces,
  type Hive,
  type HiveChange,
  type HiveProblem,
  type HiveRemnant,
  type HiveValue,
  type SecurityAt,
  type ShownKey,
  type ShownValue,
  type ValueChange,
  valueTypeName,
  type WalkedKey,
} from '#format/registry-hive';
import { jsonText } from '#model';
import type { ComparedHive, DifferenceOfHive } from './compare-registries.ts';
import type { ChangeOfHive, HiveOfLayer } from './image-registry.ts';

/** Data up to this size is printed in full; longer data is hashed. */
const MAX_HEX_BYTES = 256;
const SECURITY_ID_DIGITS = 16;

const ids = new WeakMap<SecurityAt, string>();

/** Returns a short id of a security descriptor: the start of its SHA-256. */
export function securityId(security: SecurityAt): string {
  let id = ids.get(security);
  if (id === undefined) {
    id = createHash('sha256').update(security.bytes).digest('hex').slice(0, SECURITY_ID_DIGITS);
    ids.set(security, id);
  }
  return id;
}

function securityField(security: SecurityAt | null): string | null {
  return security === null ? null : securityId(security);
}

type DataField = { readonly hex: string } | { readonly sha256: string } | { readonly problem: 'data-damaged' };

function dataField(data: DataPieces | null, size: number): DataField {
  if (data === null) return { problem: 'data-damaged' };
  if (size <= MAX_HEX_BYTES) return { hex: data.map(hexOf).join('') };
  const hash = createHash('sha256');
  for (const piece of data) hash.update(piece);
  return { sha256: hash.digest('hex') };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function bareValue({ type, size, data }: HiveValue): object {
  return { type: valueTypeName(type), size, ...dataField(data, size) };
}

function valueJson(value: HiveValue): object {
  return { name: value.name, ...bareValue(value), ...(value.isTombstone ? { tombstone: true } : {}) };
}

function line(value: object): string {
  return `${jsonText(value)}\n`;
}

/** Formats the first line of `hive FILE --json`. */
export function hiveLine(
  { base, layered, dirty, recovered }: Hive,
  { keys, values }: { readonly keys: number; readonly values: number },
): string {
  return line({
    kind: 'hive',
    name: base.name,
    version: `${base.major}.${base.minor}`,
    written: String(base.written),
    sequence: base.sequence,
    flags: base.flags,
    layered,
    dirty,
    recovered,
    keys,
    values,
  });
}

export function keyLine({ layered }: Hive, { path, key, className, security, values }: WalkedKey): string {
  return line({
    kind: 'key',
    path,
    name: key.name,
    written: String(key.written),
    flags: key.flags,
    class: className,
    security: securityField(security),
    ...(layered ? { layer: key.effect, inheritClass: key.inheritsClass } : {}),
    values: values.map(valueJson),
  });
}

export function securityLine(id: string, { bytes }: SecurityAt): string {
  return line({ kind: 'security', id, hex: hexOf(bytes) });
}

export function problemLine({ path, code, message }: HiveProblem): string {
  return line({ kind: 'problem', path, code, message });
}

/** Formats a line of `hive FILE --remnants --json`. */
export function remnantLine(remnant: HiveRemnant): string {
  const { kind, offset } = remnant;
  if (kind === 'value') return line({ kind: 'remnant', remnant: kind, offset, ...remnantValue(remnant.value) });
  const { path, key, values } = remnant;
  const { name, written, flags } = key;
  return line({ kind: 'remnant', remnant: kind, offset, path, name, written: String(written), flags, values: values.map(remnantValue) });
}

function remnantValue(value: HiveValue): object {
  return value.data === null
    ? { name: value.name, type: valueTypeName(value.type), size: value.size, problem: 'data-overwritten' }
    : valueJson(value);
}

/** Formats a hive file's line in `hive IMAGE --json`. */
export function hiveOfLayerLine({ file, hive, keys, values, problems }: HiveOfLayer): string {
  const { dirty, recovered } = hive;
  return line({
    kind: 'hive',
    layer: file.layer,
    hive: file.hive,
    file: file.file,
    role: file.role,
    keys,
    values,
    dirty,
    recovered,
    problems,
  });
}

function keyFields({ written, className, security }: ShownKey): object {
  return { written: String(written), class: className, security: securityField(security) };
}

function valueChangeJson(change: ValueChange): object {
  if (change.kind === 'removed') return { kind: 'removed', name: change.previous.name, previous: bareValue(change.previous) };
  const value = { kind: change.kind, ...valueJson(change.value) };
  return change.kind === 'added' ? value : { ...value, previous: bareValue(change.previous) };
}

function changeFields(change: HiveChange): object {
  if (change.kind === 'removed') return { path: change.path, hidden: change.hidden };
  const values = change.values.map(valueChangeJson);
  if (change.kind === 'added') return { path: change.path, ...keyFields(change.key), values };
  return { path: change.path, ...keyFields(change.key), previous: keyFields(change.previous), values };
}

/** Formats a change's line in `hive IMAGE --json`. */
export function hiveChangeLine({ layer, hive, change }: ChangeOfHive): string {
  return line({ kind: change.kind, layer, hive, ...changeFields(change) });
}

/** Formats a hive's line in `diff --registry --json`. */
export function comparedHiveLine({ hive, in: sides }: ComparedHive): string {
  return line({ kind: 'compared', hive, in: sides });
}

/** Formats a difference's line in `diff --registry --json`. */
export function hiveDifferenceLine({ hive, change }: DifferenceOfHive): string {
  return line({ kind: change.kind, hive, ...changeFields(change) });
}

/** Formats a key's line in `hive IMAGE HIVE --json`. */
export function viewKeyLine(path: string, key: ShownKey): string {
  const values = key.values.map((value: ShownValue) => ({ ...valueJson(value), layer: value.layer }));
  return line({ kind: 'key', path, name: key.name, ...keyFields(key), layers: key.layers, values });
}
