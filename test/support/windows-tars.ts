// Windows layer tars in go-winio's form, and a short text form of what is read back.
import { BackupStreamReader, BackupStreamWriter, STREAM_ID } from '#format/backup-stream';
import {
  encodeWtf8,
  FILE_ATTRIBUTE,
  readWindowsTar,
  TarWriter,
  tarFromBackupStream,
  toByteString,
  whiteoutHeader,
} from '#format/windows-tar';
import type { LayerSketch } from '../driver/suite.ts';

const TIME = 133_000_000_000_000_000n;

/** A member: a folder if it has only a name, a file if it has content, or a whiteout. */
export interface WindowsMember {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly whiteout?: boolean;
  readonly attributes?: number;
  /** A self-relative security descriptor. */
  readonly security?: Uint8Array;
  /** Added to all times, in units of 100 ns. */
  readonly later?: bigint;
  /** A hard link to this name. */
  readonly link?: string;
}

export async function windowsTar(members: readonly WindowsMember[]): Promise<Uint8Array> {
  const writer = new TarWriter();
  const parts: Uint8Array[] = [];
  for (const { name, content, whiteout, attributes, security, later = 0n, link } of members) {
    if (link !== undefined) {
      const modTime = { seconds: 1_600_000_000, nanos: 0 };
      parts.push(
        writer.header({
          name: toByteString(encodeWtf8(name)),
          linkname: toByteString(encodeWtf8(link)),
          typeflag: '1',
          mode: 0,
          size: 0,
          modTime,
        }),
      );
      continue;
    }
    if (whiteout === true) {
      parts.push(writer.header(whiteoutHeader(name)));
      continue;
    }
    const bytes = content === undefined ? null : Buffer.from(content);
    const streams = new BackupStreamWriter();
    const backup: Uint8Array[] = [];
    if (security !== undefined) backup.push(streams.head({ id: STREAM_ID.security, sizeBytes: security.length }), streams.data(security));
    if (bytes !== null) backup.push(streams.head({ id: STREAM_ID.data, sizeBytes: bytes.length }), streams.data(bytes));
    const info = {
      creationTimeFiletime: TIME + later,
      accessTimeFiletime: TIME + later + 10_000_000n,
      writeTimeFiletime: TIME + later + 20_000_000n,
      changeTimeFiletime: TIME + later + 30_000_000n,
      attributes: attributes ?? (bytes === null ? FILE_ATTRIBUTE.directory : FILE_ATTRIBUTE.archive),
    };
    const file = { name, sizeBytes: bytes?.length ?? 0, info, open: () => backup };
    for await (const piece of tarFromBackupStream(writer, file)) parts.push(piece.slice());
  }
  parts.push(writer.end());
  return Buffer.concat(parts);
}

/** Returns the paths' folders, each before its contents. */
function foldersOf(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    for (let count = 1; count <= parts.length; count++) folders.add(parts.slice(0, count).join('/'));
  }
  return [...folders].sort();
}

/** Returns a windowsfilter layer's tar, with its files below Files. */
export function filterTar({ files = {}, removed = [] }: LayerSketch, isBase: boolean): Promise<Uint8Array> {
  const below = (path: string) => `Files/${path}`;
  const paths = [...Object.keys(files), ...removed].map(below);
  return windowsTar([
    { name: 'Files' },
    ...(isBase ? [] : [{ name: 'Hives' }, { name: 'Hives/System_Delta', content: 'delta' }]),
    ...foldersOf(paths)
      .filter((folder) => folder !== 'Files')
      .map((name) => ({ name })),
    ...Object.entries(files).map(([path, content]) => ({ name: below(path), content })),
    ...removed.map((path) => ({ name: below(path), whiteout: true })),
  ]);
}

/** Returns the ordinary tar of the layer's folder that windowsdiff unpacks. */
export function plainTar(id: string, { files = {} }: LayerSketch): Uint8Array {
  const writer = new TarWriter();
  const parts: Uint8Array[] = [];
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    const name = toByteString(encodeWtf8(`${id}/Files/${path}`));
    parts.push(
      writer.header({ name, typeflag: '0', mode: 0o644, size: bytes.length, modTime: { seconds: 1_600_000_000, nanos: 0 } }),
      writer.body(bytes),
    );
  }
  parts.push(writer.end());
  return Buffer.concat(parts);
}

/** Returns a sketch of the files below Files in an exported tar. */
export async function sketchOf(tar: Uint8Array): Promise<LayerSketch> {
  const files: Record<string, string> = {};
  const removed: string[] = [];
  let current: { path: string; reader: BackupStreamReader; data: Uint8Array[]; inData: boolean } | null = null;
  const close = (): void => {
    if (current !== null) files[current.path] = Buffer.concat(current.data).toString();
    current = null;
  };
  for await (const piece of readWindowsTar([tar])) {
    if (piece.kind === 'backup') {
      const open = current as { reader: BackupStreamReader; data: Uint8Array[]; inData: boolean } | null;
      if (open === null) continue;
      for (const part of open.reader.push(piece.bytes)) {
        if (part.kind === 'stream') open.inData = part.stream.id === STREAM_ID.data;
        else if (open.inData) open.data.push(part.bytes.slice());
      }
      continue;
    }
    close();
    const { entry } = piece;
    if (!entry.name.startsWith('Files/')) continue;
    const path = entry.name.slice('Files/'.length);
    if (entry.type === 'whiteout') removed.push(path.replace('.wh.', ''));
    else if (entry.type === 'file') current = { path, reader: new BackupStreamReader(), data: [], inData: false };
  }
  close();
  return { files, removed };
}
