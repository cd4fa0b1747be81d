import type { TocEntry } from '#format/estargz';
import { NO_HEADER } from '#format/layer';
import type { TarMember } from '#format/tar';
import { encodeUtf8, TYPE } from '#model';

const BLOCK = 512;
const XATTR = 'SCHILY.xattr.';
const TYPES = {
  dir: { type: TYPE.directory, typeflag: 0x35 },
  reg: { type: TYPE.file, typeflag: 0x30 },
  symlink: { type: TYPE.symlink, typeflag: 0x32 },
  hardlink: { type: TYPE.hardlink, typeflag: 0x31 },
  char: { type: TYPE.character, typeflag: 0x33 },
  block: { type: TYPE.block, typeflag: 0x34 },
  fifo: { type: TYPE.fifo, typeflag: 0x36 },
} as const;

/** The `headerOffset` of a member whose header position is unknown. */
export const NO_OFFSET = NO_HEADER * BLOCK;

const NOTHING = new Uint8Array(0);

/** A string in UTF-8, in an array that is reused for the next string. */
class TextBytes {
  bytes: Uint8Array = new Uint8Array(256);
  end = 0;
  #text = '';

  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.end = text.length;
    if (text.length > this.bytes.length) this.#encode(text);
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) {
        this.#encode(text);
        return;
      }
      this.bytes[at] = unit;
    }
  }

  #encode(text: string): void {
    this.bytes = encodeUtf8(text);
    this.end = this.bytes.length;
  }
}

/** Returns the type of the member that an entry describes. */
export function typeOf({ type }: TocEntry): TarMember['type'] {
  return TYPES[type].type;
}

/**
 * The member that a TOC entry describes. It equals the member that a tar reader passes on, except that its position is unknown. One object
 * is reused for all entries.
 */
export class EntryMember implements TarMember {
  headerOffset = NO_OFFSET;
  ownHeaderOffset = NO_OFFSET;
  bodyOffset = NO_OFFSET;
  dataOffset = NO_OFFSET;
  size = 0;
  headerSize = 0;
  storedSize = 0;
  typeflag = 0;
  type = 0;
  mode = 0;
  uid = 0;
  gid = 0;
  mtimeSeconds = 0;
  mtimeNanos = 0;
  devMajor = 0;
  devMinor = 0;
  readonly format = 'pax';
  pax: ReadonlyMap<string, Uint8Array> | null = null;
  attributeBytes: Uint8Array = NOTHING;
  attributeEnd = 0;
  readonly sparse = null;
  readonly truncated = false;
  nameBytes: Uint8Array = NOTHING;
  readonly nameStart = 0;
  nameEnd = 0;
  linkBytes: Uint8Array = NOTHING;
  readonly linkStart = 0;
  linkEnd = 0;
  unameBytes: Uint8Array = NOTHING;
  readonly unameStart = 0;
  unameEnd = 0;
  gnameBytes: Uint8Array = NOTHING;
  readonly gnameStart = 0;
  gnameEnd = 0;
  readonly #name = new TextBytes();
  readonly #link = new TextBytes();
  readonly #uname = new TextBytes();
  readonly #gname = new TextBytes();

  get name(): Uint8Array {
    return this.nameBytes.subarray(0, this.nameEnd);
  }

  get linkname(): Uint8Array {
    return this.linkBytes.subarray(0, this.linkEnd);
  }

  get uname(): Uint8Array {
    return this.unameBytes.subarray(0, this.unameEnd);
  }

  get gname(): Uint8Array {
    return this.gnameBytes.subarray(0, this.gnameEnd);
  }

  get hasAttributes(): boolean {
    return this.pax !== null;
  }

  /** Becomes the member for another entry, and returns itself. */
  of(entry: TocEntry): this {
    this.#name.set(entry.name);
    this.#link.set(entry.linkName);
    this.#uname.set(entry.userName);
    this.#gname.set(entry.groupName);
    this.nameBytes = this.#name.bytes;
    this.nameEnd = this.#name.end;
    this.linkBytes = this.#link.bytes;
    this.linkEnd = this.#link.end;
    this.unameBytes = this.#uname.bytes;
    this.unameEnd = this.#uname.end;
    this.gnameBytes = this.#gname.bytes;
    this.gnameEnd = this.#gname.end;
    this.size = entry.sizeBytes;
    this.headerSize = entry.sizeBytes;
    this.storedSize = entry.sizeBytes;
    const { type, typeflag } = TYPES[entry.type];
    this.type = type;
    this.typeflag = typeflag;
    this.mode = entry.mode;
    this.uid = entry.uid;
    this.gid = entry.gid;
    this.mtimeSeconds = entry.mtimeSeconds;
    this.mtimeNanos = entry.mtimeNanos;
    this.devMajor = entry.devMajor;
    this.devMinor = entry.devMinor;
    this.pax = entry.xattrs.size === 0 ? null : new Map([...entry.xattrs].map(([key, value]) => [XATTR + key, value]));
    this.attributeBytes = this.pax === null ? NOTHING : recordsOf(this.pax);
    this.attributeEnd = this.attributeBytes.length;
    return this;
  }
}

/**
 * Encodes PAX records, one after another, each with its own length, a space, KEY=VALUE, and a newline. Source: POSIX pax, Extended Header.
 */
function recordsOf(pax: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const records: Uint8Array[] = [];
  for (const [key, value] of pax) {
    const head = encodeUtf8(` ${key}=`);
    const rest = head.length + value.length + 1;
    const digits = String(rest + String(rest).length).length;
    const record = new Uint8Array(digits + rest);
    record.set(encodeUtf8(String(digits + rest)));
    record.set(head, digits);
    record.set(value, digits + head.length);
    record[record.length - 1] = 0x0a;
    records.push(record);
  }
  const all = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  let at = 0;
  for (const record of records) {
    all.set(record, at);
    at += record.length;
  }
  return all;
}
