// Builds a layer's table from a short list, for tests of code above the tar reader. Simple and slow.
//
//   layer([dir('a'), file('a/b', 3), { whiteout: 'a/c' }, { opaque: 'd' }, { path: 'l', type: 'hardlink', link: 'a/b' }])

import { FLAG, hashName, type LayerTable, type MemberMeta, NO_CHUNKS, NO_NODE } from '#format/layer';
import { TYPE } from '#model';

export interface EntryFixture {
  readonly path: string | Uint8Array;
  readonly type?: keyof typeof TYPE;
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly mtimeNanos?: number;
  readonly link?: string;
  readonly device?: readonly [number, number];
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A member that is only in the raw list. */
export interface RawFixture {
  readonly raw: keyof typeof TYPE;
  readonly size?: number;
}

export type MemberFixture = EntryFixture | { readonly whiteout: string } | { readonly opaque: string } | RawFixture;

export function file(path: string | Uint8Array, size = 1, rest: Partial<EntryFixture> = {}): EntryFixture {
  return { path, type: 'file', size, ...rest };
}

export function dir(path: string, rest: Partial<EntryFixture> = {}): EntryFixture {
  return { path, type: 'directory', mode: 0o755, ...rest };
}

export function symlink(path: string, link: string, rest: Partial<EntryFixture> = {}): EntryFixture {
  return { path, type: 'symlink', link, mode: 0o777, ...rest };
}

export function hardlink(path: string, link: string, rest: Partial<EntryFixture> = {}): EntryFixture {
  return { path, type: 'hardlink', link, ...rest };
}

export function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

/** Decodes a path as Latin-1: one character per byte. */
function key(path: Uint8Array): string {
  return String.fromCharCode(...path);
}

class FixtureTree {
  readonly #nodes = new Map<string, number>([['', 0]]);
  readonly parents: number[] = [0];
  readonly names: number[] = [];
  readonly nameStart: number[] = [0, 0];
  readonly hashes: number[] = [hashName(new Uint8Array(0), 0, 0)];

  node(path: string): number {
    const known = this.#nodes.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const parent = this.node(slash < 0 ? '' : path.slice(0, slash));
    const node = this.parents.length;
    const name = Uint8Array.from(path.slice(slash + 1), (ch) => ch.charCodeAt(0));
    this.#nodes.set(path, node);
    this.parents.push(parent);
    this.names.push(...name);
    this.nameStart.push(this.names.length);
    this.hashes.push(hashName(name, 0, name.length));
    return node;
  }
}

/** Makes a layer with the members in the given order. The empty path is the root. */
export function layer(members: readonly MemberFixture[]): LayerTable {
  const tree = new FixtureTree();
  const count = members.length;
  const node = new Uint32Array(count);
  const flags = new Uint16Array(count);
  const type = new Uint8Array(count);
  const size = new Float64Array(count);
  const mtimeSeconds = new Float64Array(count);
  const mtimeNanos = new Uint32Array(count);
  const link = new Uint32Array(count);
  const metas: MemberMeta[] = [];
  const linkStart = [0];
  const linkNames: number[] = [];
  const lastOf = new Map<number, number>();
  members.forEach((member, row) => {
    const meta = { mode: 0, uid: 0, gid: 0, uname: '', gname: '', devMajor: 0, devMinor: 0, attributes: null };
    if ('raw' in member) {
      node[row] = NO_NODE;
      flags[row] = FLAG.rawOnly;
      type[row] = TYPE[member.raw];
      size[row] = member.size ?? 0;
      metas.push(meta);
    } else if ('whiteout' in member || 'opaque' in member) {
      const isWhiteout = 'whiteout' in member;
      node[row] = tree.node(key(bytes(isWhiteout ? member.whiteout : member.opaque)));
      flags[row] = isWhiteout ? FLAG.whiteout : FLAG.opaque;
      metas.push(meta);
    } else {
      const at = tree.node(key(bytes(member.path)));
      const before = lastOf.get(at);
      if (before !== undefined) flags[before] = (flags[before] as number) | FLAG.superseded;
      lastOf.set(at, row);
      node[row] = at;
      type[row] = TYPE[member.type ?? 'file'];
      size[row] = type[row] === TYPE.file ? (member.size ?? 0) : 0;
      mtimeSeconds[row] = member.mtime ?? 0;
      mtimeNanos[row] = member.mtimeNanos ?? 0;
      if (member.link !== undefined) {
        for (const byte of bytes(member.link)) linkNames.push(byte);
        link[row] = linkStart.push(linkNames.length) - 1;
      }
      const [devMajor, devMinor] = member.device ?? [0, 0];
      const { mode = 0o644, uid = 0, gid = 0, attributes = null } = member;
      metas.push({ ...meta, mode, uid, gid, devMajor, devMinor, attributes });
    }
  });
  return {
    memberCount: count,
    node,
    type,
    flags,
    size,
    mtimeSeconds,
    mtimeNanos,
    headerBlock: Uint32Array.from({ length: count }, (_, row) => row),
    headerBlocks: new Uint32Array(count).fill(1),
    meta: Uint32Array.from({ length: count }, (_, row) => row),
    link,
    ...NO_CHUNKS,
    provenance: 'tar',
    bodySums: new Uint32Array(0),
    nodeCount: tree.parents.length,
    nodeParent: Uint32Array.from(tree.parents),
    nodeNameStart: Uint32Array.from(tree.nameStart),
    nodeNames: Uint8Array.from(tree.names),
    nodeHash: Uint32Array.from(tree.hashes),
    metas,
    linkStart: Uint32Array.from(linkStart),
    linkNames: Uint8Array.from(linkNames),
    // All 0: a link's target is not known when the link is added, so the stack looks it up by path.
    linkTarget: new Uint32Array(linkStart.length - 1),
  };
}
