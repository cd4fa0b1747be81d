// The condition of a conditional entry (XA, XD, ZA, XU): [MS-DTYP] 2.4.4.17. `artx`, then tokens in postfix order, each a byte and its
// data, then zeros up to a multiple of 4.
//
//   0x01 to 0x04  a number: i64, a byte for its sign (1 +, 2 -, 3 none) and one for its base (1 octal, 2 decimal, 3 hex)
//   0x10 string, 0x18 bytes, 0x50 list of tokens, 0x51 SID, 0xF8 to 0xFB attribute name (local, user, resource, device):
//                 u32 length in bytes, then the data; strings and names are UTF-16
//   others        operators, without data
import { LayerscopeError } from '#model';
import type { Sid } from './descriptor.ts';
import { encodeSid, readSid, sidBytes } from './sid.ts';

export type ConditionToken =
  | { readonly kind: 'number'; readonly code: number; readonly value: bigint; readonly sign: number; readonly base: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'list'; readonly items: readonly ConditionToken[] }
  | { readonly kind: 'sid'; readonly sid: Sid }
  | { readonly kind: 'attribute'; readonly code: number; readonly name: string }
  | { readonly kind: 'operator'; readonly code: number };

export const TOKEN = { text: 0x10, bytes: 0x18, list: 0x50, sid: 0x51, localAttribute: 0xf8 } as const;
export const SIGN = { plus: 1, minus: 2, none: 3 } as const;

const MAGIC = [0x61, 0x72, 0x74, 0x78]; // artx
const NUMBER_BYTES = 10;
const MAX_DEPTH = 8;

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `invalid condition in an access control entry: ${what}`);
}

/** Whether an entry's data is a condition. */
export function isCondition(data: Uint8Array): boolean {
  return MAGIC.every((byte, index) => data[index] === byte);
}

/** Parses a condition's tokens. Throws DAMAGED. */
export function parseConditionTokens(data: Uint8Array): ConditionToken[] {
  if (!isCondition(data)) throw damaged('it does not begin with artx');
  return tokensIn(data, MAGIC.length, data.length, 0);
}

function tokensIn(data: Uint8Array, start: number, end: number, depth: number): ConditionToken[] {
  if (depth > MAX_DEPTH) throw damaged('too many nested lists');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const tokens: ConditionToken[] = [];
  for (let at = start; at < end; ) {
    const code = view.getUint8(at++);
    if (code === 0) continue;
    if (code <= 4) {
      if (at + NUMBER_BYTES > end) throw damaged('a number cut off');
      const [value, sign, base] = [view.getBigInt64(at, true), view.getUint8(at + 8), view.getUint8(at + 9)];
      tokens.push({ kind: 'number', code, value, sign, base });
      at += NUMBER_BYTES;
    } else if (code === TOKEN.text || code === TOKEN.bytes || code === TOKEN.list || code === TOKEN.sid || code >= TOKEN.localAttribute) {
      if (at + 4 > end) throw damaged('a length cut off');
      const from = at + 4;
      at = from + view.getUint32(at, true);
      if (at > end) throw damaged('an operand cut off');
      tokens.push(operand(code, data, from, at, depth));
    } else tokens.push({ kind: 'operator', code });
  }
  return tokens;
}

function operand(code: number, data: Uint8Array, from: number, to: number, depth: number): ConditionToken {
  if (code === TOKEN.bytes) return { kind: 'bytes', bytes: data.subarray(from, to) };
  if (code === TOKEN.list) return { kind: 'list', items: tokensIn(data, from, to, depth + 1) };
  if (code === TOKEN.sid) {
    if (sidBytes(data, from, to) !== to - from) throw damaged('an invalid SID');
    return { kind: 'sid', sid: readSid(data, from) };
  }
  if ((to - from) % 2 !== 0) throw damaged('text of an odd length');
  let text = '';
  for (let at = from; at < to; at += 2) text += String.fromCharCode((data[at] as number) | ((data[at + 1] as number) << 8));
  return code === TOKEN.text ? { kind: 'text', text } : { kind: 'attribute', code, name: text };
}

function utf16(text: string): number[] {
  return Array.from({ length: text.length * 2 }, (_, at) => (text.charCodeAt(at >> 1) >> ((at & 1) * 8)) & 0xff);
}

function withLength(code: number, bytes: readonly number[]): number[] {
  return [code, bytes.length & 0xff, (bytes.length >> 8) & 0xff, (bytes.length >> 16) & 0xff, bytes.length >>> 24, ...bytes];
}

function bytesOf(token: ConditionToken): number[] {
  switch (token.kind) {
    case 'operator':
      return [token.code];
    case 'number': {
      const bytes = new Uint8Array(NUMBER_BYTES);
      new DataView(bytes.buffer).setBigInt64(0, token.value, true);
      bytes.set([token.sign, token.base], 8);
      return [token.code, ...bytes];
    }
    case 'text':
      return withLength(TOKEN.text, utf16(token.text));
    case 'attribute':
      return withLength(token.code, utf16(token.name));
    case 'bytes':
      return withLength(TOKEN.bytes, [...token.bytes]);
    case 'sid':
      return withLength(TOKEN.sid, [...encodeSid(token.sid)]);
    case 'list':
      return withLength(TOKEN.list, token.items.flatMap(bytesOf));
  }
}

/** Encodes a condition as an entry's data. The caller owns the result. */
export function encodeConditionTokens(tokens: readonly ConditionToken[]): Uint8Array<ArrayBuffer> {
  const bytes = [...MAGIC, ...tokens.flatMap(bytesOf)];
  const data = new Uint8Array((bytes.length + 3) & ~3);
  data.set(bytes);
  return data;
}
