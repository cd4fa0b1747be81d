// Files that Windows' registry editor imports, version 5.00: UTF-16LE with a byte order mark, lines ending in CR LF.
//
//   [KEY]                       a key; [-KEY] removes it
//   "name"="text"               REG_SZ; @ is the default value; \ and " are escaped by \
//   "name"=dword:0000000a       REG_DWORD
//   "name"=hex(7):61,00,00,00   any other type, by its number in hex; plain hex: is REG_BINARY; a line may continue after \
//   "name"=-                    removes the value
import { joinData } from './data.ts';
import { utf16Text } from './text.ts';
import { type HiveValue, VALUE_TYPE } from './value-record.ts';

const END = '\r\n';
const HEADER = `\ufeffWindows Registry Editor Version 5.00${END}`;
const LINE_WIDTH = 78;
const INDENT = '  ';
/**
 * Characters that would end a name or a line early. A name with these can't be written, because it would become another entry in the file.
 */
const UNWRITABLE = /[\0\r\n]/;

/** Writes a .reg file piece by piece. */
export interface RegFile {
  readonly header: string;
  /** Returns the entry for a key; empty if its path can't be written. */
  key(key: RegKey): string;
  /** Number of keys and values that a .reg file can't express. */
  readonly leftOut: number;
}

interface RegKey {
  /** Where the key's hive is in the registry: `HKEY_LOCAL_MACHINE\SYSTEM`. */
  readonly place: string;
  /** Path in the hive. */
  readonly path: string;
  /** Number of names in the path. */
  readonly depth: number;
  readonly values: readonly RegValue[];
  /** Whether the entry removes the key. */
  readonly isRemoved?: boolean;
}

interface RegValue extends Pick<HiveValue, 'name' | 'type' | 'size' | 'data'> {
  readonly isTombstone?: boolean;
}

export function createRegFile(): RegFile {
  let leftOut = 0;
  return {
    header: HEADER,
    get leftOut() {
      return leftOut;
    },
    key({ place, path, depth, values, isRemoved = false }) {
      // A name that contains a backslash would become two keys, so such a key is left out.
      const names = path === '' ? 0 : path.split('\\').length;
      if (names !== depth || UNWRITABLE.test(path)) {
        leftOut += 1 + values.length;
        return '';
      }
      let text = `${END}[${isRemoved ? '-' : ''}${path === '' ? place : `${place}\\${path}`}]${END}`;
      for (const value of values) {
        const line = UNWRITABLE.test(value.name) ? null : valueLine(value);
        if (line === null) leftOut++;
        else text += line + END;
      }
      return text;
    },
  };
}

/** Formats a value's line; null if the data is damaged. */
function valueLine({ name, type, size, data, isTombstone = false }: RegValue): string | null {
  const start = `${name === '' ? '@' : quoted(name)}=`;
  if (isTombstone) return `${start}-`;
  if (data === null) return null;
  const bytes = joinData(data);
  if (type === VALUE_TYPE.sz) {
    const text = plainText(bytes);
    if (text !== null) return start + quoted(text);
  }
  if (type === VALUE_TYPE.dword && size === 4) {
    const number = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    return `${start}dword:${number.toString(16).padStart(8, '0')}`;
  }
  return wrappedHex(type === VALUE_TYPE.binary ? `${start}hex:` : `${start}hex(${type.toString(16)}):`, bytes);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Returns the text of a REG_SZ if quotes can express it without loss: one string with a NUL at the end. */
function plainText(bytes: Uint8Array): string | null {
  if (bytes.length < 2 || bytes.length % 2 !== 0) return null;
  const text = utf16Text(bytes);
  const body = text.slice(0, -1);
  return text.endsWith('\0') && !UNWRITABLE.test(body) ? body : null;
}

function wrappedHex(start: string, bytes: Uint8Array): string {
  const lines: string[] = [];
  let line = start;
  for (const [at, byte] of bytes.entries()) {
    const item = byte.toString(16).padStart(2, '0') + (at === bytes.length - 1 ? '' : ',');
    if (line.length + item.length > LINE_WIDTH && line.endsWith(',')) {
      lines.push(`${line}\\`);
      line = INDENT;
    }
    line += item;
  }
  return [...lines, line].join(END);
}
