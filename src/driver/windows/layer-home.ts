// A Windows driver's home, as Docker lays it out: one folder per layer, named by the layer's id.
//
//   <id>\layerchain.json   the parents' absolute paths, nearest first; `null` for a base layer
//   <id>\layerID           only in an adopted base image: the name under which Windows stores its files
//   <id>\Files, Hives, UtilityVM, sandbox.vhdx, …   made by the platform
//   <id>\layerscope-importing   exists only while a diff is applied, to recognize an interrupted one
//   <id>-removing          a layer whose removal was interrupted
//   layerscope-<process>-<random>   the transport folder of an import or export
//   sysfile-backups\<id>   left by Docker versions of 2015; not a layer
//
// Follows daemon/graphdriver/windows/windows.go of Docker 1.11 (Apache-2.0; see NOTICE). Docker writes layerId and reads layerID, which are
// the same file only on a case-insensitive file system such as NTFS. This program writes layerID, and reads it in any case.
import {
  chainProblem,
  encodeLayerChain,
  folderOfPath,
  idOfRemovingName,
  LAYER_CHAIN_FILE,
  LAYER_ID_FILE,
  type LayerChain,
  parseLayerChain,
  parseLayerIdFile,
  parseWindowsLayerId,
  type WindowsLayerId,
} from '#format/layer';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { asLayerscopeError, displayText, encodeUtf8, foldWindowsCase, LayerscopeError } from '#model';
import type { LayerInfo } from '../driver.ts';
import type { FileCalls, Native } from './native.ts';
import { isLeftTransport, transportProcess } from './transport-folder.ts';

/** The file calls needed to read a home; outside Windows they use node:fs. */
export interface HomeFiles extends Pick<FileCalls, 'list' | 'facts' | 'readFile'> {
  /** On a case-sensitive system, returns all names in a folder that Windows would treat as `name`. */
  spellings?(folder: string, name: string): Promise<readonly string[]>;
}

function layerIdOrNull(name: string): WindowsLayerId | null {
  try {
    return parseWindowsLayerId(name);
  } catch (error) {
    if (error instanceof LayerscopeError && error.code === 'NAME_REFUSED') return null;
    throw error;
  }
}

/** A folder of Docker's that isn't a layer: backups of system files, by layer. */
const BACKUPS_FOLDER = 'sysfile-backups';

/** Whether a folder of the home belongs to the store itself and therefore can't be a layer. */
function isOwnFolder(name: string): boolean {
  return foldWindowsCase(name) === BACKUPS_FOLDER || transportProcess(name) !== null;
}

/** Whether a folder with this name can be a layer: the name is a valid id, and doesn't mark an interrupted removal. */
export function isLayerName(name: string): boolean {
  return idOfRemovingName(name) === null && !isOwnFolder(name) && layerIdOrNull(name) !== null;
}

/**
 * Parses the id of a new layer. Throws NAME_REFUSED if the id is invalid, or if {@link isLayerName} doesn't accept it as the name of a
 * folder.
 */
export function parseNewLayerId(text: string): WindowsLayerId {
  const id = parseWindowsLayerId(text);
  if (!isLayerName(id)) throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${displayText(id)}: the store itself uses that name`);
  return id;
}

/** File that exists in a layer's folder while a diff is applied to the layer. */
const IMPORT_MARK_FILE = 'layerscope-importing';
/** Folder of a layer's files, created by the first import. */
const FILES_FOLDER = 'Files';

/** A read-write layer's scratch disk. */
export const SANDBOX_FILE = 'sandbox.vhdx';

/** Returns why a folder that isn't a layer is a leftover; null if it isn't a leftover. */
function problemOf(name: string): string | null {
  const removing = idOfRemovingName(name);
  if (removing !== null) return `the rest of ${removing}, whose removal was interrupted`;
  if (!isOwnFolder(name)) return "a folder that can't be a layer";
  return isLeftTransport(name) ? 'files of an import or export that was interrupted' : null;
}

export class LayerHome {
  readonly path: string;
  readonly #files: HomeFiles;
  readonly #paths: Native['paths'];

  constructor(home: string, files: HomeFiles, paths: Native['paths']) {
    this.path = home;
    this.#files = files;
    this.#paths = paths;
  }

  /** Returns the absolute path of the layer's folder. */
  folder(id: WindowsLayerId): string {
    return this.#paths.join(this.path, id);
  }

  inFolder(id: WindowsLayerId, name: string): string {
    return this.#paths.join(this.path, id, name);
  }

  /** Checks the id and that the layer's folder exists. Throws NAME_REFUSED, NOT_FOUND. */
  async find(id: string): Promise<WindowsLayerId> {
    const known = parseWindowsLayerId(id);
    const facts = await this.#files.facts(this.folder(known));
    if (facts === null || (facts.attributes & FILE_ATTRIBUTE.directory) === 0 || !isLayerName(known)) {
      throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
    }
    return known;
  }

  /**
   * Returns the name under which the platform stores a layer's files: the id, except for adopted base images. Throws NAME_REFUSED for an
   * invalid name, DAMAGED if several layerID files, whose names differ in case only, state different names.
   */
  async platformName(id: WindowsLayerId): Promise<WindowsLayerId> {
    const found = new Map<WindowsLayerId, string>();
    for (const name of (await this.#files.spellings?.(this.folder(id), LAYER_ID_FILE)) ?? [LAYER_ID_FILE]) {
      const bytes = await this.#readIfThere(this.inFolder(id, name));
      if (bytes !== null) found.set(parseLayerIdFile(bytes), name);
    }
    const [named, ...more] = found.keys();
    if (named === undefined) return id;
    if (more.length === 0) return named;
    throw new LayerscopeError('DAMAGED', `its files ${[...found.values()].join(' and ')} name different folders`);
  }

  /** Returns the path that is passed to layer calls as the layer's id. */
  async platformPath(id: WindowsLayerId): Promise<string> {
    return this.#paths.join(this.path, await this.platformName(id));
  }

  /**
   * Reads layerchain.json. If that file or layerID can't be read, the chain is broken. An adopted base image doesn't need a
   * layerchain.json.
   */
  async chain(id: WindowsLayerId): Promise<LayerChain> {
    let file = LAYER_CHAIN_FILE;
    let bytes: Uint8Array | null = null;
    try {
      bytes = await this.#readIfThere(this.inFolder(id, file));
      file = LAYER_ID_FILE;
      const isAdopted = (await this.platformName(id)) !== id;
      if (bytes === null && isAdopted) return { parents: [], problem: null };
    } catch (error) {
      const { code, message } = asLayerscopeError(error);
      const { parents } = bytes === null ? { parents: [] } : parseLayerChain(bytes);
      return { parents, problem: { code: 'malformed', message: `${file} can't be read: ${code}: ${message}` } };
    }
    const chain = parseLayerChain(bytes);
    if (chain.problem !== null || (await this.#files.facts(this.importMark(id))) === null) return chain;
    return { ...chain, problem: { code: 'unfinished', message: 'its import was interrupted, or is still running' } };
  }

  /** Returns the path of the file that exists while a diff is applied to the layer. */
  importMark(id: WindowsLayerId): string {
    return this.inFolder(id, IMPORT_MARK_FILE);
  }

  /** Whether a layer has the folder `Files`, even an empty one. `layer`: the absolute path of the layer's folder. */
  async hasFiles(layer: string): Promise<boolean> {
    return (await this.#files.facts(this.#paths.join(layer, FILES_FOLDER))) !== null;
  }

  /** Whether a layer has files. An empty folder `Files` doesn't count, because the platform may have created it. */
  async isFilled(id: WindowsLayerId): Promise<boolean> {
    const layer = await this.platformPath(id);
    return (await this.hasFiles(layer)) && (await this.#files.list(this.#paths.join(layer, FILES_FOLDER))).length > 0;
  }

  /** Returns the parents' paths, nearest first. Throws IO with the reason if the chain is broken. */
  async parents(id: WindowsLayerId): Promise<readonly string[]> {
    const { parents, problem } = await this.chain(id);
    if (problem !== null) throw new LayerscopeError('IO', `layer ${id} is broken: ${problem.message}`);
    return parents;
  }

  async isReadWrite(id: WindowsLayerId): Promise<boolean> {
    return (await this.#files.facts(this.inFolder(id, SANDBOX_FILE))) !== null;
  }

  /** Returns the ids of the layers whose nearest parent is this one. */
  async childrenOf(id: WindowsLayerId): Promise<readonly string[]> {
    const names = new Set([foldWindowsCase(id), foldWindowsCase(await this.#platformNameOr(id))]);
    const children: string[] = [];
    for (const { name, attributes } of await this.#files.list(this.path)) {
      const child = (attributes & FILE_ATTRIBUTE.directory) !== 0 && isLayerName(name) ? layerIdOrNull(name) : null;
      if (child === null) continue;
      const [nearest] = (await this.chain(child)).parents;
      if (nearest !== undefined && names.has(foldWindowsCase(folderOfPath(nearest)))) children.push(child);
    }
    return children;
  }

  /** Returns the paths, relative to the home, of backups of system files whose layer no longer exists. */
  async lostBackups(): Promise<readonly string[]> {
    const folder = this.backupsOf(null);
    if ((await this.#files.facts(folder)) === null) return [];
    const lost: string[] = [];
    for (const { name } of await this.#files.list(folder)) {
      if ((await this.#files.facts(this.#paths.join(this.path, name))) === null) lost.push(this.#paths.join(BACKUPS_FOLDER, name));
    }
    return lost;
  }

  /** Returns the folder of a layer's backups of system files; null: the folder that contains all backups. */
  backupsOf(id: WindowsLayerId | null): string {
    return this.#paths.join(this.path, BACKUPS_FOLDER, id ?? '');
  }

  async list(): Promise<readonly LayerInfo[]> {
    const folders = (await this.#files.list(this.path)).filter(({ attributes }) => (attributes & FILE_ATTRIBUTE.directory) !== 0);
    /** Layers, by each folder name (case-folded) that a child's chain may use for them. */
    const known = new Map<string, { readonly id: WindowsLayerId; readonly chain: LayerChain }>();
    const layers: { readonly id: WindowsLayerId; readonly chain: LayerChain }[] = [];
    const infos: LayerInfo[] = [];
    for (const { name } of folders) {
      const id = isLayerName(name) ? layerIdOrNull(name) : null;
      if (id === null) {
        const problem = problemOf(name);
        if (problem !== null) infos.push({ id: name, parent: null, chain: [], state: 'leftover', problem: displayText(problem) });
        continue;
      }
      const layer = { id, chain: await this.chain(id) };
      layers.push(layer);
      for (const alias of [name, await this.#platformNameOr(id)]) known.set(foldWindowsCase(alias), layer);
    }
    for (const { id, chain } of layers) {
      const problem = chainProblem(id, chain, (folder) => known.get(foldWindowsCase(folder))?.chain ?? null);
      const parents = chain.parents.map((path) => known.get(foldWindowsCase(folderOfPath(path)))?.id ?? folderOfPath(path));
      infos.push({
        id,
        parent: parents[0] ?? null,
        chain: parents,
        state: problem === null ? 'ready' : problem.code === 'missing-parent' ? 'leftover' : 'broken',
        problem: problem?.message ?? null,
        ...((await this.isReadWrite(id)) ? { readWrite: true } : {}),
      });
    }
    return infos.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether a layer is an adopted base image, whose files are stored under `name`. */
  async isAdopted(id: WindowsLayerId, name: string): Promise<boolean> {
    return foldWindowsCase(await this.#platformNameOr(id)) === foldWindowsCase(name);
  }

  /** Returns the {@link platformName}, or the layer's own name if its layerID can't be read. */
  async #platformNameOr(id: WindowsLayerId): Promise<string> {
    try {
      return await this.platformName(id);
    } catch (error) {
      // Ignore the error here, because it is reported when the layer is used.
      if (error instanceof LayerscopeError) return id;
      throw error;
    }
  }

  async #readIfThere(file: string): Promise<Uint8Array | null> {
    try {
      return await this.#files.readFile(file);
    } catch (error) {
      if (error instanceof LayerscopeError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }
}

/** Encode a layer's layerchain.json and layerID. */
export const layerFileBytes = {
  chain: encodeLayerChain,
  platformName: (name: string): Uint8Array => encodeUtf8(parseWindowsLayerId(name)),
};
