/**
 * Encodes values that contain typed arrays, for the loopback host. One message:
 *
 *   0  4  magic 4C 53 57 31, "LSW1"
 *   4  4  length of the head, little-endian
 *   8     head: JSON in UTF-8. A typed array is { "$u32": [offset, length] } (u8, u16, u32, i32, f64; offset in bytes from the start
 *         of the tail, length in elements), a Map<number, Uint8Array> is { "$map": [keys, lengths, bytes] }, each of them a typed
 *         array; in plain objects, a key that starts with $ gets another $ in front
 *         zeros up to a multiple of 8
 *         tail: the arrays, each starting at a multiple of 8, in the machine's byte order, because both ends run on one machine
 */
import { decodeUtf8, encodeUtf8, LayerscopeError } from '#model';

type WireArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

const MAGIC = [0x4c, 0x53, 0x57, 0x31] as const;
const MAX_DEPTH = 64;

const ARRAYS = {
  $u8: Uint8Array,
  $u16: Uint16Array,
  $u32: Uint32Array,
  $i32: Int32Array,
  $f64: Float64Array,
} as const;

type ArrayKey = keyof typeof ARRAYS;

function arrayKey(value: object): ArrayKey | null {
  for (const key of Object.keys(ARRAYS) as ArrayKey[]) if (value instanceof ARRAYS[key]) return key;
  return null;
}

function align8(length: number): number {
  return (length + 7) & ~7;
}

function notCarried(what: string): LayerscopeError {
  return new LayerscopeError('INTERNAL', `the wire can't carry ${what}`);
}

/** Encodes a value. Throws INTERNAL for functions, bigints, non-finite numbers, instances of other classes and nesting deeper than 64. */
export function encodeWire(value: unknown): Uint8Array<ArrayBuffer> {
  const tail: { at: number; array: WireArray }[] = [];
  let tailLength = 0;
  const reference = (key: ArrayKey, array: WireArray): object => {
    const at = tailLength;
    tail.push({ at, array });
    tailLength = align8(at + array.byteLength);
    return { [key]: [at, array.length] };
  };
  const headOf = (part: unknown, depth: number): unknown => {
    if (part === null || typeof part === 'string' || typeof part === 'boolean') return part;
    if (typeof part === 'number') {
      if (!Number.isFinite(part)) throw notCarried('a number that is not finite');
      return part;
    }
    if (typeof part !== 'object') throw notCarried(`a ${typeof part}`);
    if (depth === MAX_DEPTH) throw notCarried('a value nested so deeply');
    if (Array.isArray(part)) return part.map((each) => headOf(each, depth + 1));
    const key = arrayKey(part);
    if (key !== null) return reference(key, part as WireArray);
    if (part instanceof Map) return { $map: mapColumns(part).map(([columnKey, column]) => reference(columnKey, column)) };
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== Object.prototype && prototype !== null) throw notCarried('an instance of a class');
    const head = Object.create(null) as Record<string, unknown>; // so that __proto__ is an ordinary key
    for (const [name, each] of Object.entries(part)) {
      if (each !== undefined) head[name.startsWith('$') ? `$${name}` : name] = headOf(each, depth + 1);
    }
    return head;
  };
  const head = encodeUtf8(JSON.stringify(headOf(value, 0)));
  const tailStart = align8(8 + head.length);
  const bytes = new Uint8Array(tailStart + tailLength);
  bytes.set(MAGIC, 0);
  new DataView(bytes.buffer).setUint32(4, head.length, true);
  bytes.set(head, 8);
  for (const { at, array } of tail) bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), tailStart + at);
  return bytes;
}

function mapColumns(map: ReadonlyMap<unknown, unknown>): [ArrayKey, WireArray][] {
  const keys = new Uint32Array(map.size);
  const lengths = new Uint32Array(map.size);
  let index = 0;
  let byteLength = 0;
  for (const [key, value] of map) {
    if (!(value instanceof Uint8Array)) throw notCarried('map but of numbers to bytes');
    if (typeof key !== 'number' || key >>> 0 !== key) throw notCarried('map but of numbers to bytes');
    keys[index] = key;
    lengths[index++] = value.length;
    byteLength += value.length;
  }
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const value of map.values()) {
    bytes.set(value as Uint8Array, at);
    at += (value as Uint8Array).length;
  }
  return [
    ['$u32', keys],
    ['$u32', lengths],
    ['$u8', bytes],
  ];
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('BAD_REQUEST', `a message on the wire is damaged: ${what}`);
}

/** Decodes a value. Its typed arrays are views of `bytes`, or of a copy if `bytes` isn't aligned. Throws BAD_REQUEST. */
export function decodeWire(bytes: Uint8Array): unknown {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  if (aligned.length < 8 || MAGIC.some((byte, index) => aligned[index] !== byte)) throw damaged('no head');
  const headLength = new DataView(aligned.buffer, aligned.byteOffset).getUint32(4, true);
  if (8 + headLength > aligned.length) throw damaged('the head ends too early');
  const headText = decodeUtf8(aligned.subarray(8, 8 + headLength));
  if (headText === null) throw damaged('the head is not UTF-8');
  let head: unknown;
  try {
    head = JSON.parse(headText);
  } catch (error) {
    throw new LayerscopeError('BAD_REQUEST', 'a message on the wire is damaged: the head is not JSON', { cause: error });
  }
  return restore(head, aligned.subarray(Math.min(align8(8 + headLength), aligned.length)), 0);
}

function restore(part: unknown, tail: Uint8Array, depth: number): unknown {
  if (typeof part !== 'object' || part === null) return part;
  if (depth > MAX_DEPTH) throw damaged('nested too deep');
  if (Array.isArray(part)) {
    for (let i = 0; i < part.length; i++) part[i] = restore(part[i], tail, depth + 1);
    return part;
  }
  const keys = Object.keys(part);
  const [first] = keys;
  if (keys.length === 1 && first?.startsWith('$') && !first.startsWith('$$')) {
    const content = (part as Record<string, unknown>)[first];
    return first === '$map' ? mapOf(content, tail) : arrayOf(first, content, tail);
  }
  // Object.fromEntries creates own properties, even for __proto__.
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      if (key.startsWith('$') && !key.startsWith('$$')) throw damaged('an unknown mark');
      return [key.startsWith('$') ? key.slice(1) : key, restore(value, tail, depth + 1)];
    }),
  );
}

function arrayOf(key: string, content: unknown, tail: Uint8Array): WireArray {
  const type = Object.hasOwn(ARRAYS, key) ? ARRAYS[key as ArrayKey] : undefined;
  if (type === undefined || !Array.isArray(content) || content.length !== 2) throw damaged('an unknown mark');
  const [at, length] = content as unknown[];
  const size = type.BYTES_PER_ELEMENT;
  const whole = Number.isSafeInteger(at) && Number.isSafeInteger(length) && (at as number) >= 0 && (length as number) >= 0;
  if (!whole || (at as number) % size !== 0 || (at as number) + (length as number) * size > tail.length)
    throw damaged('an array out of bounds');
  return new type(tail.buffer as ArrayBuffer, tail.byteOffset + (at as number), length as number);
}

function mapOf(content: unknown, tail: Uint8Array): Map<number, Uint8Array> {
  const columns = Array.isArray(content) && content.length === 3 ? content.map((part) => restore(part, tail, MAX_DEPTH)) : [];
  const [keys, lengths, bytes] = columns;
  if (!(keys instanceof Uint32Array && lengths instanceof Uint32Array && bytes instanceof Uint8Array) || keys.length !== lengths.length) {
    throw damaged('a malformed map');
  }
  const map = new Map<number, Uint8Array>();
  let at = 0;
  for (let i = 0; i < keys.length; i++) {
    const end = at + (lengths[i] as number);
    if (end > bytes.length) throw damaged('a map out of bounds');
    map.set(keys[i] as number, bytes.subarray(at, end));
    at = end;
  }
  if (at !== bytes.length || map.size !== keys.length) throw damaged('a malformed map');
  return map;
}
