// Writes registry hives from nested keys: hive({ name: 'ROOT', keys: [{ name: 'a', values: [dword('n', 1)] }] }). See
// src/format/registry-hive for the format. All cells are in one bin.

export interface HiveValueSpec {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
  readonly isTombstone?: boolean;
}

export interface HiveKeySpec {
  readonly name: string;
  readonly values?: readonly HiveValueSpec[];
  readonly keys?: readonly HiveKeySpec[];
  readonly written?: bigint;
  readonly flags?: number;
  /** The layer byte: 0 merge, 1 tombstone, 2 supersede-local, 3 supersede-tree; 0x80 inherits the class. */
  readonly layer?: number;
  readonly className?: string;
  readonly security?: Uint8Array;
}

export interface HiveOptions {
  readonly minor?: number;
  /** 2 for a layered hive. */
  readonly flags?: number;
  readonly sequence?: readonly [number, number];
  readonly written?: bigint;
  readonly name?: string;
  readonly list?: 'li' | 'lf' | 'lh';
  /** If there are more subkeys than this, they are listed in several lists below an `ri`. */
  readonly perList?: number;
}

/** A hive, and its keys' offsets by path, so that tests can damage them. */
export interface BuiltHive {
  readonly bytes: Buffer;
  readonly keyAt: ReadonlyMap<string, number>;
}

export const BINS = 4096;
const BIN_HEAD = 32;
const NONE = 0xffff_ffff;
const SEGMENT = 16_344;

/** Returns a descriptor with only an owner, Everyone; `tag` makes it differ from others. */
export function descriptor(tag = 0): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt8(1, 0);
  bytes.writeUInt16LE(0x8000, 2);
  bytes.writeUInt32LE(20, 4);
  bytes.set([1, 1, 0, 0, 0, 0, 0, 1], 20);
  bytes.writeUInt32LE(tag, 28);
  return bytes;
}

export function sz(name: string, text: string, type = 1): HiveValueSpec {
  return { name, type, data: Buffer.from(`${text}\0`, 'utf16le') };
}

export function dword(name: string, number: number): HiveValueSpec {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(number);
  return { name, type: 4, data };
}

export function removedValue(name: string): HiveValueSpec {
  return { name, type: 0, data: new Uint8Array(0), isTombstone: true };
}

/** Returns the checksum of a base block's first sector. */
export function baseSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < 508; at += 4) sum = (sum ^ bytes.readUInt32LE(at)) >>> 0;
  return sum === 0 ? 1 : sum === NONE ? NONE - 1 : sum;
}

export function setBaseSum(bytes: Buffer): void {
  bytes.writeUInt32LE(baseSum(bytes), 508);
}

/** Returns a hive's bytes. */
export function hive(root: HiveKeySpec, options: HiveOptions = {}): Buffer {
  return buildHive(root, options).bytes;
}

/** Returns a delta hive: version 1.6, layered. */
export function deltaHive(root: HiveKeySpec, options: HiveOptions = {}): Buffer {
  return hive(root, { minor: 6, flags: 2, ...options });
}

export function buildHive(root: HiveKeySpec, options: HiveOptions = {}): BuiltHive {
  const writer = new HiveWriter(options);
  const at = writer.key(root, NONE, '', 0);
  return { bytes: writer.finish(at), keyAt: writer.keyAt };
}

class HiveWriter {
  readonly keyAt = new Map<string, number>();
  readonly #options: HiveOptions;
  readonly #security = new Map<string, number>();
  #bytes = Buffer.alloc(1 << 16);
  #end = BINS + BIN_HEAD;

  constructor(options: HiveOptions) {
    this.#options = options;
  }

  /** Adds a cell with these contents; returns its offset. */
  #cell(contents: Uint8Array): number {
    const size = Math.max(8, Math.ceil((contents.length + 4) / 8) * 8);
    const at = this.#end;
    this.#end += size;
    if (this.#end > this.#bytes.length) {
      const grown = Buffer.alloc(this.#end * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.writeInt32LE(-size, at);
    this.#bytes.set(contents, at + 4);
    return at - BINS;
  }

  #offsets(offsets: readonly number[]): number {
    const bytes = Buffer.alloc(offsets.length * 4);
    for (const [index, offset] of offsets.entries()) bytes.writeUInt32LE(offset, index * 4);
    return this.#cell(bytes);
  }

  #securityAt(bytes: Uint8Array): number {
    const id = Buffer.from(bytes).toString('hex');
    let at = this.#security.get(id);
    if (at === undefined) {
      const record = Buffer.alloc(20 + bytes.length);
      record.write('sk', 0, 'latin1');
      record.writeUInt32LE(bytes.length, 16);
      record.set(bytes, 20);
      at = this.#cell(record);
      this.#security.set(id, at);
    }
    return at;
  }

  #data(data: Uint8Array): number {
    if (data.length <= SEGMENT || (this.#options.minor ?? 5) <= 3) return this.#cell(data);
    const segments: number[] = [];
    for (let at = 0; at < data.length; at += SEGMENT) segments.push(this.#cell(data.subarray(at, at + SEGMENT)));
    const head = Buffer.alloc(8);
    head.write('db', 0, 'latin1');
    head.writeUInt16LE(segments.length, 2);
    head.writeUInt32LE(this.#offsets(segments), 4);
    return this.#cell(head);
  }

  #value({ name, type, data, isTombstone = false }: HiveValueSpec): number {
    const { bytes, isLatin1 } = nameBytes(name);
    const record = Buffer.alloc(20 + bytes.length);
    record.write('vk', 0, 'latin1');
    record.writeUInt16LE(bytes.length, 2);
    record.writeUInt32LE(type, 12);
    record.writeUInt16LE((isLatin1 ? 1 : 0) | (isTombstone ? 2 : 0), 16);
    record.set(bytes, 20);
    if (data.length > 0 && data.length <= 4) {
      record.writeUInt32LE((0x8000_0000 | data.length) >>> 0, 4);
      record.set(data, 8);
    } else {
      record.writeUInt32LE(data.length, 4);
      record.writeUInt32LE(data.length === 0 ? NONE : this.#data(data), 8);
    }
    return this.#cell(record);
  }

  #list(keys: readonly { readonly offset: number; readonly name: string }[]): number {
    const kind = this.#options.list ?? 'lh';
    const step = kind === 'li' ? 4 : 8;
    const bytes = Buffer.alloc(4 + keys.length * step);
    bytes.write(kind, 0, 'latin1');
    bytes.writeUInt16LE(keys.length, 2);
    for (const [index, { offset, name }] of keys.entries()) {
      bytes.writeUInt32LE(offset, 4 + index * step);
      if (kind === 'lh') bytes.writeUInt32LE(nameHash(name), 8 + index * step);
    }
    return this.#cell(bytes);
  }

  #lists(keys: readonly { readonly offset: number; readonly name: string }[]): number {
    const { perList = 500 } = this.#options;
    if (keys.length <= perList) return this.#list(keys);
    const lists: number[] = [];
    for (let at = 0; at < keys.length; at += perList) lists.push(this.#list(keys.slice(at, at + perList)));
    const index = Buffer.alloc(4 + lists.length * 4);
    index.write('ri', 0, 'latin1');
    index.writeUInt16LE(lists.length, 2);
    for (const [at, list] of lists.entries()) index.writeUInt32LE(list, 4 + at * 4);
    return this.#cell(index);
  }

  key(spec: HiveKeySpec, parent: number, path: string, depth: number): number {
    const { name, values = [], keys = [], written = 0n, flags = 0, layer = 0, className = '', security = descriptor() } = spec;
    const { bytes, isLatin1 } = nameBytes(name);
    const record = Buffer.alloc(76 + bytes.length);
    record.write('nk', 0, 'latin1');
    record.writeUInt16LE(flags | (isLatin1 ? 0x20 : 0) | (depth === 0 ? 0x0c : 0), 2);
    record.writeBigUInt64LE(written, 4);
    record.writeUInt8(layer, 13);
    record.writeUInt32LE(parent, 16);
    record.writeUInt32LE(keys.length, 20);
    record.writeUInt32LE(values.length, 36);
    for (const field of [28, 32, 40, 48]) record.writeUInt32LE(NONE, field);
    record.writeUInt16LE(bytes.length, 72);
    record.writeUInt16LE(className.length * 2, 74);
    record.set(bytes, 76);
    const offset = this.#cell(record);
    const own = depth === 0 ? '' : depth === 1 ? name : `${path}\\${name}`;
    this.keyAt.set(own, offset);
    const set = (field: number, value: number): void => {
      this.#bytes.writeUInt32LE(value, BINS + offset + 4 + field);
    };
    set(44, this.#securityAt(security));
    if (className !== '') set(48, this.#cell(Buffer.from(className, 'utf16le')));
    if (values.length > 0) set(40, this.#offsets(values.map((value) => this.#value(value))));
    if (keys.length > 0) set(28, this.#lists(keys.map((key) => ({ offset: this.key(key, offset, own, depth + 1), name: key.name }))));
    return offset;
  }

  finish(root: number): Buffer {
    const { minor = 5, flags = 0, sequence = [1, 1], written = 0n, name = '' } = this.#options;
    const total = Math.ceil(this.#end / 4096) * 4096;
    const bytes = Buffer.alloc(total);
    bytes.set(this.#bytes.subarray(0, this.#end));
    if (total > this.#end) bytes.writeInt32LE(total - this.#end, this.#end);
    bytes.write('regf', 0, 'latin1');
    bytes.writeUInt32LE(sequence[0], 4);
    bytes.writeUInt32LE(sequence[1], 8);
    bytes.writeBigUInt64LE(written, 12);
    bytes.writeUInt32LE(1, 20);
    bytes.writeUInt32LE(minor, 24);
    bytes.writeUInt32LE(1, 32);
    bytes.writeUInt32LE(root, 36);
    bytes.writeUInt32LE(total - BINS, 40);
    bytes.writeUInt32LE(1, 44);
    bytes.write(name.slice(0, 32), 48, 'utf16le');
    bytes.writeUInt32LE(flags, 144);
    bytes.write('hbin', BINS, 'latin1');
    bytes.writeUInt32LE(total - BINS, BINS + 8);
    setBaseSum(bytes);
    return bytes;
  }
}

function nameBytes(name: string): { readonly bytes: Buffer; readonly isLatin1: boolean } {
  let isLatin1 = true;
  for (let at = 0; at < name.length; at++) isLatin1 &&= name.charCodeAt(at) < 0x100;
  return { bytes: Buffer.from(name, isLatin1 ? 'latin1' : 'utf16le'), isLatin1 };
}

function nameHash(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (Math.imul(hash, 37) + (name.charCodeAt(at) & ~0x20)) >>> 0;
  return hash;
}
