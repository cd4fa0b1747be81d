import type { TarMember } from '#format/tar';
import { TYPE } from '#model';
import { finished, grown } from './grown.ts';
import { FLAG, type LayerTable, NO_NODE } from './layer-table.ts';
import type { MetaTable } from './metas.ts';
import type { TableRoom } from './table-room.ts';

const BLOCK = 512;

/** The columns of a table that describe members and their links: the result of {@link LayerColumns.finish}. */
type MemberColumns = Pick<
  LayerTable,
  | 'memberCount'
  | 'node'
  | 'type'
  | 'flags'
  | 'size'
  | 'mtimeSeconds'
  | 'mtimeNanos'
  | 'headerBlock'
  | 'headerBlocks'
  | 'meta'
  | 'link'
  | 'linkStart'
  | 'linkNames'
  | 'linkTarget'
>;

/** Builds the columns of a table that describe its members. Each row is a member, in the order of the tar. */
export class LayerColumns {
  readonly #metas: MetaTable;
  count = 0;
  #capacity = 256;
  node = new Uint32Array(256);
  type = new Uint8Array(256);
  #flags = new Uint16Array(256);
  #size = new Float64Array(256);
  #mtimeSeconds = new Float64Array(256);
  /** Nanoseconds of each row's time. Allocated when the first member with a fraction of a second is added. */
  #mtimeNanos = new Uint32Array(0);
  #headerBlock = new Uint32Array(256);
  #headerBlocks = new Uint32Array(256);
  #meta = new Uint32Array(256);
  #link = new Uint32Array(256);
  #linkCount = 0;
  #linkStart = new Uint32Array(64);
  #linkNames = new Uint8Array(1024);
  #linkTarget = new Uint32Array(64);
  /** Whether any hard link's mode, owner or time differs from its target's. */
  #hasOtherFacts = false;

  readonly #room: TableRoom;

  constructor(metas: MetaTable, room: TableRoom) {
    this.#metas = metas;
    this.#room = room;
  }

  /** Adds a row that has no node yet, with its link target if `keepsLink`. Throws TOO_LARGE. */
  add(member: TarMember, keepsLink: boolean): number {
    const meta = this.#metas.intern(member);
    const isLink = keepsLink && (member.type === TYPE.symlink || member.type === TYPE.hardlink);
    if (isLink) this.#room.link(member.linkEnd - member.linkStart);
    const row = this.count;
    if (row === this.#capacity) this.#grow();
    this.count = row + 1;
    const { type } = member;
    this.node[row] = NO_NODE;
    this.type[row] = type;
    this.#flags[row] = member.sparse === null ? 0 : FLAG.sparse;
    this.#size[row] = type === TYPE.file ? member.size : 0;
    this.#mtimeSeconds[row] = member.mtimeSeconds;
    if (member.mtimeNanos !== 0) this.#setNanos(row, member.mtimeNanos);
    this.#headerBlock[row] = member.headerOffset / BLOCK;
    this.#headerBlocks[row] = (member.bodyOffset - member.headerOffset) / BLOCK;
    this.#meta[row] = meta;
    this.#link[row] = isLink ? this.#addLink(member) : 0;
    return row;
  }

  #grow(): void {
    const length = this.#capacity * 2;
    this.#capacity = length;
    this.node = grown(this.node, length);
    this.type = grown(this.type, length);
    this.#flags = grown(this.#flags, length);
    this.#size = grown(this.#size, length);
    this.#mtimeSeconds = grown(this.#mtimeSeconds, length);
    if (this.#mtimeNanos.length > 0) this.#mtimeNanos = grown(this.#mtimeNanos, length);
    this.#headerBlock = grown(this.#headerBlock, length);
    this.#headerBlocks = grown(this.#headerBlocks, length);
    this.#meta = grown(this.#meta, length);
    this.#link = grown(this.#link, length);
  }

  #setNanos(row: number, nanos: number): void {
    if (this.#mtimeNanos.length === 0) this.#mtimeNanos = new Uint32Array(this.#capacity);
    this.#mtimeNanos[row] = nanos;
  }

  /** Adds the member's link name. Returns 1 + its index. */
  #addLink(member: TarMember): number {
    const { linkBytes, linkStart, linkEnd } = member;
    const from = this.#linkStart[this.#linkCount] as number;
    const to = from + linkEnd - linkStart;
    if (to > this.#linkNames.length) this.#linkNames = grown(this.#linkNames, to * 2);
    for (let i = linkStart, at = from; i < linkEnd; i++) this.#linkNames[at++] = linkBytes[i] as number;
    this.#linkCount++;
    if (this.#linkCount === this.#linkStart.length) {
      this.#linkStart = grown(this.#linkStart, this.#linkCount * 2);
      this.#linkTarget = grown(this.#linkTarget, this.#linkCount * 2);
    }
    this.#linkStart[this.#linkCount] = to;
    return this.#linkCount;
  }

  set(row: number, flags: number): void {
    this.#flags[row] = (this.#flags[row] as number) | flags;
  }

  has(row: number, flags: number): boolean {
    return ((this.#flags[row] as number) & flags) !== 0;
  }

  /** Returns the offset of the row's first header block, in bytes. */
  offset(row: number): number {
    return (this.#headerBlock[row] as number) * BLOCK;
  }

  /** Returns a view of the raw link target of a row with a link. */
  linkOf(row: number): Uint8Array {
    const link = this.#link[row] as number;
    return this.#linkNames.subarray(this.#linkStart[link - 1], this.#linkStart[link]);
  }

  /**
   * Returns the row that owns the inode: for a hard link the row that it is another name of, otherwise the row itself. -1 if that row
   * doesn't precede the link.
   */
  inode(row: number): number {
    return this.type[row] === TYPE.hardlink ? (this.#linkTarget[(this.#link[row] as number) - 1] as number) - 1 : row;
  }

  /** Makes a hard link another name of `inode`, a row that isn't a hard link itself. Throws TOO_LARGE. */
  nameOf(row: number, inode: number): void {
    // Reserves memory for the metadata record that both will share, which `finish` creates.
    if (this.#meta[row] !== this.#meta[inode]) this.#room.meta(0);
    this.#linkTarget[(this.#link[row] as number) - 1] = inode + 1;
    this.#hasOtherFacts ||= this.#meta[row] !== this.#meta[inode] || !this.#hasTimeOf(row, inode);
  }

  #hasTimeOf(row: number, other: number): boolean {
    return this.#mtimeSeconds[row] === this.#mtimeSeconds[other] && (this.#mtimeNanos[row] ?? 0) === (this.#mtimeNanos[other] ?? 0);
  }

  /** Gives all names of an inode the same mode, owner and time. As in containerd, each hard link sets them, so the last one wins. */
  #shareFacts(): void {
    const links: number[] = [];
    for (let row = 0; row < this.count; row++) {
      if (this.type[row] === TYPE.hardlink && this.node[row] !== NO_NODE && this.inode(row) >= 0) links.push(row);
    }
    for (const row of links) this.#copyFacts(row, this.inode(row));
    for (const row of links) this.#copyFacts(this.inode(row), row);
  }

  #copyFacts(from: number, to: number): void {
    this.#meta[to] = this.#metas.withFactsOf(this.#meta[to] as number, this.#meta[from] as number);
    this.#mtimeSeconds[to] = this.#mtimeSeconds[from] as number;
    if (this.#mtimeNanos.length > 0) this.#mtimeNanos[to] = this.#mtimeNanos[from] as number;
  }

  /** Returns the columns, trimmed to the number of rows. No more rows can be added. */
  finish(): MemberColumns {
    if (this.#hasOtherFacts) this.#shareFacts();
    const { count } = this;
    const linkStart = finished(this.#linkStart, this.#linkCount + 1);
    return {
      memberCount: count,
      node: finished(this.node, count),
      type: finished(this.type, count),
      flags: finished(this.#flags, count),
      size: finished(this.#size, count),
      mtimeSeconds: finished(this.#mtimeSeconds, count),
      mtimeNanos: this.#mtimeNanos.length === 0 ? this.#mtimeNanos : finished(this.#mtimeNanos, count),
      headerBlock: finished(this.#headerBlock, count),
      headerBlocks: finished(this.#headerBlocks, count),
      meta: finished(this.#meta, count),
      link: finished(this.#link, count),
      linkStart,
      linkNames: finished(this.#linkNames, linkStart[this.#linkCount] as number),
      linkTarget: finished(this.#linkTarget, this.#linkCount),
    };
  }
}
