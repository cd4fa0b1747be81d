import type { TarMember } from '#format/tar';
import { decodeUtf8, escapePath } from '#model';
import { attributesOf } from './attributes.ts';
import { hashName, type MemberMeta } from './layer-table.ts';
import { ProbeLimit } from './probe-limit.ts';
import type { TableRoom } from './table-room.ts';

type Owners = Pick<MemberMeta, 'mode' | 'uid' | 'gid' | 'devMajor' | 'devMinor'>;

const EMPTY = new Uint8Array(0);

function same(kept: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (kept.length !== end - start) return false;
  for (let i = 0; i < kept.length; i++) if (kept[i] !== bytes[start + i]) return false;
  return true;
}

function text(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? escapePath(bytes);
}

/**
 * Interns metadata that members share. Most members have the same metadata as the previous one, so for these a single comparison is enough.
 */
export class MetaTable {
  readonly metas: MemberMeta[] = [];
  /** Raw owner names of each metadata record; {@link MemberMeta} has these as text. */
  readonly #unames: Uint8Array[] = [];
  readonly #gnames: Uint8Array[] = [];
  /** Hash table of 1 + index for metadata records without attributes; 0 is a free slot. */
  #slots = new Uint32Array(64);
  #slotCount = 0;
  /**
   * Hash table of 1 + index into `#forms`, for metadata records with attributes. A form consists of the raw PAX records as written, and the
   * metadata record made from them.
   */
  #formSlots = new Uint32Array(64);
  readonly #forms: { readonly records: Uint8Array; readonly meta: number }[] = [];
  /** Index by all values as text, so that forms that differ only in the order of their PAX records share a metadata record. */
  readonly #byText = new Map<string, number>();
  /** Results of {@link withFactsOf}, keyed by its arguments. */
  readonly #shared = new Map<string, number>();
  #last = -1;
  readonly #room: TableRoom;
  readonly #limit = new ProbeLimit();

  constructor(room: TableRoom) {
    this.#room = room;
  }

  /** Returns the index of the member's metadata record. */
  intern(member: TarMember): number {
    if (member.hasAttributes) return this.#internWithAttributes(member);
    if (this.#last >= 0 && this.#is(this.#last, member)) return this.#last;
    const mask = this.#slots.length - 1;
    const first = this.#hash(member) & mask;
    let slot = first;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const found = (this.#slots[slot] as number) - 1;
      if (!this.#is(found, member)) continue;
      this.#last = found;
      break;
    }
    this.#limit.passed((slot - first) & mask, member.unameEnd - member.unameStart + member.gnameEnd - member.gnameStart);
    if (this.#slots[slot] !== 0) return this.#last;
    this.#last = this.#add(member, null);
    this.#slots[slot] = this.#last + 1;
    if (++this.#slotCount * 2 > this.#slots.length) this.#rehash();
    return this.#last;
  }

  /**
   * Returns the index of a copy of the metadata record `meta`, with the mode and owner of the record `facts`. The caller must reserve the
   * memory.
   */
  withFactsOf(meta: number, facts: number): number {
    const { mode, uid, gid, uname, gname } = this.metas[facts] as MemberMeta;
    const own = this.metas[meta] as MemberMeta;
    if (own.mode === mode && own.uid === uid && own.gid === gid && own.uname === uname && own.gname === gname) return meta;
    const key = `${meta} ${facts}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const index = this.metas.push({ ...own, mode, uid, gid, uname, gname }) - 1;
    this.#shared.set(key, index);
    return index;
  }

  #is(index: number, member: TarMember): boolean {
    const meta = this.metas[index] as MemberMeta;
    return (
      meta.mode === member.mode &&
      meta.uid === member.uid &&
      meta.gid === member.gid &&
      meta.devMajor === member.devMajor &&
      meta.devMinor === member.devMinor &&
      same(this.#unames[index] ?? EMPTY, member.unameBytes, member.unameStart, member.unameEnd) &&
      same(this.#gnames[index] ?? EMPTY, member.gnameBytes, member.gnameStart, member.gnameEnd)
    );
  }

  #hash(member: TarMember): number {
    return mixed(member.mode, member.uid, member.gid, member.devMajor, member.devMinor, namesHash(member));
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (const old of this.#slots) {
      if (old === 0) continue;
      const meta = this.metas[old - 1] as MemberMeta;
      let slot = mixed(meta.mode, meta.uid, meta.gid, meta.devMajor, meta.devMinor, this.#keptNamesHash(old - 1)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = old;
    }
    this.#slots = slots;
  }

  #keptNamesHash(index: number): number {
    const uname = this.#unames[index] ?? EMPTY;
    const gname = this.#gnames[index] ?? EMPTY;
    return hashOfNames(hashName(uname, 0, uname.length), hashName(gname, 0, gname.length));
  }

  #internWithAttributes(member: TarMember): number {
    const { attributeBytes, attributeEnd } = member;
    const mask = this.#formSlots.length - 1;
    const first = this.#hashForm(member, hashName(attributeBytes, 0, attributeEnd), namesHash(member)) & mask;
    let slot = first;
    let known: number | null = null;
    for (; this.#formSlots[slot] !== 0; slot = (slot + 1) & mask) {
      const form = this.#forms[(this.#formSlots[slot] as number) - 1];
      if (form === undefined || !this.#is(form.meta, member) || !same(form.records, attributeBytes, 0, attributeEnd)) continue;
      known = form.meta;
      break;
    }
    this.#limit.passed((slot - first) & mask, attributeEnd);
    if (known !== null) return known;
    this.#room.meta(attributeEnd);
    const meta = this.#internByText(member);
    this.#forms.push({ records: attributeBytes.slice(0, attributeEnd), meta });
    this.#formSlots[slot] = this.#forms.length;
    if (this.#forms.length * 2 > this.#formSlots.length) this.#rehashForms();
    return meta;
  }

  #hashForm(member: Owners, records: number, names: number): number {
    return mixed(member.mode ^ records, member.uid, member.gid, member.devMajor, member.devMinor, names);
  }

  #rehashForms(): void {
    const slots = new Uint32Array(this.#formSlots.length * 2);
    const mask = slots.length - 1;
    this.#forms.forEach(({ records, meta }, index) => {
      let slot = this.#hashForm(this.metas[meta] as MemberMeta, hashName(records, 0, records.length), this.#keptNamesHash(meta)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    });
    this.#formSlots = slots;
  }

  #internByText(member: TarMember): number {
    const attributes = member.pax === null ? [] : attributesOf(member.pax);
    const { mode, uid, gid, devMajor, devMinor } = member;
    const key = JSON.stringify([mode, uid, gid, devMajor, devMinor, text(member.uname), text(member.gname), attributes]);
    const known = this.#byText.get(key);
    if (known !== undefined) return known;
    const index = this.#add(member, Object.fromEntries(attributes));
    this.#byText.set(key, index);
    return index;
  }

  #add(member: TarMember, attributes: Readonly<Record<string, string>> | null): number {
    const { mode, uid, gid, devMajor, devMinor } = member;
    this.#room.meta(member.unameEnd - member.unameStart + member.gnameEnd - member.gnameStart);
    const uname = member.uname.slice();
    const gname = member.gname.slice();
    this.#unames.push(uname);
    this.#gnames.push(gname);
    return this.metas.push({ mode, uid, gid, uname: text(uname), gname: text(gname), devMajor, devMinor, attributes }) - 1;
  }
}

/** Combines the hashes of the two full names. Names must count, because a tar may have a million owners that differ only in them. */
function hashOfNames(uname: number, gname: number): number {
  const hash = Math.imul(uname, 0x85ebca6b) ^ gname;
  return hash ^ (hash >>> 16);
}

function namesHash({ unameBytes, unameStart, unameEnd, gnameBytes, gnameStart, gnameEnd }: TarMember): number {
  return hashOfNames(hashName(unameBytes, unameStart, unameEnd), hashName(gnameBytes, gnameStart, gnameEnd));
}

function mixed(mode: number, uid: number, gid: number, devMajor: number, devMinor: number, names: number): number {
  let hash = Math.imul(mode | 0, 0x9e3779b1);
  hash = Math.imul(hash ^ (uid | 0) ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (gid | 0) ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (devMajor << 12) ^ devMinor ^ names ^ (hash >>> 16), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
