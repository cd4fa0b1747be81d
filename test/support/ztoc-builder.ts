// Writes zTOCs. Unlike the FlatBuffers library, this writes front to back and sets each offset once its target is known. See
// src/format/soci for the format.
import { type Checkpoint, GzipScanner, packedStart } from '#format/deflate';
import { TarReader } from '#format/tar';
import { TYPE } from '#model';
import { digestOf } from './image-builder.ts';
import { utf8 } from './tar-builder.ts';

export interface ZtocSpec {
  readonly version?: string;
  readonly packedBytes: number;
  readonly plainBytes: number;
  readonly entries: readonly ZtocEntrySpec[];
  /** 1 gzip, 2 none. */
  readonly algorithm?: number;
  readonly spanDigests: readonly string[];
  readonly checkpoints: Uint8Array;
}

export interface ZtocEntrySpec {
  readonly name: string;
  readonly type: string;
  readonly offset?: number;
  readonly size?: number;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly userName?: string;
  readonly groupName?: string;
  readonly time?: string;
  readonly devMajor?: number;
  readonly devMinor?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** A field's value: a number with some width, or a reference's target. */
type Field =
  | { readonly width: 1 | 4 | 8; readonly value: number }
  | { readonly bytes: Uint8Array }
  | { readonly table: readonly (Field | null)[] }
  | { readonly list: readonly Field[] };

const int64 = (value = 0): Field => ({ width: 8, value });
const int32 = (value = 0): Field => ({ width: 4, value });
const text = (value = ''): Field => ({ bytes: utf8(value) });

class FlatWriter {
  #bytes = Buffer.alloc(1 << 16);
  #length = 4;

  finish(root: readonly (Field | null)[]): Buffer {
    this.#refer(0, { table: root });
    return this.#bytes.subarray(0, this.#length);
  }

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    while (this.#length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    return at;
  }

  #refer(at: number, field: Field): void {
    let target: number;
    if ('table' in field) target = this.#table(field.table);
    else if ('bytes' in field) {
      target = this.#room(4 + field.bytes.length);
      this.#bytes.writeUInt32LE(field.bytes.length, target);
      this.#bytes.set(field.bytes, target + 4);
    } else if ('list' in field) {
      target = this.#room(4 + 4 * field.list.length);
      this.#bytes.writeUInt32LE(field.list.length, target);
      for (const [index, each] of field.list.entries()) this.#refer(target + 4 + 4 * index, each);
    } else throw new Error('a number is not a reference');
    this.#bytes.writeUInt32LE(target - at, at);
  }

  #table(fields: readonly (Field | null)[]): number {
    const vtable = this.#room(4 + 2 * fields.length);
    const width = (field: Field): number => ('width' in field ? field.width : 4);
    const size = fields.reduce((sum, field) => sum + (field === null ? 0 : width(field)), 4);
    const table = this.#room(size);
    this.#bytes.writeInt32LE(table - vtable, table);
    this.#bytes.writeUInt16LE(4 + 2 * fields.length, vtable);
    this.#bytes.writeUInt16LE(size, vtable + 2);
    let at = table + 4;
    for (const [index, field] of fields.entries()) {
      if (field === null) continue;
      this.#bytes.writeUInt16LE(at - table, vtable + 4 + 2 * index);
      if (!('width' in field)) this.#refer(at, field);
      else if (field.width === 8) this.#bytes.writeBigInt64LE(BigInt(field.value), at);
      else if (field.width === 4) this.#bytes.writeInt32LE(field.value, at);
      else this.#bytes.writeUInt8(field.value, at);
      at += width(field);
    }
    return table;
  }
}

function entryFields(entry: ZtocEntrySpec): Field {
  const { xattrs } = entry;
  const attributes =
    xattrs === undefined ? null : { list: Object.entries(xattrs).map(([key, value]) => ({ table: [text(key), text(value)] })) };
  const { name, type, offset, size, linkName, mode, uid, gid, userName, groupName, time, devMajor, devMinor } = entry;
  return {
    table: [
      ...[text(name), text(type), int64(offset), int64(size), linkName === undefined ? null : text(linkName), int64(mode)],
      ...[uid === undefined ? null : int32(uid), int32(gid), text(userName), text(groupName), text(time), int64(devMajor), int64(devMinor)],
      attributes,
    ],
  };
}

export function ztoc({ version = '0.9', packedBytes, plainBytes, entries, algorithm, spanDigests, checkpoints }: ZtocSpec): Buffer {
  const info: (Field | null)[] = [
    algorithm === undefined ? null : { width: 1, value: algorithm },
    int32(spanDigests.length - 1),
    { list: spanDigests.map((digest) => text(digest)) },
    { bytes: checkpoints },
  ];
  const toc: Field = { table: [{ list: entries.map(entryFields) }] };
  return new FlatWriter().finish([text(version), text('test'), int64(packedBytes), int64(plainBytes), toc, { table: info }]);
}

/** Returns a zTOC's checkpoints. */
export function zinfo(
  spanBytes: number,
  checkpoints: readonly {
    readonly packedOffset: number;
    readonly plainOffset: number;
    readonly bits: number;
    readonly window: Uint8Array;
  }[],
): Buffer {
  const head = Buffer.alloc(12);
  head.writeInt32LE(checkpoints.length, 0);
  head.writeBigInt64LE(BigInt(spanBytes), 4);
  const records = checkpoints.map(({ packedOffset, plainOffset, bits, window }) => {
    const record = Buffer.alloc(32_785);
    record.writeBigInt64LE(BigInt(packedOffset), 0);
    record.writeBigInt64LE(BigInt(plainOffset), 8);
    record.writeUInt8(bits, 16);
    record.set(window, record.length - window.length);
    return record;
  });
  return Buffer.concat([head, ...records]);
}

const TYPES = new Map<number, string>([
  [TYPE.file, 'reg'],
  [TYPE.directory, 'dir'],
  [TYPE.symlink, 'symlink'],
]);

/** Returns the contents of a zTOC for a gzip layer of files, folders and symlinks, in the form of soci 0.9 and later. */
export function ztocSpec(blob: Uint8Array, plain: Uint8Array, spanBytes: number): ZtocSpec {
  const entries: ZtocEntrySpec[] = [];
  const reader = new TarReader({
    member: ({ name, linkname, type, size, mode, uid, gid, mtimeSeconds, bodyOffset }) => {
      const stated = { name: Buffer.from(name).toString(), type: TYPES.get(type) ?? '', linkName: Buffer.from(linkname).toString() };
      const time = new Date(mtimeSeconds * 1000).toISOString();
      entries.push({ ...stated, offset: bodyOffset, size, mode, uid, gid, time });
    },
    finding: () => {},
  });
  reader.push(plain);
  const checkpoints: Checkpoint[] = [];
  const scanner = new GzipScanner({ spanBytes, checkpoint: (each) => checkpoints.push(each) });
  scanner.push(blob);
  scanner.end();
  const spanDigests = checkpoints.map((each, at) =>
    digestOf(blob.subarray(packedStart(each), checkpoints[at + 1]?.packedOffset ?? blob.length)),
  );
  const sizes = { packedBytes: blob.length, plainBytes: plain.length };
  return { ...sizes, entries, spanDigests, checkpoints: zinfo(spanBytes, checkpoints) };
}

/** Makes the zTOC of a gzip layer. */
export function ztocOf(blob: Uint8Array, plain: Uint8Array, spanBytes: number): Buffer {
  return ztoc(ztocSpec(blob, plain, spanBytes));
}
