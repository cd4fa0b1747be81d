type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/**
 * The array with another length, its content kept as far as it fits. The old one is gone: where the engine can, its memory is
 * freed at once, not at some later collection.
 */
export function resized<T extends Column>(array: T, length: number): T {
  const Type = array.constructor as { new (buffer: ArrayBuffer): T; new (length: number): T };
  if (typeof array.buffer.transfer === 'function') return new Type(array.buffer.transfer(length * array.BYTES_PER_ELEMENT));
  const copy = new Type(length);
  copy.set(array.length > length ? (array.subarray(0, length) as T) : array);
  return copy;
}
