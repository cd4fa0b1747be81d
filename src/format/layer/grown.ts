// Columns grow by copying. Buffers that grow in place would avoid the copy, but they don't save memory, and each access takes several times
// as long until V8 has optimized the function. Most of an image is read before that happens.
type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
type ColumnType<T> = { new (length: number): T };

/** Returns a column with `length` elements that begins with those of `array`, which can't be used any more. */
export function grown<T extends Column>(array: T, length: number): T {
  const longer = new (array.constructor as unknown as ColumnType<T>)(length);
  longer.set(array);
  release(array);
  return longer;
}

/** Copies the first `length` elements to a separate array and releases the old one. */
export function finished<T extends Column>(array: T, length: number): T {
  const result = array.slice(0, length) as T;
  release(array);
  return result;
}

/** Frees the memory immediately instead of at a later garbage collection, if the JavaScript engine supports it. */
export function release(array: Column): void {
  if (typeof array.buffer.transfer === 'function') array.buffer.transfer(0);
}
