import { fromHex, toHex } from '#model';

/** Reads the GUID at `at` as text: three little-endian numbers, then bytes. Source: [MS-DTYP] 2.3.4. */
export function readGuid(bytes: Uint8Array, at: number): string {
  const hex = (order: readonly number[]) => toHex(Uint8Array.from(order, (i) => bytes[at + i] as number));
  return [hex([3, 2, 1, 0]), hex([5, 4]), hex([7, 6]), hex([8, 9]), hex([10, 11, 12, 13, 14, 15])].join('-');
}

/** Encodes a GUID's text as sixteen bytes; null if it isn't a GUID. */
export function encodeGuid(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return null;
  const bytes = fromHex(text.replaceAll('-', '')) as Uint8Array<ArrayBuffer>;
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
