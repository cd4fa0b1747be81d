// What a layer changed, entry by entry, as it is put into a tar: for a layer with parents from the transport folder that ExportLayer
// writes (layer-writer.ts says what is in one, plus tombstones.txt), for a base layer from its own folder. Follows hcsshim's legacy
// layer reader and base layer reader. The order is depth first, names by their bytes, a folder before what is in it; what a folder
// lost stands right behind it.
import { readTombstones, TOMBSTONES_FILE } from '#format/layer';
import { type ByteSource, backupDataSize, FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';
import { LayerscopeError } from '#model';
import { Held } from './held.ts';
import { folderOf } from './layer-name.ts';
import { FOLDER_FILE_SUFFIX, type LayerPlace } from './layer-writer.ts';
import { ACCESS, type FileLinks, type Native, type OpenFile, type RootFolder } from './native.ts';
import { twice } from './twice.ts';
import { UTILITY_FILES } from './utility-vm.ts';

export interface LayerEntry {
  /** Below the layer's folder, with \. */
  readonly path: string;
  /** Null: the layer takes the path away. */
  readonly file: LayerFile | null;
}

/** A file that is open until the next entry is asked for. */
export interface LayerFile {
  readonly sizeBytes: number;
  readonly info: FileBasicInfo;
  readonly links: FileLinks;
  /** The backup stream, from its beginning; one at a time. */
  backup(): ByteSource;
  /** Whether {@link backup} may be called again. */
  readonly readTwice: boolean;
  /** Of a layer without parents. */
  readonly ofBaseLayer: boolean;
}

const READ = ACCESS.read;
const BUFFER_BYTES = 64 * 1024;
const RECYCLE_BIN = 'FILES\\$RECYCLE.BIN';

/** A file's plain bytes from an offset on. */
export async function* bytesFrom(file: OpenFile, offset: number): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let at = offset; ; ) {
    const count = await file.read(buffer, at);
    if (count === 0) return;
    at += count;
    yield buffer.subarray(0, count);
  }
}

interface WalkedFile {
  readonly path: string;
  readonly attributes: number;
}

/** Everything below a path, folders before what is in them; links aren't followed. */
export async function* walk(root: RootFolder, below: string): AsyncGenerator<WalkedFile, void, undefined> {
  for (const { name, attributes } of await root.list(below)) {
    const path = below === '' ? name : `${below}\\${name}`;
    if (path.toUpperCase() === RECYCLE_BIN && (attributes & FILE_ATTRIBUTE.directory) !== 0) continue;
    yield { path, attributes };
    const kind = FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.reparsePoint;
    if ((attributes & kind) === FILE_ATTRIBUTE.directory) yield* walk(root, path);
  }
}

/** Times that don't depend on when the folder was made: all those of the last write. */
function steadyTimes(info: FileBasicInfo, from: FileBasicInfo = info): FileBasicInfo {
  return {
    creationTimeFiletime: from.writeTimeFiletime,
    accessTimeFiletime: from.writeTimeFiletime,
    writeTimeFiletime: from.writeTimeFiletime,
    changeTimeFiletime: from.changeTimeFiletime,
    attributes: info.attributes,
  };
}

/** Lines of tombstones.txt by the folder that they are in. A transport folder without the file is broken. */
async function tombstonesOf(root: RootFolder): Promise<Map<string, string[]>> {
  const byFolder = new Map<string, string[]>();
  await using file = await root.open(TOMBSTONES_FILE, { access: READ, create: 'existing' });
  for await (const path of readTombstones(bytesFrom(file, 0))) {
    const key = folderOf(path).toUpperCase();
    const list = byFolder.get(key);
    if (list === undefined) byFolder.set(key, [path]);
    else list.push(path);
  }
  return byFolder;
}

/** Entries of a transport folder. Throws DAMAGED, PATH_ESCAPE for its tombstones.txt, TRUNCATED for files without attributes, and what Windows says. */
async function* readTransport(root: RootFolder): AsyncGenerator<LayerEntry, void, undefined> {
  const tombstones = await tombstonesOf(root);
  const steady = await hiveTimes(root);
  for await (const { path, attributes } of walk(root, '')) {
    if (path === TOMBSTONES_FILE || path.endsWith(FOLDER_FILE_SUFFIX)) continue;
    yield* opened(root, path, attributes, steady);
    if ((attributes & FILE_ATTRIBUTE.directory) === 0) continue;
    // Windows exports the folder of everything that is gone: a line about another is of no consequence, as in hcsshim.
    for (const gone of tombstones.get(path.toUpperCase()) ?? []) yield { path: gone, file: null };
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
    const told = steadyTimes(info, isRoot && steady !== null ? steady : info);
    yield {
      path,
      file: {
        sizeBytes: isFolder ? 0 : sizeBytes,
        info: told,
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
  const told = { ...info, attributes: new DataView(head.buffer).getUint32(0, true) };
  const backup = () => bytesFrom(file, head.length);
  yield {
    path,
    file: { sizeBytes: isFolder ? 0 : await backupDataSize(backup()), info: told, links, backup, readTwice: true, ofBaseLayer: false },
  };
}

/** Entries of a base layer's own folder: Files, and of the utility VM its files. */
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
 * Entries of a layer: exported into a transport folder of ours, which is gone at the end, whenever that is; a base layer is read where
 * it is. Needs SeBackup. Each entry is good until the next is asked for. Throws as {@link readTransport}.
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
  const folder = await native.files.makeTemporaryFolder();
  held.defer(() => twice(() => native.files.removeFolder(folder)));
  await native.layers.exportLayer(driver, layer, folder, parents);
  yield* readTransport(held.use(await native.files.openRoot(folder)));
}
