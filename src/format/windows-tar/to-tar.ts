// Turns a Windows file into members of a tar, as go-winio's backuptar does (WriteTarFileFromBackupStream):
//
//   PAX, name with /          type 0, 5 for a folder, 2 for a link; mode: type bits only (040000, 0100000 with data, 0120000)
//   mtime, atime, ctime       last write, last access, change; LIBARCHIVE.creationtime
//   MSWINDOWS.fileattr        attributes            MSWINDOWS.rawsd   security descriptor, base64
//   MSWINDOWS.mountpoint=1    a junction            linkname          the link's print name, backslashes kept
//   MSWINDOWS.xattr.NAME      an extended attribute's value, base64; its flags are lost
//   body                      the data, holes as zeros
//
// then a member NAME:STREAM of type 0, with only times and mode, for each alternate data stream after the data. Streams that a tar can't
// represent (link, property, object id, transaction) are dropped. So are alternate data streams without a data stream, as on folders,
// because the header, which has to precede them, could not be written yet.
import {
  type BackupStream,
  linkTarget,
  MAX_REPARSE_BYTES,
  parseExtendedAttributes,
  parseReparsePoint,
  REPARSE_TAG,
  reparseTagName,
  STREAM_ATTRIBUTE,
  STREAM_ID,
} from '#format/backup-stream';
import { displayText, type ErrorCode, LayerscopeError } from '#model';
import { BackupCursor, type ByteSource } from './backup-cursor.ts';
import { encodeBase64 } from './base64.ts';
import { type ByteString, encodeWtf8, toByteString } from './byte-string.ts';
import { FILE_ATTRIBUTE, type FileBasicInfo, filetimeToTarTime } from './file-info.ts';
import { RECORD, STREAM_TYPE_SUFFIX } from './record-keys.ts';
import type { TarHeader } from './tar-header.ts';
import { formatPaxTime } from './tar-time.ts';
import type { TarWriter } from './tar-writer.ts';

const MODE_FOLDER = 0o040000;
const MODE_FILE = 0o100000;
const MODE_LINK = 0o120000;
/** Limits on a descriptor and on extended attributes; NTFS allows 64 KiB for each. */
const MAX_SECURITY_BYTES = 256 * 1024;
const MAX_ATTRIBUTES_BYTES = 256 * 1024;

const ZEROS = new Uint8Array(64 * 1024);

export interface WindowsFile {
  /** Path in the layer, with \ or /. */
  readonly name: string;
  /** Size of the content, including holes. */
  readonly sizeBytes: number;
  readonly info: FileBasicInfo;
  /** Opens the file's backup stream. Called once, or twice with `readTwice`; each source is read to its end or closed. */
  open(): ByteSource;
  /**
   * Reads the streams after the data before the header is written, to include extended attributes found there. go-winio does the same if
   * its source can be rewound, but fails on sparse blocks, which are skipped here.
   */
  readonly readTwice?: boolean;
}

export interface ToTarOptions {
  /** Called for each stream that a tar can't represent. */
  readonly dropped?: (name: string, stream: BackupStream) => void;
}

/** Returns the name in a tar, with \ turned into /. */
export function tarNameOf(name: string): string {
  return name.replaceAll('\\', '/');
}

/** Returns a file's header with only the basic information, for a hard link's member. */
export function basicInfoHeader(
  name: string,
  sizeBytes: number,
  info: FileBasicInfo,
): TarHeader & { records: Map<ByteString, ByteString> } {
  const isFolder = (info.attributes & FILE_ATTRIBUTE.directory) !== 0;
  return {
    form: 'pax',
    name: toByteString(encodeWtf8(tarNameOf(name))),
    size: isFolder ? 0 : sizeBytes,
    typeflag: isFolder ? '5' : '0',
    mode: isFolder ? MODE_FOLDER : 0,
    modTime: filetimeToTarTime(info.writeTimeFiletime),
    accessTime: filetimeToTarTime(info.accessTimeFiletime),
    changeTime: filetimeToTarTime(info.changeTimeFiletime),
    records: new Map([
      [RECORD.attributes, String(info.attributes)],
      [RECORD.creationTime, formatPaxTime(filetimeToTarTime(info.creationTimeFiletime))],
    ]),
  };
}

/** Returns the header of a whiteout of `name`: the last component is prefixed with `.wh.`, the type is 0, and there are no times. */
export function whiteoutHeader(name: string): TarHeader {
  const path = tarNameOf(name);
  const slash = path.lastIndexOf('/') + 1;
  return { name: toByteString(encodeWtf8(`${path.slice(0, slash)}.wh.${path.slice(slash)}`)) };
}

/**
 * Encodes the file's members. Bytes may be views of the source's bytes. Errors have go-winio's messages and name the file: DAMAGED if its
 * streams are inconsistent or don't match its size, UNSUPPORTED for stream ids, reparse tags and sparse alternate data streams that a tar
 * can't represent, TRUNCATED, TOO_LARGE. After an error the tar is unusable, because it ends in the middle of a member.
 */
export async function* tarFromBackupStream(
  writer: TarWriter,
  file: WindowsFile,
  options: ToTarOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const conversion = new Conversion(writer, file, options);
  let cursor = new BackupCursor(file.open());
  try {
    let data = await conversion.collect(cursor);
    yield writer.header(conversion.header());
    if (file.readTwice === true) {
      await cursor.close();
      cursor = new BackupCursor(file.open());
      do data = await cursor.next();
      while (data !== null && data.id !== STREAM_ID.data);
    }
    if (data !== null) yield* conversion.copyData(cursor, data);
    conversion.checkWhole();
    for (let stream = await cursor.next(); stream !== null; stream = await cursor.next()) yield* conversion.copyAlternate(cursor, stream);
  } finally {
    await cursor.close();
  }
}

class Conversion {
  readonly #writer: TarWriter;
  readonly #file: WindowsFile;
  readonly #options: ToTarOptions;
  readonly #base: TarHeader & { records: Map<ByteString, ByteString> };
  #mode: number;
  #linkname = '';
  #isLink = false;

  constructor(writer: TarWriter, file: WindowsFile, options: ToTarOptions) {
    this.#writer = writer;
    this.#file = file;
    this.#options = options;
    this.#base = basicInfoHeader(file.name, file.sizeBytes, file.info);
    this.#mode = this.#base.mode ?? 0;
  }

  #fail(code: ErrorCode, what: string, cause?: unknown): never {
    throw new LayerscopeError(code, `${displayText(tarNameOf(this.#file.name))}: ${what}`, cause === undefined ? {} : { cause });
  }

  /** Rethrows an error with the file's name. */
  #rethrow(error: unknown, doing: string): never {
    if (!(error instanceof LayerscopeError)) throw error;
    // go-winio's message for a truncated stream; the cause has the offset.
    this.#fail(error.code, doing + (error.code === 'TRUNCATED' ? 'unexpected EOF' : error.message), error);
  }

  header(): TarHeader {
    const base = this.#base;
    return { ...base, mode: this.#mode, linkname: this.#linkname, typeflag: this.#isLink ? '2' : (base.typeflag ?? '0') };
  }

  /**
   * Collects the data for the header: reads up to the data stream and returns that stream's header, or, with `readTwice`, reads all
   * streams.
   */
  async collect(cursor: BackupCursor): Promise<BackupStream | null> {
    try {
      for (let stream = await cursor.next(); stream !== null; stream = await cursor.next()) {
        if (stream.id === STREAM_ID.data) {
          this.#mode |= MODE_FILE;
          if (this.#file.readTwice !== true) return stream;
        } else await this.#collectOne(cursor, stream);
      }
      return null;
    } catch (error) {
      return this.#rethrow(error, '');
    }
  }

  async #collectOne(cursor: BackupCursor, stream: BackupStream): Promise<void> {
    const { records } = this.#base;
    switch (stream.id) {
      case STREAM_ID.security:
        records.set(RECORD.rawSecurity, encodeBase64(await cursor.readAll(stream, MAX_SECURITY_BYTES)));
        return;
      case STREAM_ID.reparsePoint:
        this.#setLink(await cursor.readAll(stream, MAX_REPARSE_BYTES));
        return;
      case STREAM_ID.extendedAttributes:
        for (const { name, value } of parseExtendedAttributes(await cursor.readAll(stream, MAX_ATTRIBUTES_BYTES))) {
          records.set(RECORD.attributePrefix + name, encodeBase64(value));
        }
        return;
      case STREAM_ID.alternateData:
        // Streams after the data are read again in the second pass. Streams before the data are dropped, because no member precedes them.
        if ((this.#mode & MODE_FILE) === 0) this.#drop(stream);
        return;
      case STREAM_ID.link:
      case STREAM_ID.property:
      case STREAM_ID.objectId:
      case STREAM_ID.txfs:
        this.#drop(stream);
        return;
      case STREAM_ID.sparseBlock:
        // Sparse blocks are part of the preceding data, which the second pass copies.
        if ((this.#mode & MODE_FILE) !== 0) return;
        throw new LayerscopeError('UNSUPPORTED', `unknown stream ID ${stream.id}`);
      default:
        throw new LayerscopeError('UNSUPPORTED', `unknown stream ID ${stream.id}`);
    }
  }

  #drop(stream: BackupStream): void {
    this.#options.dropped?.(this.#file.name, stream);
  }

  #setLink(bytes: Uint8Array): void {
    const point = parseReparsePoint(bytes);
    if (point.kind === 'other') {
      if (point.tag === REPARSE_TAG.dedup) return;
      const known = reparseTagName(point.tag);
      const tag = point.tag.toString(16);
      throw new LayerscopeError('UNSUPPORTED', `unsupported reparse point ${tag}${known === null ? '' : ` (${known})`}`);
    }
    this.#mode |= MODE_LINK;
    this.#isLink = true;
    if (point.kind === 'mount-point') this.#base.records.set(RECORD.mountPoint, '1');
    this.#linkname = toByteString(encodeWtf8(linkTarget(point) ?? ''));
  }

  async *copyData(cursor: BackupCursor, stream: BackupStream): AsyncGenerator<Uint8Array, void, undefined> {
    const isSparse = (stream.attributes & STREAM_ATTRIBUTE.sparse) !== 0;
    const { sizeBytes } = this.#file;
    if (stream.sizeBytes === 0 && isSparse) {
      if (sizeBytes === 0) return;
      try {
        yield* this.#copySparse(cursor);
      } catch (error) {
        this.#rethrow(error, 'copying contents from sparse block stream: ');
      }
      return;
    }
    if (sizeBytes !== stream.sizeBytes) {
      this.#fail('DAMAGED', `mismatch between file size ${sizeBytes} and header size ${stream.sizeBytes}`);
    }
    try {
      for await (const bytes of cursor.data()) yield this.#body(bytes);
    } catch (error) {
      this.#rethrow(error, 'copying contents from data stream: ');
    }
  }

  #body(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#writer.left) throw new LayerscopeError('DAMAGED', 'archive/tar: write too long');
    return this.#writer.body(bytes);
  }

  async *#copySparse(cursor: BackupCursor): AsyncGenerator<Uint8Array, void, undefined> {
    let at = 0;
    for (;;) {
      const block = await cursor.next();
      if (block === null) throw new LayerscopeError('TRUNCATED', 'unexpected EOF');
      if (block.id !== STREAM_ID.sparseBlock) throw new LayerscopeError('DAMAGED', `unexpected stream ${block.id}`);
      if (block.offset < at) throw new LayerscopeError('DAMAGED', `cannot seek back from ${at} to ${block.offset}`);
      if (block.offset - at > this.#writer.left) {
        throw new LayerscopeError('DAMAGED', `seek to offset ${block.offset}: archive/tar: write too long`);
      }
      for (; at < block.offset; at += ZEROS.length) yield this.#body(ZEROS.subarray(0, Math.min(ZEROS.length, block.offset - at)));
      if (block.sizeBytes === 0) return;
      for await (const bytes of cursor.data()) yield this.#body(bytes);
      at = block.offset + block.sizeBytes;
    }
  }

  /** Checks that the data has the size that the header states. */
  checkWhole(): void {
    if (this.#writer.left > 0) this.#fail('DAMAGED', `archive/tar: missed writing ${this.#writer.left} bytes`);
  }

  /** Handles a stream after the data: an alternate data stream becomes a member; others are dropped. */
  async *copyAlternate(cursor: BackupCursor, stream: BackupStream): AsyncGenerator<Uint8Array, void, undefined> {
    const kept = this.#file.readTwice === true;
    switch (stream.id) {
      case STREAM_ID.alternateData:
        break;
      case STREAM_ID.extendedAttributes:
      case STREAM_ID.link:
      case STREAM_ID.property:
      case STREAM_ID.objectId:
      case STREAM_ID.txfs:
        if (!kept) this.#drop(stream);
        return;
      case STREAM_ID.sparseBlock:
        // Newer systems end the data of every sparse file, even an empty or fully allocated one, with a block of 0 bytes.
        return;
      default:
        this.#fail('UNSUPPORTED', `unknown stream ID ${stream.id} after data`);
    }
    if ((stream.attributes & STREAM_ATTRIBUTE.sparse) !== 0) {
      this.#fail('UNSUPPORTED', 'tar of sparse alternate data streams is unsupported');
    }
    const name = (stream.name.split('\0')[0] as string).replace(/:\$DATA$/, '');
    const { modTime = null, accessTime = null, changeTime = null } = this.#base;
    yield this.#writer.header({
      form: 'pax',
      name: (this.#base.name as string) + toByteString(encodeWtf8(name)),
      mode: this.#mode,
      size: stream.sizeBytes,
      modTime,
      accessTime,
      changeTime,
    });
    try {
      for await (const bytes of cursor.data()) yield this.#body(bytes);
    } catch (error) {
      this.#rethrow(error, `copying contents from ${displayText(name)}${STREAM_TYPE_SUFFIX}: `);
    }
  }
}

/**
 * Returns the size of the file in a backup stream: that of its data stream or, for a sparse file with several ranges, the end of its last
 * block. In the latter case, hcsshim uses the data stream's size, 0, and loses the content (moby#53464).
 */
export async function backupDataSize(source: ByteSource): Promise<number> {
  const cursor = new BackupCursor(source);
  try {
    let sparseEnd = 0;
    for (let stream = await cursor.next(); stream !== null; stream = await cursor.next()) {
      if (stream.id === STREAM_ID.data && (stream.sizeBytes > 0 || (stream.attributes & STREAM_ATTRIBUTE.sparse) === 0))
        return stream.sizeBytes;
      if (stream.id === STREAM_ID.sparseBlock) sparseEnd = Math.max(sparseEnd, stream.offset + stream.sizeBytes);
    }
    return sparseEnd;
  } finally {
    await cursor.close();
  }
}
