import { compareBytes, TYPE } from '#model';
import { applyRecords } from './apply-records.ts';
import { textEnd } from './fields.ts';
import { LongText } from './long-text.ts';
import type { MemberView } from './member.ts';
import { KEY, PaxRecords } from './pax-records.ts';
import { FLAG_GLOBAL, FLAG_LONG_LINK, FLAG_LONG_NAME } from './type-flags.ts';

/** Maximum size in bytes of a PAX header or a GNU long name: Go's maxSpecialFileSize. */
const MAX_BYTES = 1 << 20;
const NONE: readonly string[] = [];

/** Collects the extension headers before a member and applies them. Methods that can fail return the reason, or null. */
export class Extensions {
  readonly records = new PaxRecords();
  /** Offset of the next member's first extension header; -1 if there is none so far. */
  firstOffset = -1;
  /** Offset of the latest header. */
  offset = 0;
  #flag = 0;
  #bytes = new Uint8Array(0);
  #filled = 0;
  readonly #longName = new LongText();
  readonly #longLink = new LongText();

  /** Begins a header whose body has `size` bytes. */
  start(flag: number, size: number, offset: number): string | null {
    if (size < 0) return 'a negative size';
    if (size > MAX_BYTES) return 'an extension header over 1 MiB';
    if (flag !== FLAG_GLOBAL && this.firstOffset < 0) this.firstOffset = offset;
    this.#flag = flag;
    this.offset = offset;
    this.#filled = 0;
    if (this.#bytes.length < size) this.#bytes = new Uint8Array(Math.max(size, 2048));
    return null;
  }

  /** Copies the next bytes of the body. */
  take(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes.set(bytes.subarray(start, end), this.#filled);
    this.#filled += end - start;
  }

  /** Parses the complete body. */
  finish(): string | null {
    if (this.#flag === FLAG_LONG_NAME || this.#flag === FLAG_LONG_LINK) {
      const long = this.#flag === FLAG_LONG_NAME ? this.#longName : this.#longLink;
      long.set(this.#bytes, textEnd(this.#bytes, 0, this.#filled));
      return null;
    }
    return this.records.parse(this.#bytes, this.#filled);
  }

  /** Overrides the member's header fields with the collected ones. */
  apply(member: MemberView): string | null {
    if (this.records.present) {
      const problem = applyRecords(member, this.records);
      if (problem !== null) return problem;
    }
    if (this.#longName.length > 0) member.setName(this.#longName.bytes, 0, this.#longName.length);
    if (this.#longLink.length > 0) member.setLink(this.#longLink.bytes, 0, this.#longLink.length);
    return null;
  }

  /** Turns the just finished global header into a member. */
  describeGlobal(member: MemberView): void {
    const path = this.records.start(KEY.path);
    if (path >= 0) member.setName(this.records.bytes, path, this.records.end(KEY.path));
    member.setPlace(this.offset, this.offset);
    member.size = 0;
    member.headerSize = this.#filled;
    member.storedSize = this.#filled;
    member.type = TYPE.global;
    member.format = 'pax';
    member.setAttributes(this.records.attributes, this.records.attributesEnd);
    member.sparse = null;
  }

  /** Which of the member's names differ between GNU and PAX headers. */
  get ambiguous(): readonly string[] {
    // This is the usual case, which must not allocate.
    if (this.#longName.length === 0 && this.#longLink.length === 0) return NONE;
    const all = [
      { long: this.#longName, key: KEY.path, what: 'name' },
      { long: this.#longLink, key: KEY.linkpath, what: 'link name' },
    ];
    return all.filter(({ long, key }) => this.#differs(long, key)).map(({ what }) => what);
  }

  #differs(long: LongText, key: number): boolean {
    if (long.length === 0 || this.records.start(key) < 0) return false;
    return compareBytes(long.bytes.subarray(0, long.length), this.records.value(key)) !== 0;
  }

  /** Drops the headers once their member has been passed on. */
  forget(): void {
    this.firstOffset = -1;
    this.#longName.length = 0;
    this.#longLink.length = 0;
    if (this.records.present) this.records.clear();
  }
}
