// Reads a layer's changes entry by entry, in tar order. A layer with parents is read from the transport folder that ExportLayer writes
// (described in layer-writer.ts, but with a tombstones.txt), a base layer from its own folder. Follows hcsshim's legacy layer reader and
// base layer reader. The order is depth first, with names in byte order. A folder comes first, then its tombstones, then its other
// contents.
import { readTombstones, TOMBSTONES_FILE } from '#format/layer';
import { type ByteSource, backupDataSize, FILE_ATTRIBUTE, type FileBasicInfo, type SkippingSource } from '#format/windows-tar';
import { foldWindowsCase, LayerscopeError } from '#model';
import { Held } from './held.ts';
import { folderOf } from './layer-name.ts';
import { FOLDER_FILE_SUFFIX, type LayerPlace } from './layer-writer.ts';
import { ACCESS, type FileLinks, isRealFolder, type Native, type OpenFile, type RootFolder } from './native.ts';
import { makeTransportFolder } from './transport-folder.ts';
import { UTILITY_FILES } from './utility-vm.ts';

export interface LayerEntry {
  /** Path relative to the layer's folder, with backslashes. */
  readonly path: string;
  /** Null for a tombstone. */
  readonly file: LayerFile | null;
}

/** An open file, valid until the next entry is requested. */
export interface LayerFile {
  readonly sizeBytes: number;
  readonly info: FileBasicInfo;
  readonly links: FileLinks;
  /** Reads the backup stream from the start; one reader at a time. */
  backup(): ByteSource;
  /** Whether {@link backup} may be called again. */
  readonly readTwice: boolean;
  readonly ofBaseLayer: boolean;
}

const READ = ACCESS.read;
const BUFFER_BYTES = 64 * 1024;
const RECYCLE_BIN = foldWindowsCase('Files\\$Recycle.Bin');

/** Returns the file's content from an offset; can be read once. Each piece is valid until the next is requested. */
export function bytesFrom(file: OpenFile, offset: number): SkippingSource {
  let at = offset;
  return {
    skip(bytes) {
      at += bytes;
    },
    async *[Symbol.asyncIterator]() {
      const buffer = new Uint8Array(BUFFER_BYTES);
      for (;;) {
        const count = await file.read(buffer, at);
        if (count === 0) return;
        at += count;
        yield buffer.subarray(0, count);
      }
    },
  };
}

interface WalkedFile {
  readonly path: string;
  readonly attributes: number;
}

/** Walks everything below a path, folders before their contents. Doesn't follow links. */
export async function* walk(root: RootFolder, below: string): AsyncGenerator<WalkedFile, void, undefined> {
  for (const facts of await root.list(below)) {
    const { name, attributes } = facts;
    const path = below === '' ? name : `${below}\\${name}`;
    if (foldWindowsCase(path) === RECYCLE_BIN && (attributes & FILE_ATTRIBUTE.directory) !== 0) continue;
    yield { path, attributes };
    if (isRealFolder(facts)) yield* walk(root, path);
  }
}

/** Replaces creation and access times, which depend on when the transport folder was made, with the write time. */
function steadyTimes(info: FileBasicInfo, from: FileBasicInfo = info): FileBasicInfo {
  return {
    creationTimeFiletime: from.writeTimeFiletime,
    accessTimeFiletime: from.writeTimeFiletime,
    writeTimeFiletime: from.writeTimeFiletime,
    changeTimeFiletime: from.changeTimeFiletime,
    attributes: info.attributes,
  };
}

/** Returns the tombstones in tombstones.txt, grouped by parent folder. A transport folder without that file is broken. */
async function tombstonesOf(root: RootFolder): Promise<Map<string, string[]>> {
  const byFolder = new Map<string, string[]>();
  await using file = await root.open(TOMBSTONES_FILE, { access: READ, create: 'existing' });
  for await (const path of readTombstones(bytesFrom(file, 0))) {
    const key = foldWindowsCase(folderOf(path));
    const list = byFolder.get(key);
    if (list === undefined) byFolder.set(key, [path]);
    else list.push(path);
  }
  return byFolder;
}

/**
 * Reads the entries of a transport folder. Throws DAMAGED and PATH_ESCAPE for its tombstones.txt, TRUNCATED for files without attributes,
 * and what Windows' calls throw.
 */
async function* readTransport(root: RootFolder): AsyncGenerator<LayerEntry, void, undefined> {
  const tombstones = await tombstonesOf(root);
  const steady = await hiveTimes(root);
  for await (const { path, attributes } of walk(root, '')) {
    if (path === TOMBSTONES_FILE || path.endsWith(FOLDER_FILE_SUFFIX)) continue;
    yield* opened(root, path, attributes, steady);
    if ((attributes & FILE_ATTRIBUTE.directory) === 0) continue;
    // Windows exports the parent folder of every removed path, so each tombstone follows its folder here. Like hcsshim, ignore tombstones
    // whose folder wasn't exported.
    for (const gone of tombstones.get(foldWindowsCase(path)) ?? []) yield { path: gone, file: null };
  }
}

async function hiveTimes(root: RootFolder): Promise<FileBasicInfo | null> {
  const path = 'Hives\\System_Delta';
  if ((await root.facts(path)) === null) return null;
  await using file = await root.open(path, { access: READ, create: 'existing' });
  return await file.basicInfo();
}

async function* opened(
  root: RootFolder,
  path: string,
  attributes: number,
  steady: FileBasicInfo | null,
): AsyncGenerator<LayerEntry, void, undefined> {
  const isFolder = (attributes & FILE_ATTRIBUTE.directory) !== 0;
  const isRaw = path.startsWith('Files\\');
  await using file = await root.open(isRaw && isFolder ? path + FOLDER_FILE_SUFFIX : path, { access: READ, create: 'existing' });
  const info = await file.basicInfo();
  const links = await file.links();
  if (!isRaw) {
    const isRoot = path === 'Hives' || path === 'Files';
    const { sizeBytes } = await file.facts();
    const shown = steadyTimes(info, isRoot && steady !== null ? steady : info);
    yield {
      path,
      file: {
        sizeBytes: isFolder ? 0 : sizeBytes,
        info: shown,
        links,
        backup: () => file.backup({ security: false }),
        readTwice: false,
        ofBaseLayer: false,
      },
    };
    return;
  }
  const head = new Uint8Array(4);
  if ((await file.read(head, 0)) < head.length) throw new LayerscopeError('TRUNCATED', `${path}: an exported file without attributes`);
  const shown = { ...info, attributes: new DataView(head.buffer).getUint32(0, true) };
  const backup = () => bytesFrom(file, head.length);
  yield {
    path,
    file: { sizeBytes: isFolder ? 0 : await backupDataSize(backup()), info: shown, links, backup, readTwice: true, ofBaseLayer: false },
  };
}

/** Reads the entries of a base layer from its folder: Files and UtilityVM\Files. Throws NOT_FOUND if there is no Files. */
async function* readBaseLayer(root: RootFolder): AsyncGenerator<LayerEntry, void, undefined> {
  const paths = async function* (): AsyncGenerator<WalkedFile, void, undefined> {
    const start = async (path: string): Promise<WalkedFile | null> => {
      const facts = await root.facts(path);
      return facts === null ? null : { path, attributes: facts.attributes };
    };
    const files = await start('Files');
    if (files === null) throw new LayerscopeError('NOT_FOUND', `${root.path}: a layer without a Files folder`);
    yield files;
    yield* walk(root, 'Files');
    const [vm, vmFiles] = [await start('UtilityVM'), await start(UTILITY_FILES)];
    if (vm === null || vmFiles === null) return;
    yield vm;
    yield vmFiles;
    yield* walk(root, UTILITY_FILES);
  };
  for await (const { path, attributes } of paths()) {
    await using file = await root.open(path, { access: READ, create: 'existing' });
    const isFolder = (attributes & FILE_ATTRIBUTE.directory) !== 0;
    const { sizeBytes } = await file.facts();
    yield {
      path,
      file: {
        sizeBytes: isFolder ? 0 : sizeBytes,
        info: await file.basicInfo(),
        links: await file.links(),
        backup: () => file.backup({ security: true }),
        readTwice: false,
        ofBaseLayer: true,
      },
    };
  }
}

/**
 * Reads a layer's entries. A layer with parents is exported into a temporary transport folder, which is removed at the end or when the
 * consumer stops reading; a base layer is read in place. Needs SeBackup. Each entry is valid until the next is requested. Throws what
 * {@link readTransport} throws.
 */
export async function* readLayerEntries(
  native: Native,
  { driver, layer, parents }: LayerPlace,
): AsyncGenerator<LayerEntry, void, undefined> {
  if (parents.length === 0) {
    await using root = await native.files.openRoot(layer);
    yield* readBaseLayer(root);
    return;
  }
  await using held = new Held();
  const folder = held.use(await makeTransportFolder(native, layer));
  await native.layers.exportLayer(driver, layer, folder.path, parents);
  yield* readTransport(held.use(await native.files.openRoot(folder.path)));
}
