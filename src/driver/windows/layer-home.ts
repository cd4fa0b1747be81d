// A Windows driver's home, as Docker lays it out: one folder for each layer, named by its id.
//
//   <id>\layerchain.json   the parents' absolute paths, nearest first; `null` for a base layer
//   <id>\layerID           only in an adopted base image: the name under which Windows stores its files
//   <id>\Files, Hives, UtilityVM, sandbox.vhdx, …   made by the platform
//   <id>-removing          a layer whose removal was interrupted
//
// Follows daemon/graphdriver/windows/windows.go of Docker 1.11 (Apache-2.0; see NOTICE). Docker writes layerId and reads layerID, which are
// the same file only where names ignore case, as on NTFS; here it is layerID throughout.
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
import { asLayerscopeError, displayText, encodeUtf8, LayerscopeError } from '#model';
import type { LayerInfo } from '../driver.ts';
import type { FileCalls, Native } from './native.ts';

/** The file calls that reading a home needs; outside Windows node:fs provides them. */
export type HomeFiles = Pick<FileCalls, 'list' | 'facts' | 'readFile'>;

function layerIdOrNull(name: string): WindowsLayerId | null {
  try {
    return parseWindowsLayerId(name);
  } catch (error) {
    if (error instanceof LayerscopeError && error.code === 'NAME_REFUSED') return null;
    throw error;
  }
}

/** Whether a folder of that name can be a layer: a valid id, and not the leftover of a removal. */
export function isLayerName(name: string): boolean {
  return idOfRemovingName(name) === null && layerIdOrNull(name) !== null;
}

/** A read-write layer's scratch disk. */
const SANDBOX_FILE = 'sandbox.vhdx';

export class LayerHome {
  readonly path: string;
  readonly #files: HomeFiles;
  readonly #paths: Native['paths'];

  constructor(home: string, files: HomeFiles, paths: Native['paths']) {
    this.path = home;
    this.#files = files;
    this.#paths = paths;
  }

  /** Absolute path of the layer's folder. */
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
    if (facts === null || (facts.attributes & FILE_ATTRIBUTE.directory) === 0 || idOfRemovingName(known) !== null) {
      throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
    }
    return known;
  }

  /** The name under which the platform stores a layer's files: the id, except for adopted base images. */
  async platformName(id: WindowsLayerId): Promise<WindowsLayerId> {
    const bytes = await this.#readIfThere(this.inFolder(id, LAYER_ID_FILE));
    return bytes === null ? id : parseLayerIdFile(bytes);
  }

  /** The path that layer calls take as the layer's id. */
  async platformPath(id: WindowsLayerId): Promise<string> {
    return this.#paths.join(this.path, await this.platformName(id));
  }

  /** Reads layerchain.json; if it can't be read, the chain is broken. An adopted base image needs none. */
  async chain(id: WindowsLayerId): Promise<LayerChain> {
    let bytes: Uint8Array | null;
    try {
      bytes = await this.#readIfThere(this.inFolder(id, LAYER_CHAIN_FILE));
    } catch (error) {
      const { code, message } = asLayerscopeError(error);
      return { parents: [], problem: { code: 'malformed', message: `${LAYER_CHAIN_FILE} can't be read: ${code}: ${message}` } };
    }
    if (bytes === null && (await this.#platformNameOr(id)) !== id) return { parents: [], problem: null };
    return parseLayerChain(bytes);
  }

  /** The parents' paths, nearest first. Throws IO with the reason if the chain is broken. */
  async parents(id: WindowsLayerId): Promise<readonly string[]> {
    const { parents, problem } = await this.chain(id);
    if (problem !== null) throw new LayerscopeError('IO', `layer ${id} is broken: ${problem.message}`);
    return parents;
  }

  async isReadWrite(id: WindowsLayerId): Promise<boolean> {
    return (await this.#files.facts(this.inFolder(id, SANDBOX_FILE))) !== null;
  }

  /** Ids of the layers whose nearest parent is this one. */
  async childrenOf(id: WindowsLayerId): Promise<readonly string[]> {
    const names = new Set([id.toUpperCase(), (await this.#platformNameOr(id)).toUpperCase()]);
    const children: string[] = [];
    for (const { name, attributes } of await this.#files.list(this.path)) {
      const child = (attributes & FILE_ATTRIBUTE.directory) !== 0 && isLayerName(name) ? layerIdOrNull(name) : null;
      if (child === null) continue;
      const [nearest] = (await this.chain(child)).parents;
      if (nearest !== undefined && names.has(folderOfPath(nearest).toUpperCase())) children.push(child);
    }
    return children;
  }

  async list(): Promise<readonly LayerInfo[]> {
    const folders = (await this.#files.list(this.path)).filter(({ attributes }) => (attributes & FILE_ATTRIBUTE.directory) !== 0);
    /** Layers by every folder name that a child's chain may use, in upper case. */
    const known = new Map<string, { readonly id: WindowsLayerId; readonly chain: LayerChain }>();
    const layers: { readonly id: WindowsLayerId; readonly chain: LayerChain }[] = [];
    const infos: LayerInfo[] = [];
    for (const { name } of folders) {
      const removing = idOfRemovingName(name);
      const id = removing === null ? layerIdOrNull(name) : null;
      if (id === null) {
        const problem = removing === null ? "a folder that can't be a layer" : `the rest of ${removing}, whose removal was interrupted`;
        infos.push({ id: name, parent: null, chain: [], state: 'leftover', problem: displayText(problem) });
        continue;
      }
      const layer = { id, chain: await this.chain(id) };
      layers.push(layer);
      for (const alias of [name, await this.#platformNameOr(id)]) known.set(alias.toUpperCase(), layer);
    }
    for (const { id, chain } of layers) {
      const problem = chainProblem(id, chain, (folder) => known.get(folder.toUpperCase())?.chain ?? null);
      const parents = chain.parents.map((path) => known.get(folderOfPath(path).toUpperCase())?.id ?? folderOfPath(path));
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

  /** {@link platformName}, or the layer's own name if its layerID can't be read. */
  async #platformNameOr(id: WindowsLayerId): Promise<string> {
    try {
      return await this.platformName(id);
    } catch (error) {
      // Using the layer reports it.
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

/** Contents of a layer's layerchain.json and layerID. */
export const layerFileBytes = {
  chain: encodeLayerChain,
  platformName: (name: string): Uint8Array => encodeUtf8(parseWindowsLayerId(name)),
};
