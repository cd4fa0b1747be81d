import type { TarHandler, TarMember } from '#format/tar';
import { displayText, TYPE } from '#model';
import { SourceFile } from '../blob/source-file.ts';
import { MemberRefused } from './member-refused.ts';
import { type MemberStore, normalName, readHead, type StoredRange } from './member-store.ts';
import type { NewPath } from './overlay-members.ts';
import { layOutSparse, type SparseMap } from './sparse-member.ts';

/**
 * If there are more members than this, only those that identify an image are kept, because the tar is a layer or will be read again in
 * full.
 */
const FEW_MEMBERS = 4096;
/** Maximum number of members of an image archive. */
export const MAX_MEMBERS = 200_000;
/** Maximum total length of the members' names. */
const MAX_NAME_BYTES = 16 * 1024 * 1024;
/** Maximum number of stored parts of all sparse members. */
const MAX_PIECES = 500_000;
/** Maximum number of repeated names that are reported. */
const MAX_REPEATED = 20;
/** Maximum number of bytes of repeated members that are compared while an archive is opened. */
const MAX_COMPARED_BYTES = 256 * 1024 * 1024;
const MAX_COPIES = 10_000;
const COMPARED_AT_ONCE = 256 * 1024;
/** Maximum number of links followed in a row. */
const MAX_LINKS = 32;

interface Member {
  readonly type: 'file' | 'symlink' | 'hardlink';
  readonly start: number;
  readonly length: number;
  readonly target: string;
  /** The stored parts of a sparse member and its size including holes; null if it isn't sparse. */
  readonly sparse: { readonly map: SparseMap; readonly size: number } | null;
  truncated: boolean;
}

const IDENTIFYING = new Set(['manifest.json', 'index.json', 'oci-layout', 'repositories']);
/** Names that image tools use. */
const IMAGE_NAME = /^(?:blobs\/sha(?:256|512)(?:\/|$)|(?:sha256:)?[0-9a-f]{64}(?:$|[./])|oci-layout$)/;

/** Less distinctive names of layers: `<id>/layer.tar`, or tars next to the manifest. */
const LAYER_NAME = /(?:^|[/\\])layer\.tar$|^[^/]+\.tar(?:\.\w+)?$/;

/** Collects the members that an image's manifests may refer to while the tar is read. */
export class MemberCollector implements TarHandler {
  readonly #members = new Map<string, Member>();
  readonly #limit: number;
  /** The first few names that occur more than once, if the members differ in type, link target or length, or are manifests. */
  readonly repeated = new Set<string>();
  /** Pairs of members with the same name and size. */
  readonly #copies: { readonly name: string; readonly earlier: Member; readonly later: Member }[] = [];
  #count = 0;
  #imageNames = 0;
  #overflowed = false;
  #nameBytes = 0;
  #pieces = 0;

  constructor(limit = FEW_MEMBERS) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether any member is a tar, as image tools store layers. */
  get holdsTars(): boolean {
    for (const name of this.#members.keys()) if (LAYER_NAME.test(name)) return true;
    return false;
  }

  /** Whether names other than the manifest's suggest an image tool. */
  get looksLikeImage(): boolean {
    return this.#imageNames > 0;
  }

  /** Whether the tar may be an image archive: it looks like one or has a manifest of some kind. */
  get mayBeImage(): boolean {
    return this.looksLikeImage || this.has('manifest.json') || this.has('index.json');
  }

  /** Whether there were too many members, so that {@link members} is incomplete. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  member(member: TarMember): void {
    this.#count++;
    const { type } = member;
    if (type !== TYPE.file && type !== TYPE.symlink && type !== TYPE.hardlink && type !== TYPE.directory) return;
    const nameBytes = member.nameEnd - member.nameStart;
    if (this.#overflowed && nameBytes > 20) return;
    const name = normalName(latin1(member.name));
    if (name === null || name === '') return;
    if (IMAGE_NAME.test(name)) this.#imageNames++;
    if (type === TYPE.directory) return;
    if (this.#overflowed && !IDENTIFYING.has(name)) return;
    this.#nameBytes += nameBytes + (type === TYPE.file ? 0 : member.linkEnd - member.linkStart);
    this.#pieces += member.sparse?.length ?? 0;
    if (this.#members.size >= this.#limit || this.#nameBytes > MAX_NAME_BYTES || this.#pieces > MAX_PIECES) {
      this.#overflow();
      if (!IDENTIFYING.has(name)) return;
    }
    const length = member.storedSize - (member.dataOffset - member.bodyOffset);
    const earlier = this.#members.get(name);
    const found: Member = {
      type: type === TYPE.symlink ? 'symlink' : type === TYPE.hardlink ? 'hardlink' : 'file',
      start: member.dataOffset,
      length,
      target: type === TYPE.file ? '' : latin1(member.linkname),
      sparse: member.sparse === null ? null : { map: member.sparse, size: member.size },
      truncated: false,
    };
    if (earlier !== undefined) this.#repeat(name, earlier, found);
    this.#members.set(name, found);
    this.#last = name;
  }

  #last = '';

  #repeat(name: string, earlier: Member, later: Member): void {
    if (this.repeated.size >= MAX_REPEATED) return;
    const isSame = earlier.type === later.type && earlier.target === later.target && earlier.length === later.length;
    if (IDENTIFYING.has(name) || !isSame || this.#copies.length >= MAX_COPIES) this.repeated.add(name);
    else if (later.type === 'file') this.#copies.push({ name, earlier, later });
  }

  /**
   * Returns the first few names of members that occur more than once with different content. Copies of a layer are common and harmless.
   * Copies are compared up to a limit; beyond it they count as different.
   */
  differing(file: SourceFile): ReadonlySet<string> {
    let left = MAX_COMPARED_BYTES;
    for (const { name, earlier, later } of this.#copies.splice(0)) {
      if (this.repeated.size >= MAX_REPEATED) break;
      left -= later.length;
      if (left < 0 || !isSameRange(file, earlier, later)) this.repeated.add(name);
    }
    return this.repeated;
  }

  finding(): void {}

  /** Marks the last member as truncated, because the tar ends inside it. */
  truncated(): void {
    const member = this.#members.get(this.#last);
    if (member !== undefined) member.truncated = true;
  }

  #overflow(): void {
    this.#overflowed = true;
    for (const name of this.#members.keys()) if (!IDENTIFYING.has(name)) this.#members.delete(name);
  }
}

/** Creates a collector that keeps all members, for a tar known to be an image archive. */
export function wholeCollector(): MemberCollector {
  return new MemberCollector(MAX_MEMBERS);
}

function isSameRange(file: SourceFile, a: Member, b: Member): boolean {
  const [left, right] = [new Uint8Array(COMPARED_AT_ONCE), new Uint8Array(COMPARED_AT_ONCE)];
  for (let at = 0; at < a.length; at += COMPARED_AT_ONCE) {
    const length = Math.min(COMPARED_AT_ONCE, a.length - at);
    const counts = [file.read(left, a.start + at, length), file.read(right, b.start + at, length)];
    if (counts[0] !== counts[1] || Buffer.compare(left.subarray(0, counts[0]), right.subarray(0, counts[1])) !== 0) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The members of a tar in a file. The file remains the caller's; after it is closed, members are read by its path. */
export class TarMembers implements MemberStore {
  readonly #members: ReadonlyMap<string, Member>;
  readonly #file: SourceFile;
  readonly #key: string;
  readonly #identity: string | null;
  readonly #newPath: NewPath;
  /** Temporary files with sparse members expanded; removed with the archive. */
  readonly #laidOut = new Map<Member, string>();

  /**
   * For `key`, see {@link StoredRange}. `identity` is null for a file that only this program writes. `newPath` is used for sparse members.
   */
  constructor(members: ReadonlyMap<string, Member>, file: SourceFile, key: string, identity: string | null, newPath: NewPath) {
    this.#newPath = newPath;
    this.#members = members;
    this.#file = file;
    this.#key = key;
    this.#identity = identity;
  }

  find(name: string): StoredRange | null {
    let at = normalName(name);
    for (let links = 0; at !== null && links <= MAX_LINKS; links++) {
      const member = this.#members.get(at);
      if (member === undefined) return null;
      if (member.type === 'file') return member.sparse === null ? this.#range(member) : this.#sparseRange(member, at);
      at = resolveLink(at, member);
      if (at === null) throw new MemberRefused('path-escape', `${displayText(name)} is a link that points outside the archive`);
    }
    if (at === null) throw new MemberRefused('path-escape', `${displayText(name)} points outside the archive`);
    throw new MemberRefused('link-loop', `${displayText(name)} is a link that leads back to itself`);
  }

  names(): Iterable<string> {
    return this.#members.keys();
  }

  head(range: StoredRange, count: number): Uint8Array {
    const wanted = Math.min(count, range.length);
    if (this.#file.isOpen && range.path === this.#file.path) return readHead(this.#file, range.start, wanted);
    using file = new SourceFile(range.path, range.identity);
    return readHead(file, range.start, wanted);
  }

  get files(): readonly string[] {
    return [...this.#laidOut.values()];
  }

  #sparseRange(member: Member, name: string): StoredRange {
    const { map, size } = member.sparse ?? { map: [], size: 0 };
    let path = this.#laidOut.get(member);
    if (path === undefined) {
      path = this.#newPath();
      layOutSparse(this.#file.path, this.#identity, { name, start: member.start, storedBytes: member.length, map, size }, path);
      this.#laidOut.set(member, path);
    }
    return { path, start: 0, length: size, identity: null, key: this.#key === '' ? '' : `${this.#key}:${member.start}:${size}:sparse` };
  }

  #range(member: Member): StoredRange {
    const { start } = member;
    const length = Math.max(0, Math.min(member.length, this.#file.size - start));
    return {
      path: this.#file.path,
      start,
      length,
      identity: this.#identity,
      key: this.#key === '' ? '' : `${this.#key}:${start}:${length}`,
    };
  }
}

/**
 * Returns the name that a link points to; null if the link points outside the archive. Hard links are relative to the root, symbolic links
 * to their own folder.
 */
function resolveLink(name: string, member: Member): string | null {
  if (member.target.startsWith('/')) return null;
  const parts = member.type === 'symlink' ? name.split('/').slice(0, -1) : [];
  for (const part of member.target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join('/');
}
