type Column = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
type ColumnType<T> = { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number };

/** Room that a growing array has without moving, elements. Only address space: memory is taken as it is written. */
const RESERVED = 1 << 20;

/**
 * An array that grows. Where the engine can, it grows in place: arrays that double leave holes behind in the heap that cost as
 * much memory as what they hold.
 */
export function growing<T extends Column>(Type: ColumnType<T>, length: number): T {
  const size = Type.BYTES_PER_ELEMENT;
  return new Type(reserved(length * size, Math.max(RESERVED, length * 4) * size) ?? new ArrayBuffer(length * size));
}

/** Null where the engine has no growing buffers, or no address space for one. */
function reserved(byteLength: number, maxByteLength: number): ArrayBuffer | null {
  if (typeof ArrayBuffer.prototype.resize !== 'function') return null;
  try {
    return new ArrayBuffer(byteLength, { maxByteLength });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The array with room for `length` elements: in place, or moved. Use the result only. */
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

/** A plain array of the first `length` elements. The growing one is gone. */
export function finished<T extends Column>(array: T, length: number): T {
  const result = array.slice(0, length) as T;
  release(array);
  return result;
}

/** Frees the memory now, not at some later collection, where the engine can. */
export function release(array: Column): void {
  if (typeof array.buffer.transfer === 'function') array.buffer.transfer(0);
}
