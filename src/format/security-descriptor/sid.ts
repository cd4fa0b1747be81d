// A security identifier: [MS-DTYP] 2.4.2.2. Little-endian, except for the authority.
//
//   0 revision u8 (1) · 1 number of subauthorities u8, at most 15 · 2 authority, 6 bytes big-endian · 8 subauthorities u32
//
// As text `S-1-AUTHORITY-SUB-SUB…`, in decimal; an authority from 2^32 on as 0x and twelve hex digits ([MS-DTYP] 2.4.2.1).
import { displayText, LayerscopeError } from '#model';
import type { Sid } from './descriptor.ts';

const HEAD = 8;
const MAX_SUBAUTHORITIES = 15;

/** Returns the size of the SID at `at`; -1 if there is no valid SID before `end`. */
export function sidBytes(bytes: Uint8Array, at: number, end: number): number {
  if (at + HEAD > end || bytes[at] !== 1 || (bytes[at + 1] as number) > MAX_SUBAUTHORITIES) return -1;
  const length = HEAD + (bytes[at + 1] as number) * 4;
  return at + length > end ? -1 : length;
}

/** Reads the SID at `at`, which {@link sidBytes} must have checked. */
export function readSid(bytes: Uint8Array, at: number): Sid {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const authority = view.getUint16(at + 2) * 2 ** 32 + view.getUint32(at + 4);
  let text = `S-1-${authority < 2 ** 32 ? authority : `0x${authority.toString(16).toUpperCase().padStart(12, '0')}`}`;
  for (let i = 0; i < (bytes[at + 1] as number); i++) text += `-${view.getUint32(at + HEAD + i * 4, true)}`;
  return text;
}

function refused(text: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `not a SID: ${displayText(text.slice(0, 100))}`);
}

/** Encodes a SID. Throws DAMAGED if the text isn't a SID. */
export function encodeSid(text: Sid): Uint8Array<ArrayBuffer> {
  const match = /^S-1-(\d{1,15}|0x[0-9a-f]{1,12})((?:-(?:\d{1,10}|0x[0-9a-f]{1,8}))*)$/i.exec(text);
  if (match === null) throw refused(text);
  const authority = Number(match[1]);
  const subauthorities = (match[2] as string).split('-').slice(1).map(Number);
  if (authority >= 2 ** 48 || subauthorities.length > MAX_SUBAUTHORITIES || subauthorities.some((sub) => sub > 0xffffffff))
    throw refused(text);
  const bytes = new Uint8Array(HEAD + subauthorities.length * 4);
  const view = new DataView(bytes.buffer);
  bytes[0] = 1;
  bytes[1] = subauthorities.length;
  view.setUint16(2, Math.floor(authority / 2 ** 32));
  view.setUint32(4, authority % 2 ** 32);
  subauthorities.forEach((sub, index) => {
    view.setUint32(HEAD + index * 4, sub, true);
  });
  return bytes;
}
