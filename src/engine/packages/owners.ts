import type { NodeViews, PathFollower } from '#changes';
import { hashName, type LayerTable } from '#format/layer';
import { encodeUtf8, type Rest } from '#model';
import { isSystemType } from '#packages';
import type { Installed } from './types.ts';

/** The owner of a node that no package owns. */
export const NOBODY = -1;

const MODULES = encodeUtf8('node_modules');
const MODULES_HASH = hashName(MODULES, 0, MODULES.length);

/** Finds the package that owns each node of a view. */
export class OwnerFinder {
  readonly #views: NodeViews;
  readonly #follower: PathFollower;
  readonly #rest: Rest;
  /** For each node, 1 if it is named `node_modules`; made on first use. */
  #isModules: Uint8Array | null = null;

  constructor(views: NodeViews, follower: PathFollower, rest: Rest) {
    this.#views = views;
    this.#follower = follower;
    this.#rest = rest;
  }

  /**
   * Returns each node's owner, as an index into `packages`, or {@link NOBODY}. A path listed by several packages belongs to the first of
   * them, but system packages take precedence over language packages. Anything below the folders of several language packages belongs to
   * the package with the innermost folder. Throws CANCELLED.
   */
  async of(packages: readonly Installed[]): Promise<Int32Array> {
    const owners = new Int32Array(this.#views.tree.count).fill(NOBODY);
    const isSystem = Uint8Array.from(packages, ({ found }) => (isSystemType(found.type) ? 1 : 0));
    for (const wanted of [1, 0]) {
      for (const [index, { found }] of packages.entries()) {
        if (isSystem[index] !== wanted || found.files.paths.length === 0) continue;
        await this.#rest();
        claim(owners, await this.#follower.nodesOf(found.files.paths, this.#rest), index);
      }
    }
    if (packages.some(({ found }) => found.files.folders.length > 0)) await this.#addFolders(owners, packages, isSystem);
    return owners;
  }

  async #addFolders(owners: Int32Array, packages: readonly Installed[], isSystem: Uint8Array): Promise<void> {
    const { parent, count } = this.#views.tree;
    const isModules = this.#modules();
    const isNpm = Uint8Array.from(packages, ({ found }) => (found.type === 'npm' ? 1 : 0));
    const inherited = new Int32Array(count).fill(NOBODY);
    for (const [index, { found }] of packages.entries()) {
      if (found.files.folders.length === 0) continue;
      await this.#rest();
      claim(inherited, await this.#follower.nodesOf(found.files.folders, this.#rest), index);
    }
    // A parent's number is lower than its children's, so a parent is processed first.
    for (let node = 1; node < count; node++) {
      let folder = inherited[node] as number;
      if (folder === NOBODY) {
        folder = inherited[parent[node] as number] as number;
        // A `node_modules` folder inside an npm package isn't part of that package: it holds other packages.
        if (folder === NOBODY || (isModules[node] === 1 && isNpm[folder] === 1)) continue;
        inherited[node] = folder;
      }
      const own = owners[node] as number;
      if (own === NOBODY || (folder < own && isSystem[own] === 0)) owners[node] = folder;
    }
  }

  #modules(): Uint8Array {
    if (this.#isModules !== null) return this.#isModules;
    const { count, layers, nameLayer, nameNode } = this.#views.tree;
    const isModules = new Uint8Array(count);
    for (let node = 1; node < count; node++) {
      const table = layers[nameLayer[node] as number] as LayerTable;
      if (table.nodeHash[nameNode[node] as number] === MODULES_HASH) isModules[node] = 1;
    }
    this.#isModules = isModules;
    return isModules;
  }
}

function claim(owners: Int32Array, nodes: Int32Array, index: number): void {
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at] as number;
    if (node > 0 && owners[node] === NOBODY) owners[node] = index;
  }
}
