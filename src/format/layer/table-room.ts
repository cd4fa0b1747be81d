import { LayerscopeError } from '#model';

/** Room that a layer's table has whatever its blob's length, and for each byte of the blob. */
const BASE_BYTES = 64 * 1024 * 1024;
const BYTES_A_BYTE = 2;
/** The same of all paths together as text, which is what a listing prints. */
const BASE_PATH_BYTES = 128 * 1024 * 1024;
const PATH_BYTES_A_BYTE = 4;

/** What a member, a path, a link name and what members share take, names apart; the last one as objects and in the tables to find it by. */
const MEMBER_BYTES = 56;
const NODE_BYTES = 34;
const LINK_BYTES = 12;
const META_BYTES = 600;
/** Copies of the bytes of an attribute or of an owner's name: as they stood, as text, and as the text to find them by. */
const META_COPIES = 8;

/**
 * How much memory the table of one layer may take. It goes with the length of the blob: an honest one takes some dozen bytes a member even
 * where it is packed, a hostile one a thousandth of that.
 */
export class TableRoom {
  readonly #most: number;
  readonly #mostPaths: number;
  readonly #blobBytes: number;
  #used = 0;
  #paths = 0;

  /** `blobBytes`: of the layer as it is stored; infinite where nothing is to be bounded. */
  constructor(blobBytes: number) {
    this.#blobBytes = blobBytes;
    this.#most = BASE_BYTES + blobBytes * BYTES_A_BYTE;
    this.#mostPaths = BASE_PATH_BYTES + blobBytes * PATH_BYTES_A_BYTE;
  }

  /** Throws TOO_LARGE, as all of these. */
  member(nameBytes: number): void {
    this.#take(MEMBER_BYTES);
    this.path(nameBytes);
  }

  /** A node of the tree, by its own name. */
  node(nameBytes: number): void {
    this.#take(NODE_BYTES + nameBytes);
  }

  /** All of a path. */
  path(bytes: number): void {
    this.#paths += bytes;
    if (this.#paths > this.#mostPaths) this.#refuse('longer paths');
  }

  link(nameBytes: number): void {
    this.#take(LINK_BYTES + nameBytes);
  }

  meta(bytes: number): void {
    this.#take(META_BYTES + bytes * META_COPIES);
  }

  #take(bytes: number): void {
    this.#used += bytes;
    if (this.#used > this.#most) this.#refuse('more entries');
  }

  #refuse(what: string): never {
    throw new LayerscopeError('TOO_LARGE', `the layer has ${what} than is read of a blob of ${this.#blobBytes} bytes`);
  }
}

/** What a table takes, as {@link TableRoom} counts it, roughly. */
export function tableBytes(table: {
  readonly memberCount: number;
  readonly nodeCount: number;
  readonly nodeNames: Uint8Array;
  readonly linkNames: Uint8Array;
  readonly metas: readonly unknown[];
}): number {
  const { memberCount, nodeCount, nodeNames, linkNames, metas } = table;
  return memberCount * MEMBER_BYTES + nodeCount * NODE_BYTES + nodeNames.length + linkNames.length + metas.length * META_BYTES;
}
