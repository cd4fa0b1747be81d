// Reads a layer's files by their names in its tar, like Docker's DiffGetter.
import { STREAM_ID } from '#format/backup-stream';
import { BackupCursor, STREAM_TYPE_SUFFIX } from '#format/windows-tar';
import { displayText, foldWindowsCase, LayerscopeError } from '#model';
import type { LayerFiles } from '../driver.ts';
import { type LayerName, parseReadName } from './layer-name.ts';
import { bytesFrom } from './layer-reader.ts';
import { ACCESS, type OpenFile, type RootFolder } from './native.ts';
import { keptCopyOf } from './utility-vm.ts';

/** Splits a name into its file and its alternate data stream, which is null for the file's own data. Throws NAME_REFUSED. */
function parseStreamName(name: string): { readonly file: LayerName; readonly stream: string | null } {
  const start = Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1;
  const colon = name.indexOf(':', start);
  if (colon < 0) return { file: parseReadName(name), stream: null };
  const text = name.slice(colon + 1);
  const isTyped = foldWindowsCase(text).endsWith(foldWindowsCase(STREAM_TYPE_SUFFIX));
  const stream = isTyped ? text.slice(0, -STREAM_TYPE_SUFFIX.length) : text;
  if (colon === start || stream === '' || stream.includes(':')) {
    throw new LayerscopeError('NAME_REFUSED', `${displayText(name)}: not the name of a file's stream`);
  }
  return { file: parseReadName(name.slice(0, colon)), stream };
}

/** Yields the bytes of an alternate data stream. Throws NOT_FOUND. */
async function* streamOf(file: OpenFile, stream: string, shown: string): AsyncGenerator<Uint8Array, void, undefined> {
  const wanted = foldWindowsCase(`:${stream}${STREAM_TYPE_SUFFIX}`);
  const cursor = new BackupCursor(file.backup({ security: false }));
  try {
    for (let found = await cursor.next(); found !== null; found = await cursor.next()) {
      if (found.id !== STREAM_ID.alternateData || foldWindowsCase(found.name) !== wanted) continue;
      yield* cursor.data();
      return;
    }
  } finally {
    await cursor.close();
  }
  throw new LayerscopeError('NOT_FOUND', `${shown}: the file has no such stream`);
}

/** Opens a layer's files. Takes ownership of the root. Needs SeBackup. */
export function openLayerFiles(root: RootFolder): LayerFiles {
  return {
    async *open(name) {
      const { file: named, stream } = parseStreamName(name);
      // Windows has changed the boot files in place, so their backups are read instead.
      const kept = stream === null ? keptCopyOf(named.path) : null;
      const read = kept !== null && (await root.facts(kept)) !== null ? kept : named.path;
      await using file = await root.open(read, { access: ACCESS.read, create: 'existing' });
      if (stream === null) yield* bytesFrom(file, 0);
      else yield* streamOf(file, stream, displayText(name));
    },
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}
