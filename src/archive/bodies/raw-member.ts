import { type TarMember, TarReader } from '#format/tar';
import { entryTypeName, LayerscopeError, TYPE } from '#model';
import type { RawMember } from '../types.ts';
import type { PlainBytes } from './plain-bytes.ts';

const STEP = 4096;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Copies a member out of the reader's reused buffers. */
export function rawMember(member: TarMember, index: number): RawMember {
  const isLink = member.type === TYPE.symlink || member.type === TYPE.hardlink;
  const linkname = member.linkname.slice();
  return {
    index,
    offset: member.headerOffset,
    name: member.name.slice(),
    type: entryTypeName(member.type),
    typeflag: member.typeflag,
    size: hasContent(member.type) ? member.size : member.headerSize,
    storedSize: member.storedSize,
    mode: member.mode,
    uid: member.uid,
    gid: member.gid,
    uname: member.uname.slice(),
    gname: member.gname.slice(),
    mtimeSeconds: member.mtimeSeconds,
    mtimeNanos: member.mtimeNanos,
    devMajor: member.devMajor,
    devMinor: member.devMinor,
    linkname: isLink || linkname.length > 0 ? linkname : null,
    format: member.format,
    pax: member.pax === null ? null : new Map(member.pax),
    sparse: member.sparse,
    whiteout: member.type === TYPE.global ? null : whiteoutOf(member.name),
  };
}

/** Whether members of this type have a body; other types may still state a size in the header. */
function hasContent(type: number): boolean {
  return type === TYPE.file || type === TYPE.other;
}

/** Detects whiteouts by the last component of the name. AUFS's own files (`.wh..wh.plnk`) and a bare `.wh.` don't hide anything. */
function whiteoutOf(name: Uint8Array): 'file' | 'opaque' | null {
  let end = name.length;
  while (end > 0 && name[end - 1] === 0x2f) end--;
  let start = end;
  while (start > 0 && name[start - 1] !== 0x2f) start--;
  if (name[start] !== 0x2e || end - start <= WHITEOUT.length) return null;
  const text = Buffer.from(name.subarray(start, end)).toString('latin1');
  if (text === OPAQUE) return 'opaque';
  return text.startsWith(WHITEOUT) && !text.startsWith(WHITEOUT + WHITEOUT) && text !== '.wh..' && text !== '.wh...' ? 'file' : null;
}

/** A member that was read again. Offsets are from the start of the tar. */
export interface FoundMember {
  readonly raw: RawMember;
  readonly bodyOffset: number;
  /** Offset of the first stored byte of content, after a PAX 1.0 sparse map. */
  readonly dataOffset: number;
}

/** Reads the member whose first header block is at `offset`. Throws BAD_TAR; TRUNCATED if there is no member; and what `bytes` throws. */
export async function findMember(bytes: PlainBytes, offset: number, index: number): Promise<FoundMember> {
  let found: FoundMember | null = null;
  const reader = new TarReader(
    {
      member(member) {
        if (found !== null) return;
        found = { raw: rawMember(member, index), bodyOffset: member.bodyOffset, dataOffset: member.dataOffset };
        reader.stop();
      },
      finding() {},
    },
    { baseOffset: offset },
  );
  for (let at = offset; found === null; ) {
    const skip = reader.wantedSkip;
    if (skip > 0 && !reader.done) {
      reader.skip(skip);
      at += skip;
    }
    const piece = await bytes.read(at, STEP);
    if (piece.length === 0 || reader.done) throw new LayerscopeError('TRUNCATED', `no entry at byte ${offset} of the layer`);
    reader.push(piece);
    at += piece.length;
  }
  return found;
}
