// A file's extended attributes, the data of stream 2: a list of FILE_FULL_EA_INFORMATION entries ([MS-FSCC] 2.4.16), little-endian.
//
//   0 distance to the next entry u32, 0 in the last · 4 flags u8 (0x80: needed) · 5 length of the name u8 · 6 length of the value
//   u16 · 8 name, 8-bit characters · NUL · value · zeros up to a multiple of 4
//
// The padding after the last entry is written, but may be missing in input. WSL stores a file's owner and mode in the attributes $LXUID,
// $LXGID and $LXMOD; Windows stores its signatures in $KERNEL.PURGE.ESBCACHE.
import { LayerscopeError } from '#model';

export interface ExtendedAttribute {
  /** The name's bytes as Latin-1. */
  readonly name: string;
  readonly value: Uint8Array;
  /** 0x80: a program that doesn't know the attribute must not open the file. */
  readonly flags: number;
}

const HEAD = 8;

function damaged(at: number, what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `invalid extended attribute buffer: ${what} at byte ${at}`, { offset: at });
}

/** Parses the attributes in their stored order; values are views. Throws DAMAGED. */
export function parseExtendedAttributes(bytes: Uint8Array): ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < HEAD) throw damaged(at, 'an entry cut off');
    const next = view.getUint32(at, true);
    const nameEnd = at + HEAD + view.getUint8(at + 5);
    const valueEnd = nameEnd + 1 + view.getUint16(at + 6, true);
    if (valueEnd > bytes.length) throw damaged(at, 'an entry cut off');
    let name = '';
    for (let i = at + HEAD; i < nameEnd; i++) name += String.fromCharCode(bytes[i] as number);
    attributes.push({ name, value: bytes.subarray(nameEnd + 1, valueEnd), flags: view.getUint8(at + 4) });
    if (next === 0) break;
    // The next entry must not overlap this one, or begin after the end of the list.
    if (at + next < valueEnd || at + next > bytes.length) throw damaged(at, 'a wrong distance to the next entry');
    at += next;
  }
  return attributes;
}

/** Encodes the data of stream 2. Throws TOO_LARGE for a name over 255 bytes or a value over 65,535, BAD_REQUEST for a non-Latin-1 name. */
export function encodeExtendedAttributes(attributes: readonly ExtendedAttribute[]): Uint8Array<ArrayBuffer> {
  const sizes = attributes.map(({ name, value }) => (HEAD + name.length + 1 + value.length + 3) & ~3);
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  attributes.forEach(({ name, value, flags }, index) => {
    if (name.length > 0xff) throw new LayerscopeError('TOO_LARGE', 'extended attribute name too large');
    if (value.length > 0xffff) throw new LayerscopeError('TOO_LARGE', 'extended attribute value too large');
    const size = sizes[index] as number;
    view.setUint32(at, index === attributes.length - 1 ? 0 : size, true);
    view.setUint8(at + 4, flags);
    view.setUint8(at + 5, name.length);
    view.setUint16(at + 6, value.length, true);
    for (let i = 0; i < name.length; i++) {
      const unit = name.charCodeAt(i);
      if (unit > 0xff) throw new LayerscopeError('BAD_REQUEST', 'an extended attribute name beyond Latin-1');
      bytes[at + HEAD + i] = unit;
    }
    bytes.set(value, at + HEAD + name.length + 1);
    at += size;
  });
  return bytes;
}
