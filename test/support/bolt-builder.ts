// Writes bolt databases from nested maps: bolt({ v1: { key: 'value' } }). See src/format/bolt for the format.
import { utf8 } from './tar-builder.ts';

/** A bucket: values, or nested buckets. */
export interface BoltTree {
  readonly [key: string]: string | Uint8Array | BoltTree;
}

export interface BoltOptions {
  readonly pageSize?: number;
  /** Buckets of at most this many bytes are inlined in their parent's page. */
  readonly inlineBytes?: number;
  /** Maximum number of elements in a leaf page. With more, a branch page is written. */
  readonly perPage?: number;
  readonly transaction?: number;
}

interface Element {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly isBucket: boolean;
}

const HEADER = 16;
const ELEMENT = 16;

function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}

/** Returns a meta page's 80 bytes with a correct checksum. */
export function boltMeta(id: number, root: number, pageSize: number, transaction: number, version = 2): Buffer {
  const bytes = Buffer.alloc(80);
  bytes.writeBigUInt64LE(BigInt(id), 0);
  bytes.writeUInt16LE(4, 8);
  bytes.writeUInt32LE(0xed0cdaed, 16);
  bytes.writeUInt32LE(version, 20);
  bytes.writeUInt32LE(pageSize, 24);
  bytes.writeBigUInt64LE(BigInt(root), 32);
  bytes.writeBigUInt64LE(BigInt(transaction), 64);
  bytes.writeBigUInt64LE(fnv1a(bytes.subarray(16, 72)), 72);
  return bytes;
}

function leafBytes(elements: readonly Element[]): Buffer {
  const size = elements.reduce((sum, { key, value }) => sum + ELEMENT + key.length + value.length, HEADER);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt16LE(2, 8);
  bytes.writeUInt16LE(elements.length, 10);
  let at = HEADER + elements.length * ELEMENT;
  for (const [index, { key, value, isBucket }] of elements.entries()) {
    const own = HEADER + index * ELEMENT;
    bytes.writeUInt32LE(isBucket ? 1 : 0, own);
    bytes.writeUInt32LE(at - own, own + 4);
    bytes.writeUInt32LE(key.length, own + 8);
    bytes.writeUInt32LE(value.length, own + 12);
    bytes.set(key, at);
    bytes.set(value, at + key.length);
    at += key.length + value.length;
  }
  return bytes;
}

function branchBytes(children: readonly { readonly key: Uint8Array; readonly page: number }[]): Buffer {
  const bytes = Buffer.alloc(children.reduce((sum, { key }) => sum + ELEMENT + key.length, HEADER));
  bytes.writeUInt16LE(1, 8);
  bytes.writeUInt16LE(children.length, 10);
  let at = HEADER + children.length * ELEMENT;
  for (const [index, { key, page }] of children.entries()) {
    const own = HEADER + index * ELEMENT;
    bytes.writeUInt32LE(at - own, own);
    bytes.writeUInt32LE(key.length, own + 4);
    bytes.writeBigUInt64LE(BigInt(page), own + 8);
    bytes.set(key, at);
    at += key.length;
  }
  return bytes;
}

/** Returns a complete database. */
export function bolt(tree: BoltTree, options: BoltOptions = {}): Buffer {
  const { pageSize = 4096, inlineBytes = 256, perPage = 100, transaction = 7 } = options;
  const pages: Buffer[] = [Buffer.alloc(pageSize), Buffer.alloc(pageSize)];
  const addPage = (content: Buffer): number => {
    const id = pages.length;
    const count = Math.max(1, Math.ceil(content.length / pageSize));
    const page = Buffer.alloc(count * pageSize);
    content.copy(page);
    page.writeBigUInt64LE(BigInt(id), 0);
    page.writeUInt32LE(count - 1, 12);
    for (let at = 0; at < count; at++) pages.push(page.subarray(at * pageSize, (at + 1) * pageSize));
    return id;
  };
  const rootOf = (elements: readonly Element[]): number => {
    if (elements.length <= perPage) return addPage(leafBytes(elements));
    const children: { key: Uint8Array; page: number }[] = [];
    for (let from = 0; from < elements.length; from += perPage) {
      const some = elements.slice(from, from + perPage);
      children.push({ key: some[0]?.key ?? new Uint8Array(0), page: addPage(leafBytes(some)) });
    }
    return addPage(branchBytes(children));
  };
  const elementsOf = (bucket: BoltTree): Element[] =>
    Object.entries(bucket)
      .map(([key, value]): Element => {
        if (typeof value === 'string') return { key: utf8(key), value: utf8(value), isBucket: false };
        if (value instanceof Uint8Array) return { key: utf8(key), value, isBucket: false };
        const inner = elementsOf(value);
        const inline = leafBytes(inner);
        const isInline = inline.length <= inlineBytes && !inner.some(({ isBucket }) => isBucket);
        const head = Buffer.alloc(16);
        head.writeBigUInt64LE(BigInt(isInline ? 0 : rootOf(inner)), 0);
        return { key: utf8(key), value: isInline ? Buffer.concat([head, inline]) : head, isBucket: true };
      })
      .sort((a, b) => Buffer.compare(a.key, b.key));
  const root = rootOf(elementsOf(tree));
  for (const id of [0, 1]) boltMeta(id, root, pageSize, transaction - id).copy(pages[id] as Buffer);
  return Buffer.concat(pages);
}
