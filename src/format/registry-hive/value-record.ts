// A value's cell:
//
//   0 "vk" · 2 bytes of the name u16 (0: the default value) · 4 size u32 · 8 data, an offset · 12 type u32
//   16 flags u16 (1 name in Latin-1, 2 tombstone) · 18 unused · 20 name
//
// If the top bit of the size is set, the data are in the field at 8.
import { letters, lettersAt, readCell } from './cell.ts';
import { cellData, type DataPieces, residentData } from './data.ts';
import type { Hive } from './hive.ts';
import { Damage, hex } from './problems.ts';
import { latin1Text, utf16Text } from './text.ts';

const VALUE = letters('vk');
/** Size of a record before the name. */
export const VALUE_HEAD = 20;
const LATIN1_NAME = 1;
const TOMBSTONE = 2;
const RESIDENT = 0x8000_0000;

const TYPE_NAMES = [
  'REG_NONE',
  'REG_SZ',
  'REG_EXPAND_SZ',
  'REG_BINARY',
  'REG_DWORD',
  'REG_DWORD_BIG_ENDIAN',
  'REG_LINK',
  'REG_MULTI_SZ',
  'REG_RESOURCE_LIST',
  'REG_FULL_RESOURCE_DESCRIPTOR',
  'REG_RESOURCE_REQUIREMENTS_LIST',
  'REG_QWORD',
] as const;

/** Numbers of the types whose data is interpreted. Any other number is allowed too. */
export const VALUE_TYPE = { sz: 1, expandSz: 2, binary: 3, dword: 4, dwordBigEndian: 5, link: 6, multiSz: 7, qword: 11 } as const;

/** Returns a type's name, such as `REG_DWORD`; for an unknown type, its number: `0x1f4`. */
export function valueTypeName(type: number): string {
  return TYPE_NAMES[type] ?? hex(type);
}

/** A value of a key. */
export interface HiveValue {
  /** Empty for the default value. */
  readonly name: string;
  readonly type: number;
  /** Size in bytes; the stated size if the data is damaged. */
  readonly size: number;
  /** Whether the value hides those with the same name in the hives below. False if the hive isn't layered. */
  readonly isTombstone: boolean;
  /** Null if the data can't be read. */
  readonly data: DataPieces | null;
  /** Why the data can't be read; null if it can. */
  readonly damage: string | null;
}

/** Reads the value at an offset. `take` is called with a number of bytes, and returns whether that many may be read. */
export function readValue(hive: Hive, offset: number, take: (bytes: number) => boolean): HiveValue | Damage {
  const cell = readCell(hive, offset, VALUE_HEAD);
  if (cell instanceof Damage) return cell;
  const { view } = hive;
  const { at } = cell;
  if (lettersAt(hive, at) !== VALUE) return new Damage(`value ${hex(offset)} has the wrong signature`);
  const nameBytes = view.getUint16(at + 2, true);
  if (VALUE_HEAD + nameBytes > cell.length) return new Damage(`the name of value ${hex(offset)} is longer than its cell`);
  if (!take(VALUE_HEAD + nameBytes)) return new Damage('values have more bytes than the hive');
  return parseValue(hive, at, nameBytes, (stated, size) => readData(hive, at, stated, size, take));
}

/**
 * Parses the record at a position. `read` reads its data: `stated` is the size field, which differs from `size` if the data is in the
 * record itself.
 */
export function parseValue(
  { view, bytes, layered }: Hive,
  at: number,
  nameBytes: number,
  read: (stated: number, size: number) => DataPieces | Damage,
): HiveValue {
  const stated = view.getUint32(at + 4, true);
  const size = stated & ~RESIDENT;
  const flags = view.getUint16(at + 16, true);
  const name = bytes.subarray(at + VALUE_HEAD, at + VALUE_HEAD + nameBytes);
  const data = read(stated, size);
  return {
    name: (flags & LATIN1_NAME) !== 0 ? latin1Text(name) : utf16Text(name),
    type: view.getUint32(at + 12, true),
    size,
    isTombstone: layered && (flags & TOMBSTONE) !== 0,
    data: data instanceof Damage ? null : data,
    damage: data instanceof Damage ? data.reason : null,
  };
}

function readData(hive: Hive, at: number, stated: number, size: number, take: (bytes: number) => boolean): DataPieces | Damage {
  if (stated >= RESIDENT) return residentData(hive, at + 8, size);
  if (size === 0) return [];
  const data = cellData(hive, hive.view.getUint32(at + 8, true), size);
  return data instanceof Damage || take(size) ? data : new Damage('values have more data than the hive has bytes');
}
