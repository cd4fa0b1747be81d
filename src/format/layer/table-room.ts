import { LayerscopeError } from '#model';

/** Memory that any layer's table may take: a fixed amount, plus some for each byte of the blob. */
const BASE_BYTES = 64 * 1024 * 1024;
const BYTES_A_BYTE = 2;
/** Limit for the total length of all paths, as printed in a listing: a fixed number of bytes, plus some for each byte of the blob. */
const BASE_PATH_BYTES = 128 * 1024 * 1024;
const PATH_BYTES_A_BYTE = 4;

/**
 * Memory in bytes for a member, a path node, a link and a metadata record, without their names. A metadata record is an object and has
 * entries in several tables.
 */
const MEMBER_BYTES = 56;
const NODE_BYTES = 34;
const LINK_BYTES = 12;
const META_BYTES = 600;
/**
 * Number of columns with an element per piece: its address, the start and end of its packed bytes, and its offset in these once unpacked.
 */
const PIECE_COLUMNS = 4;
/** Each byte of an attribute or an owner's name takes this many bytes, because it is stored raw, as text, and in lookup keys. */
const META_COPIES = 8;

/**
 * Limits the memory that a layer's table may take, in proportion to the blob. A member of a real layer takes dozens of bytes even in a
 * compressed blob; in a hostile layer, a thousandth of that.
 */
export class TableRoom {
  readonly #most: number;
  readonly #mostPaths: number;
  readonly #blobBytes: number;
  #used = 0;
  #paths = 0;

  /** `blobBytes` is the stored size of the layer; infinite for no limit. */
  constructor(blobBytes: number) {
    this.#blobBytes = blobBytes;
    this.#most = BASE_BYTES + blobBytes * BYTES_A_BYTE;
    this.#mostPaths = BASE_PATH_BYTES + blobBytes * PATH_BYTES_A_BYTE;
  }

  /** Reserves memory for a member and its path. Throws TOO_LARGE, as do the other methods. */
  member(nameBytes: number): void {
    this.#take(MEMBER_BYTES);
    this.path(nameBytes);
  }

  /** Reserves memory for a node of the tree, with its last path component. */
  node(nameBytes: number): void {
    this.#take(NODE_BYTES + nameBytes);
  }

  /** Counts a full path towards the limit on the length of all paths. */
  path(bytes: number): void {
    this.#paths += bytes;
    if (this.#paths > this.#mostPaths) this.#refuse('longer paths');
  }

  /** Reserves memory for a link name. */
  link(nameBytes: number): void {
    this.#take(LINK_BYTES + nameBytes);
  }

  /** Reserves memory for a metadata record; `bytes` is the length of its attributes or owner names. */
  meta(bytes: number): void {
    this.#take(META_BYTES + bytes * META_COPIES);
  }

  #take(bytes: number): void {
    this.#used += bytes;
    if (this.#used > this.#most) this.#refuse('more entries');
  }

  #refuse(what: string): never {
    throw new LayerscopeError('TOO_LARGE', `the layer has ${what} than the limit for a blob of ${this.#blobBytes} bytes allows`);
  }
}

/** Estimates how much memory a table takes, using the same figures as {@link TableRoom}. */
export function tableBytes(table: {
  readonly memberCount: number;
  readonly nodeCount: number;
  readonly nodeNames: Uint8Array;
  readonly linkNames: Uint8Array;
  readonly metas: readonly unknown[];
  readonly bodyAt: Float64Array;
  readonly chunkAt: Float64Array;
  readonly chunkDigests: Uint8Array;
  readonly wholeDigests: Uint8Array;
}): number {
  const { memberCount, nodeCount, nodeNames, linkNames, metas, bodyAt, chunkAt, chunkDigests, wholeDigests } = table;
  const pieces = bodyAt.byteLength + chunkAt.byteLength * PIECE_COLUMNS + chunkDigests.length + wholeDigests.length;
  return memberCount * MEMBER_BYTES + nodeCount * NODE_BYTES + nodeNames.length + linkNames.length + metas.length * META_BYTES + pieces;
}
