import { NodeViews, PathFollower } from '#changes';
import { asLayerscopeError, LayerscopeError, throwIfCancelled } from '#model';
import { type FoundPackage, isGone, readSite, type Site } from '#packages';
import type { LoadedImage } from '../image/types.ts';
import { Identities } from './identities.ts';
import { INFLATERS } from './inflaters.ts';
import { compareNeighbours } from './neighbours.ts';
import { comparePackages } from './order.ts';
import { NOBODY, OwnerFinder } from './owners.ts';
import { SeenInViews } from './seen-in-views.ts';
import { findSites, type IsWanted, type SiteInTree } from './sites.ts';
import type { Difference, Installed, PackageProblem } from './types.ts';
import { ViewBudget } from './view-budget.ts';

interface SiteState {
  readonly place: SiteInTree;
  /** States of the place's nodes when it was last read. */
  readonly states: Float64Array;
  packages: readonly Installed[];
}

/** Limit on what is read from all layers: packages plus file lookups. A desktop system in a hundred layers uses half of it. */
const MAX_READ = 5_000_000;

/** Where a walk begins, and what it reads. */
interface WalkOptions {
  readonly signal: AbortSignal | undefined;
  /** The layer to start at, ignoring those below it. Defaults to starting below the lowest. */
  readonly at?: number;
  /** Selects the places to read. Defaults to all. */
  readonly isWanted?: IsWanted;
}

/** Goes up the layers of an image and keeps track of the packages seen at the current one. The caller disposes of it. */
export class PackageWalk implements AsyncDisposable {
  readonly views: NodeViews;
  readonly #seen: SeenInViews;
  readonly #follower: PathFollower;
  readonly #owners: OwnerFinder;
  readonly #sites: SiteState[];
  readonly #signal: AbortSignal | undefined;
  readonly #identities = new Identities();
  readonly #budget = new ViewBudget();
  /** Packages read so far. */
  #read = 0;
  /** Whether places were left out and this hasn't been reported yet. */
  #isCut: boolean;
  #isStopped = false;
  /** Packages that were read again at the current layer but haven't changed, mapped to their counterparts below. */
  #stayed = new Map<Installed, Installed>();
  /** The packages seen at the current layer, sorted. The array is replaced only when they change. */
  installed: readonly Installed[] = [];
  /** The owner of each node, as an index into `installed`; see {@link OwnerFinder.of}. */
  owners: Int32Array;

  constructor(loaded: LoadedImage, { signal, at, isWanted }: WalkOptions) {
    this.views = new NodeViews(loaded.stack, at);
    this.#seen = new SeenInViews(loaded, this.views, signal);
    this.#follower = new PathFollower(this.views);
    this.#owners = new OwnerFinder(this.views, this.#follower, this.#seen.rest);
    this.#signal = signal;
    const { sites, isCut } = findSites(this.views, isWanted);
    this.#sites = sites.map((place) => ({ place, states: new Float64Array(place.nodes.length).fill(-1), packages: [] }));
    this.owners = new Int32Array(this.views.tree.count).fill(NOBODY);
    this.#isCut = isCut;
  }

  get problems(): readonly PackageProblem[] {
    return this.#seen.problems;
  }

  /** Stops reading this layer and those above, because there is more to read than in any real image; reports this as a problem. */
  stop(why: string): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reportLayer(`${why}: this layer and those above are not read further`);
  }

  /** Adds a problem even if there are too many already. Call it once per cause. */
  #reportLayer(message: string): void {
    this.#seen.problems.push({ layer: this.views.layer, path: '', code: 'TOO_LARGE', message });
  }

  /** Lets the event loop run now and then. Throws CANCELLED. */
  rest(): Promise<void> {
    return this.#seen.rest();
  }

  /** Moves one layer up and returns what that layer did to packages. Throws CANCELLED, IO. */
  async next(): Promise<Difference[]> {
    throwIfCancelled(this.#signal);
    await this.rest();
    this.views.next();
    return this.read();
  }

  /** Reads the places whose files have changed since they were last read, and returns how their packages differ. Throws CANCELLED, IO. */
  async read(): Promise<Difference[]> {
    if (this.#isCut) this.#reportLayer('the image has too many files that may describe packages: some were not read');
    this.#isCut = false;
    this.#stayed = new Map();
    const linksChanged = this.#follower.update();
    const changed = this.#sites.filter((state) => this.#noteStates(state));
    if (changed.length === 0) {
      if (linksChanged) this.owners = await this.#owners.of(this.installed);
      return [];
    }
    // Places are read in tar order, because compressed layers can only be unpacked forwards.
    changed.sort((a, b) => (a.states[0] as number) - (b.states[0] as number));
    const before: Installed[] = [];
    const now: Installed[] = [];
    for (const state of changed) {
      if (!this.#mayRead()) break;
      for (const each of state.packages) {
        before.push(each);
        this.#budget.free(each.found);
      }
      state.packages = await this.#readSite(state.place.site);
      for (const each of state.packages) now.push(each);
    }
    const differences = await compareNeighbours(before, now, this.views.layer, this.#stayed, this.#seen.rest);
    this.installed = this.#sorted();
    await this.rest();
    this.owners = await this.#owners.of(this.installed);
    return differences;
  }

  /** Returns the counterpart, in the layer below, of a package that the current layer didn't change. */
  below(each: Installed): Installed {
    return this.#stayed.get(each) ?? each;
  }

  /** Whether a site's files have changed since it was last read; records their new states. */
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

  #mayRead(): boolean {
    if (this.#read + this.#seen.lookups > MAX_READ) this.stop('the image’s layers describe too many packages');
    return !this.#isStopped;
  }

  async #readSite(site: Site): Promise<Installed[]> {
    await this.rest();
    throwIfCancelled(this.#signal);
    let found: readonly FoundPackage[] = [];
    try {
      found = await readSite(site, this.#seen, INFLATERS);
    } catch (error) {
      this.#seen.report(site.path, asLayerscopeError(error));
    }
    this.#read += found.length;
    const installed: Installed[] = [];
    const { kept, hasPaths } = this.#budget.take(found);
    if (kept.length < found.length) this.stop('the image has too many packages at once');
    if (!hasPaths) this.#seen.report(site.path, new LayerscopeError('TOO_LARGE', 'the image’s packages list more than 128 MiB of paths'));
    for (const each of kept) {
      installed.push({ found: each, site, identity: this.#identities.of(each, site.location), since: this.views.layer });
    }
    return installed;
  }

  #sorted(): readonly Installed[] {
    const all: Installed[] = [];
    for (const { packages } of this.#sites) for (const each of packages) if (!isGone(each.found)) all.push(each);
    return all.sort(comparePackages);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#seen[Symbol.asyncDispose]();
  }
}
