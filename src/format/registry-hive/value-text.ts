// Formats the data of values as text.
import { formatSize } from '#model';
import { type DataPieces, joinData } from './data.ts';
import { utf16Text } from './text.ts';
import { type HiveValue, VALUE_TYPE } from './value-record.ts';

const TEXT_TYPES: readonly number[] = [VALUE_TYPE.sz, VALUE_TYPE.expandSz, VALUE_TYPE.link, VALUE_TYPE.multiSz];
/** Text beyond this many bytes isn't shown. */
const MAX_SHOWN_TEXT_BYTES = 512;
const MAX_SHOWN_HEX_BYTES = 32;

/** Whether values of a type contain text. */
export function isTextType(type: number): boolean {
  return TEXT_TYPES.includes(type);
}

/** Returns the strings in text data, each up to its NUL: one, or, for a REG_MULTI_SZ, all up to the first empty one. */
export function stringsOf(type: number, bytes: Uint8Array): readonly string[] {
  const text = utf16Text(bytes);
  if (type !== VALUE_TYPE.multiSz) return [text.split('\0', 1)[0] ?? ''];
  const strings = text.split('\0');
  const end = strings.indexOf('');
  return end < 0 ? strings : strings.slice(0, end);
}

/** Formats a value's data as one line, shortened if long. The result may contain any character: escape it before display. */
export function dataText({ type, size, data }: Pick<HiveValue, 'type' | 'size' | 'data'>): string {
  if (data === null) return `damaged (${formatSize(size)})`;
  const text = isTextType(type) ? textOf(type, data, size) : null;
  return text ?? bytesOf({ type, size, data });
}

function bytesOf({ type, size, data }: { readonly type: number; readonly size: number; readonly data: DataPieces }): string {
  const bytes = joinData(data.slice(0, 1));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === VALUE_TYPE.dword && size === 4) return numberText(BigInt(view.getUint32(0, true)), 8);
  if (type === VALUE_TYPE.dwordBigEndian && size === 4) return numberText(BigInt(view.getUint32(0)), 8);
  if (type === VALUE_TYPE.qword && size === 8) return numberText(view.getBigUint64(0, true), 16);
  let text = '';
  for (const byte of bytes.subarray(0, MAX_SHOWN_HEX_BYTES)) text += `${text === '' ? '' : ' '}${byte.toString(16).padStart(2, '0')}`;
  return size > MAX_SHOWN_HEX_BYTES ? `${text} … (${formatSize(size)})` : text;
}

/** Characters that don't occur in text: unassigned, private, lone surrogates, or the replacement character. */
const NO_TEXT = /[\p{Cn}\p{Co}\p{Cs}\uFFFD]/u;

/** Returns null for data that isn't text, whatever its type says. */
function textOf(type: number, data: DataPieces, size: number): string | null {
  const isLong = size > MAX_SHOWN_TEXT_BYTES;
  const bytes = joinData(data.slice(0, 1)).subarray(0, MAX_SHOWN_TEXT_BYTES);
  const strings = stringsOf(type, bytes);
  // A link's target is text only if it is an absolute path. In shortened text of any other type, the last unit is ignored, because it may
  // be half of a surrogate pair.
  const isText =
    type === VALUE_TYPE.link ? strings.join('').startsWith('\\') : !NO_TEXT.test(strings.join('').slice(0, isLong ? -1 : undefined));
  if (!isText && size > 0) return null;
  const text = type === VALUE_TYPE.multiSz ? strings.map((string) => JSON.stringify(string)).join(', ') : strings.join('');
  return isLong ? `${text} … (${formatSize(size)})` : text;
}

function numberText(value: bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')} (${value})`;
}
