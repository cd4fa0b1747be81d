import { NodeViews, PathFollower } from '#changes';
import { asLayerscopeError, LayerscopeError, throwIfCancelled } from '#model';
import { type FoundPackage, isGone, NO_FILES, normalizedName, readSite, type Site } from '#packages';
import type { LoadedImage } from '../image/types.ts';
import { INFLATERS } from './inflaters.ts';
import { compareNeighbours } from './neighbours.ts';
import { comparePackages } from './order.ts';
import { OwnerFinder } from './owners.ts';
import { SeenInViews } from './seen-in-views.ts';
import { findSites, type IsWanted, type SiteInTree } from './sites.ts';
import type { Difference, Installed, PackageProblem } from './types.ts';

interface SiteState {
  readonly place: SiteInTree;
  /** What its nodes showed when it was read. */
  readonly states: Float64Array;
  packages: readonly Installed[];
}

/** Maximum number of packages in one view. */
const MAX_PACKAGES = 1_000_000;
/** Maximum total length of the paths that they list, in bytes. */
const MAX_PATH_BYTES = 128 * 1024 * 1024;

/** Where a walk begins, and what it reads. */
interface WalkOptions {
  readonly signal: AbortSignal | undefined;
  /** The layer to begin at, without the layers below it; default: below the lowest. */
  readonly at?: number;
  /** Which places are worth reading; default: each is. */
  readonly isWanted?: IsWanted;
}

/** Goes up the layers of an image and keeps the packages seen at the current one. The caller disposes of it. */
export class PackageWalk implements AsyncDisposable {
  readonly views: NodeViews;
  readonly #seen: SeenInViews;
  readonly #follower: PathFollower;
  readonly #owners: OwnerFinder;
  readonly #sites: SiteState[];
  readonly #signal: AbortSignal | undefined;
  #pathBytes = 0;
  /** Packages that were read again at the current layer and are the same as below, with what they were there. */
  #stayed = new Map<Installed, Installed>();
  /** The packages seen at the current layer, sorted. The same array as long as they are the same. */
  installed: readonly Installed[] = [];
  /** The owner of each node: an index into `installed`; see {@link OwnerFinder.of}. */
  owners: Int32Array;

  constructor(loaded: LoadedImage, { signal, at, isWanted }: WalkOptions) {
    this.views = new NodeViews(loaded.stack, at);
    this.#seen = new SeenInViews(loaded, this.views, signal);
    this.#follower = new PathFollower(this.views);
    this.#owners = new OwnerFinder(this.views, this.#follower);
    this.#signal = signal;
    this.#sites = findSites(this.views, isWanted).map((place) => ({
      place,
      states: new Float64Array(place.nodes.length).fill(-1),
      packages: [],
    }));
    this.owners = this.#owners.of([]);
  }

  get problems(): readonly PackageProblem[] {
    return this.#seen.problems;
  }

  /** Goes one layer up. Returns what it did to packages. Throws CANCELLED, IO. */
  async next(): Promise<Difference[]> {
    throwIfCancelled(this.#signal);
    this.views.next();
    return this.read();
  }

  /** Reads what the current layer shows that was not read before. Throws CANCELLED, IO. */
  async read(): Promise<Difference[]> {
    this.#stayed = new Map();
    const linksChanged = this.#follower.update();
    const changed = this.#sites.filter((state) => this.#noteStates(state));
    if (changed.length === 0) {
      if (linksChanged) this.owners = this.#owners.of(this.installed);
      return [];
    }
    // In the order of the tars: compressed layers are unpacked forward.
    changed.sort((a, b) => (a.states[0] as number) - (b.states[0] as number));
    const before: Installed[] = [];
    const now: Installed[] = [];
    for (const state of changed) {
      for (const each of state.packages) {
        before.push(each);
        this.#pathBytes -= each.found.files.paths.length;
      }
      state.packages = await this.#read(state.place.site);
      for (const each of state.packages) now.push(each);
    }
    const differences = compareNeighbours(before, now, this.views.layer, this.#stayed);
    this.installed = this.#sorted();
    this.owners = this.#owners.of(this.installed);
    return differences;
  }

  /** What a package that the current layer left as it is was among those of the layer below. */
  below(each: Installed): Installed {
    return this.#stayed.get(each) ?? each;
  }

  /** Whether a site's files are others than when it was read; notes what they are now. */
  #noteStates({ place, states }: SiteState): boolean {
    let changed = false;
    for (const [index, node] of place.nodes.entries()) {
      const state = this.views.stateOf(node);
      if (states[index] === state) continue;
      states[index] = state;
      changed = true;
    }
    return changed;
  }

  /** Leaves out the paths of a database if the image's databases list more than fit into memory. */
  #withinPaths(site: Site, found: readonly FoundPackage[]): readonly FoundPackage[] {
    const bytes = found.reduce((sum, { files }) => sum + files.paths.length, 0);
    if (this.#pathBytes + bytes <= MAX_PATH_BYTES) {
      this.#pathBytes += bytes;
      return found;
    }
    this.#seen.report(site.path, new LayerscopeError('TOO_LARGE', 'the image’s packages list more than 128 MiB of paths'));
    return found.map((each) => ({ ...each, files: NO_FILES }));
  }

  async #read(site: Site): Promise<Installed[]> {
    throwIfCancelled(this.#signal);
    let found: readonly FoundPackage[] = [];
    try {
      found = await readSite(site, this.#seen, INFLATERS);
    } catch (error) {
      this.#seen.report(site.path, asLayerscopeError(error));
    }
    found = this.#withinPaths(site, found);
    return found.map((each) => ({ found: each, site, identity: identityOf(each, site), since: this.views.layer }));
  }

  #sorted(): readonly Installed[] {
    const all: Installed[] = [];
    for (const { packages } of this.#sites) {
      for (const each of packages) if (!isGone(each.found) && all.length < MAX_PACKAGES) all.push(each);
    }
    return all.sort(comparePackages);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#seen[Symbol.asyncDispose]();
  }
}

function identityOf({ type, name, arch }: FoundPackage, { location }: Site): string {
  return [type, type === 'pypi' ? normalizedName(name) : name, arch ?? '', location].join('\0');
}
