// Columns grow by copying. Buffers that grow in place would need no copy, but each access to one costs several times as much until a
// function is optimized, which is most of the time that it takes to read an image; and they take no less memory.
type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
type ColumnType<T> = { new (length: number): T };

/** Returns a column of `length` elements that begins with those of `array`, which can't be used any more. */
export function grown<T extends Column>(array: T, length: number): T {
  const longer = new (array.constructor as unknown as ColumnType<T>)(length);
  longer.set(array);
  release(array);
  return longer;
}

/** Copies the first `length` elements to an array of their own and releases the old one. */
export function finished<T extends Column>(array: T, length: number): T {
  const result = array.slice(0, length) as T;
  release(array);
  return result;
}

/** Frees the memory immediately instead of at a later collection, if the JavaScript engine supports it. */
export function release(array: Column): void {
  if (typeof array.buffer.transfer === 'function') array.buffer.transfer(0);
}
