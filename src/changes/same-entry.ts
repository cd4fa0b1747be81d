import { type LayerTable, linkName, type MemberMeta, sameContents } from '#format/layer';
import { DIFFERS, TYPE } from '#model';

const MODE_BITS = 0o7777;

/** Whether both have the same attributes with the same values, in any order. */
export function sameAttributes(a: MemberMeta['attributes'], b: MemberMeta['attributes']): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => a[name] === b[name]);
}

/** Whether permission bits, owner and attributes are the same. `metaA` and `metaB` are indexes into the tables' metas. */
export function sameMeta(a: LayerTable, metaA: number, b: LayerTable, metaB: number): boolean {
  if (a === b && metaA === metaB) return true;
  const one = a.metas[metaA] as MemberMeta;
  const two = b.metas[metaB] as MemberMeta;
  return (
    ((one.mode ^ two.mode) & MODE_BITS) === 0 &&
    one.uid === two.uid &&
    one.gid === two.gid &&
    (one.attributes === two.attributes || sameAttributes(one.attributes, two.attributes))
  );
}

/** Mode and owner that container engines give an implied folder if there is no folder to copy them from. */
export const IMPLIED_META: MemberMeta = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  uname: '',
  gname: '',
  devMajor: 0,
  devMinor: 0,
  attributes: null,
};

/** Returns the bits of DIFFERS for mode, owner and attributes. */
function metaDifference(one: MemberMeta, two: MemberMeta): number {
  if (one === two) return 0;
  let bits = 0;
  if (((one.mode ^ two.mode) & MODE_BITS) !== 0) bits |= DIFFERS.mode;
  if (one.uid !== two.uid || one.gid !== two.gid) bits |= DIFFERS.owner;
  if (!sameAttributes(one.attributes, two.attributes)) bits |= DIFFERS.attributes;
  return bits;
}

/** Returns the permission, set-id and sticky bits of what is shown. */
export function shownMode({ table, member }: Shown): number {
  const meta = table === null ? IMPLIED_META : (table.metas[table.meta[member] as number] as MemberMeta);
  return meta.mode & MODE_BITS;
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** What a view shows at a path: a member, or an implied folder if `table` is null. */
export interface Shown {
  readonly table: LayerTable | null;
  readonly member: number;
  /** A number that identifies the body, the same for all its names; -1 if there is none. */
  readonly body: number;
  /** Table of the member with the body. */
  readonly bodyTable: LayerTable | null;
  readonly bodyMember: number;
  readonly size: number;
}

/** What is shown for an implied folder. */
export const NOTHING_SHOWN: Shown = { table: null, member: 0, body: -1, bodyTable: null, bodyMember: 0, size: 0 };

/**
 * How checksums of bodies are used. `trusted`: equal sums mean equal bytes; `hints`: different sums mean different bytes, but equality must
 * be confirmed by reading; `ignored`: checksums aren't used.
 */
export type UseOfSums = 'trusted' | 'hints' | 'ignored';

/** Returns one of CONTENT_BITS: what is known about the content of two files without reading them. */
export function contentDifference(before: Shown, now: Shown, sums: UseOfSums): number {
  if (before.body === now.body) return DIFFERS.rewritten;
  if (before.size !== now.size) return DIFFERS.content;
  if (now.size === 0) return DIFFERS.rewritten;
  if (sums === 'ignored' || before.bodyTable === null || now.bodyTable === null) return DIFFERS.unread;
  const isSame = sameBodies(before.bodyTable, before.bodyMember, now.bodyTable, now.bodyMember);
  if (isSame === false) return DIFFERS.content;
  return isSame === true && sums === 'trusted' ? DIFFERS.rewritten : DIFFERS.unread;
}

/**
 * Whether two bodies are equal, by their digests or checksums; null if that isn't known. Digests from a table of contents can't be compared
 * with checksums.
 */
function sameBodies(a: LayerTable, memberA: number, b: LayerTable, memberB: number): boolean | null {
  if (a.provenance !== b.provenance) return null;
  return a.provenance === 'toc' ? sameContents(a, memberA, b, memberB) : sameSums(a.bodySums, memberA, b.bodySums, memberB);
}

/** Whether the checksums of two members' bodies are equal; null if either has none. */
export function sameSums(a: Uint32Array, memberA: number, b: Uint32Array, memberB: number): boolean | null {
  const [x, y] = [memberA * 2, memberB * 2];
  if (((a[x] ?? 0) | (a[x + 1] ?? 0)) === 0 || ((b[y] ?? 0) | (b[y + 1] ?? 0)) === 0) return null;
  return a[x] === b[y] && a[x + 1] === b[y + 1];
}

function typeOf(shown: Shown): number {
  return shown.table === null ? TYPE.directory : (shown.table.type[shown.member] as number);
}

/** Returns the bits of DIFFERS between the former and the present entry of a path. */
export function difference(before: Shown, now: Shown, sums: UseOfSums): number {
  const { table: a, member: x } = before;
  const { table: b, member: y } = now;
  if (a === b && x === y) return 0;
  const metaA = a === null ? IMPLIED_META : (a.metas[a.meta[x] as number] as MemberMeta);
  const metaB = b === null ? IMPLIED_META : (b.metas[b.meta[y] as number] as MemberMeta);
  let bits = metaDifference(metaA, metaB);
  const typeA = typeOf(before);
  const typeB = typeOf(now);
  if (typeA !== typeB) bits |= DIFFERS.type;
  // A symbolic link has no mode, whatever its header says.
  else if (typeA === TYPE.symlink) bits &= ~DIFFERS.mode;
  if (before.body >= 0 && now.body >= 0) bits |= contentDifference(before, now, sums);
  const seconds = (a?.mtimeSeconds[x] ?? 0) !== (b?.mtimeSeconds[y] ?? 0);
  if (seconds || (a?.mtimeNanos[x] ?? 0) !== (b?.mtimeNanos[y] ?? 0)) bits |= DIFFERS.time;
  if (typeA === typeB && a !== null && b !== null) {
    if (typeA === TYPE.symlink || typeA === TYPE.hardlink) {
      if (!sameBytes(linkName(a, x), linkName(b, y))) bits |= DIFFERS.link;
    } else if (typeA === TYPE.character || typeA === TYPE.block) {
      if (metaA.devMajor !== metaB.devMajor || metaA.devMinor !== metaB.devMinor) bits |= DIFFERS.device;
    }
  }
  return bits;
}
