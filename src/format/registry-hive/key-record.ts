// A key's cell:
//
//    0 "nk"                        20 number of subkeys u32           48 class, an offset
//    2 flags u16                   24 volatile ones u32               52 longest name of a subkey u16
//    4 last written u64            28 list of subkeys, an offset      72 bytes of the name u16
//   12 access u8                   36 number of values u32            74 bytes of the class u16
//   13 layer u8                    40 list of values, an offset       76 name
//   16 parent, an offset           44 security, an offset
//
//   flags   4 root · 8 not to be deleted · 10 link · 20 name in Latin-1 · 40 predefined handle
//   layer   bits 0 and 1: how the key combines with those below; bit 7: the class comes from below
import { type Cell, letters, lettersAt, readCell } from './cell.ts';
import type { Hive } from './hive.ts';
import { Damage, hex } from './problems.ts';
import { latin1Text, utf16Text } from './text.ts';

const KEY = letters('nk');
/** Bytes of a record before the name. */
export const KEY_HEAD = 76;
const LATIN1_NAME = 0x20;
const PREDEFINED_HANDLE = 0x40;
const INHERITS_CLASS = 0x80;

/** How a key of a layered hive combines with those in the hives below, indexed by the stored number. */
const LAYER_EFFECTS = ['merge', 'tombstone', 'supersede-local', 'supersede-tree'] as const;
type LayerEffect = (typeof LAYER_EFFECTS)[number];

/** A key's record. Offsets are as stored. */
export interface HiveKey {
  readonly offset: number;
  readonly name: string;
  readonly flags: number;
  /** A FILETIME: units of 100 ns since 1601. */
  readonly written: bigint;
  /** `merge` if the hive isn't layered. */
  readonly effect: LayerEffect;
  readonly inheritsClass: boolean;
  readonly parent: number;
  readonly subkeyCount: number;
  readonly subkeyList: number;
  /** 0 for a predefined handle, whose field doesn't contain a count. */
  readonly valueCount: number;
  readonly valueList: number;
  readonly security: number;
  readonly classAt: number;
  readonly classBytes: number;
}

/** Returns the number of bytes in a key's record, including the name. */
export function keyBytes(hive: Hive, { at }: Cell): number {
  return KEY_HEAD + hive.view.getUint16(at + 72, true);
}

/** Returns the cell of a key. */
export function keyCell(hive: Hive, offset: number): Cell | Damage {
  const cell = readCell(hive, offset, KEY_HEAD);
  if (cell instanceof Damage) return cell;
  if (lettersAt(hive, cell.at) !== KEY) return new Damage(`key ${hex(offset)} has the wrong signature`);
  return keyBytes(hive, cell) > cell.length ? new Damage(`the name of key ${hex(offset)} is longer than its cell`) : cell;
}

export function parseKey({ view, bytes, layered }: Hive, offset: number, { at }: Cell): HiveKey {
  const flags = view.getUint16(at + 2, true);
  const name = bytes.subarray(at + KEY_HEAD, at + KEY_HEAD + view.getUint16(at + 72, true));
  const layer = layered ? view.getUint8(at + 13) : 0;
  return {
    offset,
    name: (flags & LATIN1_NAME) !== 0 ? latin1Text(name) : utf16Text(name),
    flags,
    written: view.getBigUint64(at + 4, true),
    effect: LAYER_EFFECTS[layer & 3] ?? 'merge',
    inheritsClass: (layer & INHERITS_CLASS) !== 0,
    parent: view.getUint32(at + 16, true),
    subkeyCount: view.getUint32(at + 20, true),
    subkeyList: view.getUint32(at + 28, true),
    valueCount: (flags & PREDEFINED_HANDLE) !== 0 ? 0 : view.getUint32(at + 36, true),
    valueList: view.getUint32(at + 40, true),
    security: view.getUint32(at + 44, true),
    classAt: view.getUint32(at + 48, true),
    classBytes: view.getUint16(at + 74, true),
  };
}
