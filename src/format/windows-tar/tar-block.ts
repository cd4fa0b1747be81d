import type { ByteString } from './byte-string.ts';
import { FIELD_BYTES, type FilledHeader, fitsOctal, isAscii, type TarForm } from './tar-header.ts';

export const BLOCK = 512;

const SLASH = 0x2f;
const CHECKSUM = 148;

/** Returns the text without NULs and non-ASCII characters. */
function asciiOf(text: ByteString): ByteString {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NULs are removed too
  return isAscii(text) ? text : text.replace(/[\u0000\u0080-\u00ff]/g, '');
}

/**
 * Writes text into a field, cut to the field's width. If the cut text ends in slashes, these become a NUL, because old readers would
 * mistake the name for a folder's.
 */
function putText(block: Uint8Array, at: number, width: number, text: ByteString): void {
  const length = Math.min(text.length, width);
  for (let i = 0; i < length; i++) block[at + i] = text.charCodeAt(i);
  if (text.length <= width || block[at + width - 1] !== SLASH) return;
  let end = width - 1;
  while (end > 0 && block[at + end - 1] === SLASH) end--;
  block[at + end] = 0;
}

/** Writes octal digits with leading zeros and a final NUL; 0 if the number doesn't fit. */
function putOctal(block: Uint8Array, at: number, width: number, value: number): void {
  putText(block, at, width, `${(fitsOctal(width, value) ? value : 0).toString(8).padStart(width - 1, '0')}\0`);
}

/** Writes a number in octal if it fits, otherwise in base-256: two's complement with the top bit set. */
function putNumeric(block: Uint8Array, at: number, width: number, value: number): void {
  if (fitsOctal(width, value)) {
    putOctal(block, at, width, value);
    return;
  }
  let rest = BigInt(value);
  for (let i = at + width - 1; i >= at; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = (block[at] as number) | 0x80;
}

function finish(block: Uint8Array, form: TarForm): void {
  putText(block, 257, 8, form === 'gnu' ? 'ustar  \0' : 'ustar\x0000');
  block.fill(0x20, CHECKSUM, CHECKSUM + 8);
  let sum = 0;
  for (const byte of block) sum += byte;
  putOctal(block, CHECKSUM, 7, sum);
}

/** Encodes a member's own header block. `name` and `prefix` replace the header's name. */
export function headerBlock(header: FilledHeader, form: TarForm, name: ByteString, prefix: ByteString): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, width: number, value: ByteString) => putText(block, at, width, form === 'pax' ? asciiOf(value) : value);
  const number = form === 'gnu' ? putNumeric : putOctal;
  text(0, FIELD_BYTES.name, name);
  number(block, 100, FIELD_BYTES.mode, header.mode);
  number(block, 108, FIELD_BYTES.uid, header.uid);
  number(block, 116, FIELD_BYTES.gid, header.gid);
  number(block, 124, FIELD_BYTES.size, header.size);
  number(block, 136, FIELD_BYTES.time, header.modTime?.seconds ?? 0);
  block[156] = header.typeflag.charCodeAt(0);
  text(157, FIELD_BYTES.linkname, header.linkname);
  text(265, FIELD_BYTES.uname, header.uname);
  text(297, FIELD_BYTES.gname, header.gname);
  number(block, 329, FIELD_BYTES.device, header.devMajor);
  number(block, 337, FIELD_BYTES.device, header.devMinor);
  if (form === 'ustar') putText(block, 345, FIELD_BYTES.prefix, prefix);
  if (form === 'gnu' && header.accessTime !== null) putNumeric(block, 345, FIELD_BYTES.time, header.accessTime.seconds);
  if (form === 'gnu' && header.changeTime !== null) putNumeric(block, 357, FIELD_BYTES.time, header.changeTime.seconds);
  finish(block, form);
  return block;
}

/** Encodes the header block of an extension: no owner, mode 0, time 0, empty device fields. */
export function extensionBlock(name: ByteString, typeflag: string, size: number, form: TarForm): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  putText(block, 0, FIELD_BYTES.name, asciiOf(name).slice(0, FIELD_BYTES.name).replace(/\/+$/, ''));
  putOctal(block, 100, FIELD_BYTES.mode, 0);
  putOctal(block, 108, FIELD_BYTES.uid, 0);
  putOctal(block, 116, FIELD_BYTES.gid, 0);
  putOctal(block, 124, FIELD_BYTES.size, size);
  putOctal(block, 136, FIELD_BYTES.time, 0);
  block[156] = typeflag.charCodeAt(0);
  finish(block, form);
  return block;
}
