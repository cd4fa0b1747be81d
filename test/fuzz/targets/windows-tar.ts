// A Windows layer's tar, read as entries with their backup streams: the streams are complete, and a tar written from them reads the same.
import assert from 'node:assert/strict';
import { encodeExtendedAttributes, readBackupStreams } from '#format/backup-stream';
import { sddlToSecurityDescriptor } from '#format/security-descriptor';
import { readWindowsTar, TarWriter, tarFromBackupStream, type WindowsEntry } from '#format/windows-tar';
import { asLayerscopeError } from '#model';
import * as build from '../../support/tar-builder.ts';
import { expectRefusal } from '../engine/finding.ts';
import { joined } from '../engine/mutate.ts';
import { mutateTar, TAR_TOKENS } from '../engine/mutate-tar.ts';
import { expectSame } from '../engine/same.ts';
import { sharedFiles, tarSeeds } from '../engine/seeds.ts';
import { session, type Target } from '../engine/target.ts';

/** Limit on collected bytes, because a sparse file stored in a few bytes may have gigabytes of zeros. */
const MOST_BACKUP_BYTES = 4 * 1024 * 1024;

interface Read {
  readonly entries: { entry: WindowsEntry; backup: Uint8Array }[];
  error: string | null;
  /** Whether everything was read. */
  isWhole: boolean;
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(input: Uint8Array, size: number): Promise<Read> {
  const found: Read = { entries: [], error: null, isWhole: true };
  const parts: Uint8Array[][] = [];
  let total = 0;
  try {
    for await (const piece of readWindowsTar(pieces(input, size))) {
      if (piece.kind === 'entry') {
        found.entries.push({ entry: piece.entry, backup: new Uint8Array(0) });
        parts.push([]);
        continue;
      }
      parts.at(-1)?.push(piece.bytes.slice());
      total += piece.bytes.length;
      if (total <= MOST_BACKUP_BYTES) continue;
      found.isWhole = false;
      break;
    }
  } catch (error) {
    expectRefusal(error, ['BAD_TAR', 'DAMAGED', 'NAME_REFUSED', 'TRUNCATED', 'TOO_LARGE', 'UNSUPPORTED']);
    found.error = asLayerscopeError(error).message;
  }
  for (const [index, each] of found.entries.entries()) each.backup = joined(...(parts[index] ?? []));
  return found;
}

/** Returns one file's tar; null if a tar can't represent its streams' content. */
async function written({ entry, backup }: Read['entries'][number]): Promise<Uint8Array | null> {
  if (entry.info === null) return null;
  const writer = new TarWriter();
  const parts: Uint8Array[] = [];
  try {
    const file = { name: entry.name, sizeBytes: entry.sizeBytes, info: entry.info, open: () => [backup] };
    for await (const bytes of tarFromBackupStream(writer, file)) parts.push(bytes.slice());
    parts.push(writer.end());
  } catch (error) {
    expectRefusal(error);
    return null;
  }
  return joined(...parts);
}

async function run(input: Uint8Array): Promise<void> {
  const whole = await read(input, Math.max(1, input.length));
  const inPieces = await read(input, 1 + (input.length % 613));
  assert.equal(inPieces.isWhole, whole.isWhole);
  if (!whole.isWhole) return;
  expectSame(inPieces, whole);
  // After an error the last entry is incomplete.
  for (const each of whole.error === null ? whole.entries : whole.entries.slice(0, -1)) {
    for await (const _ of readBackupStreams([each.backup]));
    const tar = await written(each);
    if (tar === null) continue;
    const again = await read(tar, tar.length);
    if (again.error !== null) throw new Error(`what was written is refused: ${again.error}`);
  }
}

const SDDL = Buffer.from(sddlToSecurityDescriptor('O:BAG:SYD:P(A;OICI;FA;;;SY)')).toString('base64');

function windowsSeeds(): Uint8Array[] {
  const times = { mtime: '1600000000.5', atime: '1600000001', ctime: '1600000002', 'LIBARCHIVE.creationtime': '1600000003.25' };
  const attributes = Buffer.from(encodeExtendedAttributes([])).toString('base64');
  return [
    build.tar(build.pax({ 'MSWINDOWS.fileattr': '16', 'MSWINDOWS.rawsd': SDDL, ...times }), build.directory('Files/')),
    build.tar(
      build.pax({ 'MSWINDOWS.fileattr': '32', 'MSWINDOWS.xattr.$LXUID': 'AAAAAA==', ...times }),
      build.file('Files/a', 'content'),
      build.pax(times),
      build.file('Files/a:stream', 'more'),
      build.file('Files/.wh.b'),
    ),
    build.tar(
      build.pax({ 'MSWINDOWS.fileattr': '1024', 'MSWINDOWS.mountpoint': '1' }),
      build.symlink('Files/j', 'C:\\x'),
      build.symlink('Files/l', '..\\x'),
      build.hardlink('Files/h', 'Files/a'),
    ),
    build.tar(
      build.pax({ 'MSWINDOWS.sd': 'D:P(A;;FA;;;SY)', 'MSWINDOWS.fileattr': '33', 'MSWINDOWS.xattr.': attributes }),
      build.file('Files/s', ''),
    ),
  ];
}

export const target: Target = {
  name: 'windows-tar',
  seeds: () => [
    ...windowsSeeds(),
    ...tarSeeds(),
    ...sharedFiles('vectors', 60_000).filter((bytes) => bytes[0] !== 0x7b && bytes[0] !== 0x5b),
  ],
  tokens: TAR_TOKENS,
  mutate: mutateTar,
  open: () => session(run),
};
