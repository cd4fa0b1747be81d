type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
type ColumnType<T> = { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number };

/** Number of elements up to which an array can grow in place. Only address space is reserved; memory is allocated on write. */
const RESERVED = 1 << 20;

/**
 * Creates an array that can grow, in place if the JavaScript engine supports it: doubling an array by copying leaves a hole in the heap as
 * large as the old array.
 */
export function growing<T extends Column>(Type: ColumnType<T>, length: number): T {
  const size = Type.BYTES_PER_ELEMENT;
  return new Type(reserved(length * size, Math.max(RESERVED, length * 4) * size) ?? new ArrayBuffer(length * size));
}

/** Reserves a buffer. Returns null if the JavaScript engine has no resizable buffers, or no address space for one. */
function reserved(byteLength: number, maxByteLength: number): ArrayBuffer | null {
  if (typeof ArrayBuffer.prototype.resize !== 'function') return null;
  try {
    return new ArrayBuffer(byteLength, { maxByteLength });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Grows the array to `length` elements, in place or by moving it. Use only the result afterwards. */
export function grown<T extends Column>(array: T, length: number): T {
  const { buffer } = array;
  const bytes = length * array.BYTES_PER_ELEMENT;
  if (buffer.resizable && bytes <= buffer.maxByteLength) {
    buffer.resize(bytes);
    return array;
  }
  const moved = growing(array.constructor as unknown as ColumnType<T>, length);
  moved.set(array);
  release(array);
  return moved;
}

/** Copies the first `length` elements to a plain array and releases the growing one. */
export function finished<T extends Column>(array: T, length: number): T {
  const result = array.slice(0, length) as T;
  release(array);
  return result;
}

/** Frees the memory immediately instead of at a later collection, if the JavaScript engine supports it. */
export function release(array: Column): void {
  if (typeof array.buffer.transfer === 'function') array.buffer.transfer(0);
}
