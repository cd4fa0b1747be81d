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

/** Most entries have none of these texts, and encoding nothing takes as long as encoding a word. */
function bytesOf(text: string): Uint8Array {
  return text === '' ? NOTHING : encodeUtf8(text);
}

/** Returns an entry's type of member. */
export function typeOf({ type }: TocEntry): TarMember['type'] {
  return TYPES[type].type;
}

/** Returns the member that a TOC's entry describes, like a tar reader's but for the position. */
export function memberOf(entry: TocEntry): TarMember {
  const name = encodeUtf8(entry.name);
  const linkname = bytesOf(entry.linkName);
  const uname = bytesOf(entry.userName);
  const gname = bytesOf(entry.groupName);
  const pax = entry.xattrs.size === 0 ? null : new Map([...entry.xattrs].map(([key, value]) => [XATTR + key, value]));
  const attributes = pax === null ? NOTHING : recordsOf(pax);
  const { type, typeflag } = TYPES[entry.type];
  return {
    headerOffset: NO_OFFSET,
    ownHeaderOffset: NO_OFFSET,
    bodyOffset: NO_OFFSET,
    dataOffset: NO_OFFSET,
    size: entry.sizeBytes,
    headerSize: entry.sizeBytes,
    storedSize: entry.sizeBytes,
    type,
    typeflag,
    name,
    linkname,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    uname,
    gname,
    mtimeSeconds: entry.mtimeSeconds,
    mtimeNanos: entry.mtimeNanos,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    format: 'pax',
    pax,
    hasAttributes: pax !== null,
    sparse: null,
    truncated: false,
    nameBytes: name,
    nameStart: 0,
    nameEnd: name.length,
    linkBytes: linkname,
    linkStart: 0,
    linkEnd: linkname.length,
    unameBytes: uname,
    unameStart: 0,
    unameEnd: uname.length,
    gnameBytes: gname,
    gnameStart: 0,
    gnameEnd: gname.length,
    attributeBytes: attributes,
    attributeEnd: attributes.length,
  };
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
