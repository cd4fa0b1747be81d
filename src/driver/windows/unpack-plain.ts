// Unpacks an ordinary tar into a folder: the diff format of windowsdiff and of Windows Server 2016 TP4. Takes files and folders only and
// works as Docker does: a whiteout removes, an existing file is replaced.
import { type ByteSource, FILE_ATTRIBUTE, readWindowsTar } from '#format/windows-tar';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import type { ApplyOptions } from '../driver.ts';
import { FolderTimes } from './folder-times.ts';
import { ACCESS, type BackupSink, type OpenFile, type RootFolder } from './native.ts';

/** `below`: the folder that every name must be in. */
export interface UnpackOptions extends ApplyOptions {
  readonly below?: string;
}

function pathOf(name: string, below: string | undefined): string {
  const shown = displayText(name);
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${shown}: an absolute path`);
  const parts = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads outside the layer`);
  if (below !== undefined && parts[0]?.toUpperCase() !== below.toUpperCase()) {
    throw new LayerscopeError('PATH_ESCAPE', `${shown}: not in the layer's own folder`);
  }
  return parts.join('\\');
}

/**
 * Unpacks the tar. Returns the total size of its files. Throws PATH_ESCAPE and UNSUPPORTED (links, devices) with the entry's name,
 * CANCELLED, and what the tar reader and the file calls do.
 */
export async function unpackPlain(root: RootFolder, tar: ByteSource, options: UnpackOptions): Promise<{ readonly sizeBytes: number }> {
  let current: { readonly file: OpenFile; readonly sink: BackupSink } | null = null;
  let sizeBytes = 0;
  const times = new FolderTimes();
  const finish = async (): Promise<void> => {
    const open = current;
    current = null;
    try {
      await open?.sink[Symbol.asyncDispose]();
    } finally {
      await open?.file[Symbol.asyncDispose]();
    }
  };
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const bytes of tar) {
      throwIfCancelled(options.signal);
      options.onProgress?.(bytes.length);
      yield bytes;
    }
  };
  const makeFolders = async (path: string): Promise<void> => {
    const parts = path.split('\\').slice(0, -1);
    for (let count = 1; count <= parts.length; count++) {
      const folder = parts.slice(0, count).join('\\');
      if ((await root.facts(folder)) === null) await root.makeFolder(folder);
    }
  };
  try {
    for await (const piece of readWindowsTar(counted())) {
      if (piece.kind === 'backup') {
        await (current as { sink: BackupSink } | null)?.sink.write(piece.bytes);
        continue;
      }
      await finish();
      const { entry } = piece;
      if (entry.type === 'whiteout') {
        const slash = entry.name.lastIndexOf('/') + 1;
        const target = pathOf(entry.name.slice(0, slash) + entry.name.slice(slash + '.wh.'.length), options.below);
        if (!target.includes('\\') && options.below !== undefined)
          throw new LayerscopeError('NAME_REFUSED', `${displayText(entry.name)}: invalid tombstone`);
        await root.removeAll(target);
        continue;
      }
      const path = pathOf(entry.name, options.below);
      if (path === '') continue;
      if ((entry.type !== 'file' && entry.type !== 'directory') || entry.info === null) {
        throw new LayerscopeError('UNSUPPORTED', `${displayText(entry.name)}: neither a file nor a folder`);
      }
      await makeFolders(path);
      if (entry.type === 'directory') {
        const there = await root.facts(path);
        if (there !== null && (there.attributes & FILE_ATTRIBUTE.directory) === 0) await root.remove(path);
        if (there === null || (there.attributes & FILE_ATTRIBUTE.directory) === 0) await root.makeFolder(path);
        times.add(path, { ...entry.info, attributes: 0 });
        continue;
      }
      await root.removeAll(path);
      const file = await root.open(path, { access: (ACCESS.read | ACCESS.write) >>> 0, create: 'new' });
      current = { file, sink: file.backupSink({ security: false }) };
      await file.setBasicInfo({ ...entry.info, attributes: 0 });
      sizeBytes += entry.sizeBytes;
    }
    await finish();
    await times.apply(root);
    return { sizeBytes };
  } finally {
    await finish();
  }
}
