// Turns members of a tar into Windows files, the reverse of to-tar.ts (go-winio, WriteBackupStreamFromTarFile). A file's backup stream
// consists of its security descriptor, its extended attributes, its reparse point (type 2), its data (type 0, even if empty), and an
// alternate data stream `:STREAM:$DATA` for each member NAME:STREAM of type 0 that directly follows the file's own member. Whiteouts and
// hard links have no backup stream; they are applied to the layer.
import { BackupStreamWriter, STREAM_ID } from '#format/backup-stream';
import { displayPath, LayerscopeError, TYPE, trimEnd } from '#model';
import type { ByteSource } from './backup-cursor.ts';
import { decodeWtf8 } from './byte-string.ts';
import { extendedAttributesOf, infoOf, reparsePointOf, securityOf } from './entry-info.ts';
import type { FileBasicInfo } from './file-info.ts';
import { STREAM_TYPE_SUFFIX } from './record-keys.ts';
import { type HeldMember, readTarPieces } from './tar-pieces.ts';

type WindowsEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'whiteout' | 'other';

export interface WindowsEntry {
  /** The name in the tar, with / but without a trailing one. Unchecked, so it may lead anywhere. */
  readonly name: string;
  /**
   * `whiteout`: the name's last component begins with `.wh.`, regardless of the member's type. `other`: a device or FIFO, which becomes an
   * empty file.
   */
  readonly type: WindowsEntryType;
  /** Size of a file's data without alternate data streams; 0 for other types. */
  readonly sizeBytes: number;
  /** Times and attributes; null for whiteouts and hard links. */
  readonly info: FileBasicInfo | null;
  /** Target of a symlink or hard link, as in the tar. */
  readonly linkname: string;
  /** Attributes in the tar that `info` leaves out because they would make the file unreadable; 0 if there are none. */
  readonly droppedAttributes: number;
  /** Offset of the member in the tar. */
  readonly headerOffset: number;
}

/**
 * An entry, or the next bytes of the current entry's backup stream. `stream`: name of an alternate data stream as in the tar,
 * `FILE:STREAM`; set with the stream's header.
 */
export type WindowsTarPiece =
  | { readonly kind: 'entry'; readonly entry: WindowsEntry }
  | { readonly kind: 'backup'; readonly bytes: Uint8Array; readonly stream?: string };

const TYPES: ReadonlyMap<number, WindowsEntryType> = new Map([
  [TYPE.file, 'file'],
  [TYPE.directory, 'directory'],
  [TYPE.symlink, 'symlink'],
  [TYPE.hardlink, 'hardlink'],
]);

function nameOf(bytes: Uint8Array): string {
  const name = decodeWtf8(bytes);
  if (name === null) throw new LayerscopeError('NAME_REFUSED', `a name that is not UTF-8: ${displayPath(bytes)}`);
  return name;
}

function entryOf(member: HeldMember): WindowsEntry {
  const name = trimEnd(nameOf(member.name), '/');
  const isWhiteout = name.slice(name.lastIndexOf('/') + 1).startsWith('.wh.');
  const type = isWhiteout ? 'whiteout' : (TYPES.get(member.type) ?? 'other');
  const isLink = type === 'symlink' || type === 'hardlink';
  const file = type === 'whiteout' || type === 'hardlink' ? { info: null, droppedAttributes: 0 } : infoOf(member);
  return {
    name,
    type,
    sizeBytes: type === 'file' ? member.sizeBytes : 0,
    ...file,
    linkname: isLink ? nameOf(member.linkname) : '',
    headerOffset: member.headerOffset,
  };
}

/**
 * Reads a Windows layer's tar: each entry, then its backup stream in pieces, for BackupWrite. Bytes may be views of the source's bytes.
 * Errors name the entry: BAD_TAR for invalid numbers and times, DAMAGED for bad base64 or SDDL, NAME_REFUSED for names that aren't UTF-8,
 * TRUNCATED, TOO_LARGE. An error may occur in the middle of a backup stream.
 */
export async function* readWindowsTar(source: ByteSource): AsyncGenerator<WindowsTarPiece, void, undefined> {
  let entry: WindowsEntry | null = null;
  let writer = new BackupStreamWriter();
  let takesBody = false;
  for await (const piece of readTarPieces(source)) {
    if (piece.kind === 'body') {
      if (takesBody) yield { kind: 'backup', bytes: writer.data(piece.bytes) };
      continue;
    }
    const { member } = piece;
    const stream = entry === null || entry.info === null ? null : alternateOf(entry, member);
    if (stream !== null) {
      takesBody = true;
      const bytes = writer.head({ id: STREAM_ID.alternateData, sizeBytes: member.sizeBytes, name: stream });
      yield { kind: 'backup', bytes, stream: nameOf(member.name) };
      continue;
    }
    writer.end();
    writer = new BackupStreamWriter();
    try {
      entry = entryOf(member);
      takesBody = entry.type === 'file';
      const streams = entry.info === null ? [] : streamsOf(member, entry);
      yield { kind: 'entry', entry };
      for (const [id, bytes] of streams) {
        yield { kind: 'backup', bytes: writer.head({ id, sizeBytes: bytes.length }) };
        yield { kind: 'backup', bytes: writer.data(bytes) };
      }
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code === 'NAME_REFUSED') throw error;
      throw new LayerscopeError(error.code, `${displayPath(member.name)}: ${error.message}`, { cause: error, offset: member.headerOffset });
    }
    if (takesBody) yield { kind: 'backup', bytes: writer.head({ id: STREAM_ID.data, sizeBytes: member.sizeBytes }) };
  }
  writer.end();
}

/** The stream's name if `member` is an alternate data stream of the preceding entry, otherwise null. */
function alternateOf(entry: WindowsEntry, member: HeldMember): string | null {
  if (member.type !== TYPE.file) return null;
  const name = decodeWtf8(member.name);
  return name?.startsWith(`${entry.name}:`) ? name.slice(entry.name.length) + STREAM_TYPE_SUFFIX : null;
}

function streamsOf(member: HeldMember, entry: WindowsEntry): [number, Uint8Array][] {
  const streams: [number, Uint8Array][] = [
    [STREAM_ID.security, securityOf(member)],
    [STREAM_ID.extendedAttributes, extendedAttributesOf(member)],
  ];
  if (entry.type === 'symlink') streams.push([STREAM_ID.reparsePoint, reparsePointOf(member, entry.linkname)]);
  return streams.filter(([, bytes]) => bytes.length > 0);
}
