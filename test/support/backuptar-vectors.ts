// Runs one case of a file like vectors/backuptar.json. A case has the tar that go-winio's backuptar made from a backup stream, or its
// error, and what backuptar read back from that tar.
import { parseExtendedAttributes, readBackupStreams, STREAM_ID } from '#format/backup-stream';
import { type FileBasicInfo, readWindowsTar, TarWriter, tarFromBackupStream } from '#format/windows-tar';
import { LayerscopeError } from '#model';

interface VectorInfo {
  readonly CreationTime: string;
  readonly LastAccessTime: string;
  readonly LastWriteTime: string;
  readonly ChangeTime: string;
  readonly FileAttributes: number;
}

export interface BackupTarCase {
  readonly case: string;
  readonly name: string;
  readonly size: number;
  readonly info: VectorInfo;
  readonly backupStreamBase64: string;
  readonly tarBase64?: string;
  readonly error?: string;
  /** How many times go-winio read the backup stream; 1 by default. With two passes it keeps extended attributes that follow the data. */
  readonly passes?: 1 | 2;
  readonly readBack?: readonly {
    readonly name: string;
    readonly size: number;
    readonly info: VectorInfo;
    readonly backupStreamBase64: string;
  }[];
}

interface ReadFile {
  name: string;
  size: number;
  info: VectorInfo;
  backup: Uint8Array;
}

function infoOf(info: VectorInfo): FileBasicInfo {
  return {
    creationTimeFiletime: BigInt(info.CreationTime),
    accessTimeFiletime: BigInt(info.LastAccessTime),
    writeTimeFiletime: BigInt(info.LastWriteTime),
    changeTimeFiletime: BigInt(info.ChangeTime),
    attributes: info.FileAttributes,
  };
}

function vectorInfoOf(info: FileBasicInfo): VectorInfo {
  return {
    CreationTime: String(info.creationTimeFiletime),
    LastAccessTime: String(info.accessTimeFiletime),
    LastWriteTime: String(info.writeTimeFiletime),
    ChangeTime: String(info.changeTimeFiletime),
    FileAttributes: info.attributes,
  };
}

/** Splits bytes into pieces of `size`, or a single piece if it is 0. */
export function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size || bytes.length) yield bytes.slice(at, at + (size || bytes.length));
}

export async function writeCase(vector: BackupTarCase, chunk = 0): Promise<Uint8Array> {
  const writer = new TarWriter();
  const out: Uint8Array[] = [];
  const open = () => pieces(Buffer.from(vector.backupStreamBase64, 'base64'), chunk);
  const readTwice = vector.passes === 2;
  const file = { name: vector.name, sizeBytes: vector.size, info: infoOf(vector.info), open, readTwice };
  for await (const bytes of tarFromBackupStream(writer, file)) out.push(bytes);
  out.push(writer.end());
  return Buffer.concat(out);
}

export async function readTar(tar: Uint8Array, chunk = 0): Promise<ReadFile[]> {
  const files: ReadFile[] = [];
  const bodies: Uint8Array[][] = [];
  for await (const piece of readWindowsTar(pieces(tar, chunk))) {
    if (piece.kind === 'backup') bodies.at(-1)?.push(piece.bytes.slice());
    else {
      const { name, sizeBytes, info } = piece.entry;
      if (info === null) continue;
      files.push({ name, size: sizeBytes, info: vectorInfoOf(info), backup: new Uint8Array(0) });
      bodies.push([]);
    }
  }
  files.forEach((file, index) => {
    file.backup = Buffer.concat(bodies[index] ?? []);
  });
  return files;
}

function difference(what: string, ours: Uint8Array, theirs: Uint8Array): string | null {
  const length = Math.min(ours.length, theirs.length);
  let at = 0;
  while (at < length && ours[at] === theirs[at]) at++;
  if (at === length && ours.length === theirs.length) return null;
  const shown = (bytes: Uint8Array) => Buffer.from(bytes.subarray(at, at + 24)).toString('hex') || 'nothing';
  return `${what}: ${ours.length} bytes, expected ${theirs.length}; from byte ${at} on ${shown(ours)}, expected ${shown(theirs)}`;
}

/** Returns a backup stream with sorted extended attributes, because go-winio writes them in the random order of a Go map. */
async function withSortedAttributes(backup: Uint8Array): Promise<string> {
  const lines: string[] = [];
  let isAttributes = false;
  for await (const piece of readBackupStreams([backup])) {
    if (piece.kind === 'stream') {
      isAttributes = piece.stream.id === STREAM_ID.extendedAttributes;
      lines.push(JSON.stringify(piece.stream));
    } else if (isAttributes) {
      const attributes = parseExtendedAttributes(piece.bytes).map(({ name, value, flags }) => [
        name,
        Buffer.from(value).toString('hex'),
        flags,
      ]);
      lines.push(JSON.stringify(attributes.sort()));
    } else lines.push(Buffer.from(piece.bytes).toString('hex'));
  }
  return lines.join('\n');
}

async function backupDifference(what: string, ours: Uint8Array, theirs: Uint8Array): Promise<string | null> {
  const found = difference(what, ours, theirs);
  if (found === null || (await withSortedAttributes(ours)) === (await withSortedAttributes(theirs))) return null;
  return found;
}

async function readBackDifferences(vector: BackupTarCase, chunk: number): Promise<string[]> {
  const files = await readTar(Buffer.from(vector.tarBase64 ?? '', 'base64'), chunk);
  const expected = vector.readBack ?? [];
  const found: (string | null)[] = [];
  if (files.length !== expected.length) found.push(`${files.length} files read back, expected ${expected.length}`);
  for (const [index, file] of files.entries()) {
    const other = expected[index];
    if (other === undefined) break;
    const readBack = JSON.stringify([file.name, file.size, file.info]);
    const wanted = JSON.stringify([other.name, other.size, other.info]);
    if (readBack !== wanted) found.push(`read back as ${readBack}, expected ${wanted}`);
    found.push(await backupDifference(`backup stream of ${file.name}`, file.backup, Buffer.from(other.backupStreamBase64, 'base64')));
  }
  return found.filter((line) => line !== null);
}

/** Returns a case's differences, one line for each. Pushes `chunk` bytes at a time, or all at once if it is 0. */
export async function checkBackupTarCase(vector: BackupTarCase, chunk = 0): Promise<string[]> {
  let tar: Uint8Array;
  try {
    tar = await writeCase(vector, chunk);
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error;
    if (vector.error === undefined) return [`error ${error.code}: ${error.message}`];
    // Our message may also name the file or the reparse tag.
    return error.message.includes(vector.error) ? [] : [`error ${error.code}: ${error.message}, expected: ${vector.error}`];
  }
  if (vector.error !== undefined) return [`a tar of ${tar.length} bytes, expected the error: ${vector.error}`];
  const expected = Buffer.from(vector.tarBase64 ?? '', 'base64');
  const written = difference('tar', tar, expected);
  return [...(written === null ? [] : [written]), ...(await readBackDifferences(vector, chunk))];
}

/** Whether extended attributes follow the data, where one pass drops them and two passes keep them. */
async function hasAttributesBehindData(vector: BackupTarCase): Promise<boolean> {
  let afterData = false;
  try {
    for await (const piece of readBackupStreams([Buffer.from(vector.backupStreamBase64, 'base64')])) {
      if (piece.kind !== 'stream') continue;
      if (afterData && piece.stream.id === STREAM_ID.extendedAttributes) return true;
      afterData ||= piece.stream.id === STREAM_ID.data;
    }
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error;
  }
  return false;
}

/**
 * Runs {@link checkBackupTarCase} with the vector's number of passes. A vector that states none was made in one pass; it is also checked with
 * two, which must make the same tar unless extended attributes follow the data.
 */
export async function checkInPasses(vector: BackupTarCase, chunk = 0): Promise<string[]> {
  const differences = await checkBackupTarCase(vector, chunk);
  if (vector.passes !== undefined) return differences;
  const twice: BackupTarCase = { ...vector, passes: 2 };
  if (await hasAttributesBehindData(vector)) {
    const tar = Buffer.from(await writeCase(twice, chunk)).toString('latin1');
    return tar.includes('MSWINDOWS.xattr.') ? differences : [...differences, 'in two passes: the extended attributes are lost'];
  }
  const again = await checkBackupTarCase(twice, chunk);
  const isEarlier = again.length === 1 && /^error TRUNCATED: .*unexpected EOF, expected: .*unexpected EOF$/.test(again[0] ?? '');
  return isEarlier ? differences : [...differences, ...again.map((line) => `in two passes: ${line}`)];
}

/** Returns the vectors made in one pass for which two passes are expected to differ. */
export function twoPassExceptions(): readonly string[] {
  return [
    'extended attributes behind the data: kept, as go-winio keeps them in two passes',
    'a stream that is cut off: the first pass finds it, before it can be called a fault of the contents',
  ];
}
