import type { PackageOwner } from '#contract';
import { escapePath, plural } from '#model';
import { knowsFiles } from '#packages';
import type { LoadedImage } from '../image/types.ts';
import { type FileSums, hiddenSums, layerSums, viewSums } from './layer-sums.ts';
import { comparePackages } from './order.ts';
import { NOBODY } from './owners.ts';
import { PackageWalk } from './package-walk.ts';
import { type Difference, type Installed, ownerIn, type PackageProblem } from './types.ts';
import { lettersOf } from './view-budget.ts';

interface PackageEntry {
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  readonly version: string;
  /** For deb and opkg, the state according to the database. */
  readonly status: string | null;
  readonly source: string | null;
  readonly sourceVersion: string | null;
  readonly license: string | null;
  readonly statedBytes: number | null;
  /** The database, or the folder or file that holds the package; escaped. */
  readonly location: string;
  readonly files: number;
  readonly bytes: number;
  /** Whether the package's files are known. If not, `files` and `bytes` are 0. */
  readonly filesKnown: boolean;
  /** The package's largest file, for {@link ImagePackages.pathOf}; 0 if it has none. */
  readonly largest: number;
}

/**
 * What a layer did to a package. Files and bytes are the layer's own entries that the package owns; for a removed package, what it owned in
 * the layers below. `touched` means that the package is the same, but the layer has files that belong to it.
 */
export interface PackageChange extends PackageEntry {
  readonly kind: 'added' | 'modified' | 'removed' | 'touched';
  /**
   * For a modified or touched package, the bytes of its files in the layers below that this layer replaces or removes. They are still in
   * the image.
   */
  readonly hiddenBytes?: number;
  /** Only for a modified package. */
  readonly previous?: { readonly version: string; readonly status: string | null };
}

/** A package as seen at a layer. Files and bytes count only what is visible there. */
export interface InstalledPackage extends PackageEntry {
  /** The layer that introduced this version. */
  readonly layer: number;
}

/** The packages of one layer, and what it changed. */
export interface LayerPackages {
  readonly layer: number;
  /** Number of packages seen at the layer. */
  readonly packages: number;
  /** The layer's `fileBytes`: `ownedBytes` + `unownedBytes`. */
  readonly bytes: number;
  readonly ownedBytes: number;
  readonly unownedBytes: number;
  /** Sorted by type, name, architecture and version. */
  readonly changes: readonly PackageChange[];
}

/** The packages of an image as seen at the layers that were read. */
export interface ImagePackages {
  /** One for each layer that was read, bottom first. */
  readonly layers: readonly LayerPackages[];
  /** Returns the packages as seen at the top of these layers, sorted like the changes. */
  installed(): InstalledPackage[];
  /** Places that couldn't be read, or were read only in part. */
  readonly problems: readonly PackageProblem[];
  /**
   * Returns the package that owns a path as seen at the top of these layers, null if none does. `path` is in raw bytes as in the view, so
   * links in it must be resolved. For one path of an image whose packages weren't read, `ownersOf` is faster.
   */
  ownerOf(path: Uint8Array): PackageOwner | null;
  /** Returns the path of a `largest` file, escaped; null for 0. */
  pathOf(largest: number): string | null;
}

/** Options of {@link packagesOf}. */
export interface PackageOptions {
  /** The top layer to read. Defaults to the image's top. */
  readonly layer?: number;
  readonly signal?: AbortSignal;
}

/** Limit on the changes kept for all layers, in characters as counted by {@link lettersOf}. */
const MAX_LETTERS = 25_000_000;

/**
 * Reads the packages of an image from the bottom up to a layer. Reads only databases, documents, programs and jars, and each of them only
 * at the layers that changed it. Damaged ones are reported as problems. Throws CANCELLED, IO.
 */
export async function packagesOf(loaded: LoadedImage, { layer, signal }: PackageOptions = {}): Promise<ImagePackages> {
  const top = Math.min(layer ?? loaded.image.layers.length - 1, loaded.image.layers.length - 1);
  await using walk = new PackageWalk(loaded, { signal });
  const layers: LayerPackages[] = [];
  const room = new ChangeRoom();
  while (walk.views.layer < top) layers.push(await nextLayer(loaded, walk, room));
  const { views, installed, owners, problems } = walk;
  return {
    layers,
    installed: () => installedOf({ views, installed, owners }),
    problems,
    ownerOf(path) {
      const node = views.find(path);
      const owner = node <= 0 ? undefined : installed[owners[node] ?? NOBODY];
      return owner === undefined ? null : ownerIn(owner);
    },
    pathOf: (largest) => (largest === 0 ? null : escapePath(views.path(largest))),
  };
}

/**
 * Reads the packages as seen at `layer` or the image's top, like {@link ImagePackages.installed}, without computing what each layer did.
 * Damaged places are left out. Throws CANCELLED, IO.
 */
export async function installedPackages(loaded: LoadedImage, { layer, signal }: PackageOptions = {}): Promise<readonly InstalledPackage[]> {
  const top = Math.min(layer ?? loaded.image.layers.length - 1, loaded.image.layers.length - 1);
  await using walk = new PackageWalk(loaded, { signal });
  while (walk.views.layer < top) await walk.next();
  return installedOf(walk);
}

function installedOf({ views, installed, owners }: Pick<PackageWalk, 'views' | 'installed' | 'owners'>): InstalledPackage[] {
  const sums = viewSums(views, owners, installed.length);
  return installed.map((each, index) => ({ layer: each.since, ...entryOf(each, sums, index) }));
}

async function nextLayer({ stack }: LoadedImage, walk: PackageWalk, room: ChangeRoom): Promise<LayerPackages> {
  const { installed: below, owners: ownersBelow } = walk;
  const differences = await walk.next();
  const { views, installed, owners } = walk;
  const sums = layerSums(views, owners, installed.length);
  const byNow = new Map<Installed, Difference>();
  const changes: Change[] = [];
  for (const [index, each] of differences.entries()) {
    if (index % ITEMS_A_TURN === 0) await walk.rest();
    if (each.kind === 'removed') changes.push({ of: each.before, difference: each, index: NOBODY });
    else byNow.set(each.now, each);
  }
  let ownedBytes = 0;
  for (const [index, of] of installed.entries()) {
    if (index % ITEMS_A_TURN === 0) await walk.rest();
    ownedBytes += sums.bytes[index] as number;
    const difference = byNow.get(of) ?? null;
    if (difference !== null || (sums.files[index] as number) > 0) changes.push({ of, difference, index });
  }
  changes.sort((a, b) => comparePackages(a.of, b.of));
  await walk.rest();
  const hidden = once(() => hiddenSums(views, ownersBelow, below.length));
  const indexBelow = once(() => new Map(below.map((each, index) => [each, index])));
  const changeOf = ({ of, difference, index }: Change): PackageChange => {
    const hiddenOf = (before: Installed): number => hidden().bytes[indexBelow().get(before) ?? NOBODY] ?? 0;
    if (difference === null) return { kind: 'touched', ...entryOf(of, sums, index), hiddenBytes: hiddenOf(walk.below(of)) };
    if (difference.kind === 'added') return { kind: 'added', ...entryOf(of, sums, index) };
    if (difference.kind === 'removed') {
      const entry = entryOf(of, hidden().gone, indexBelow().get(of) ?? 0);
      return { kind: 'removed', ...entry, status: difference.status };
    }
    const { version, status } = difference.before.found;
    return { kind: 'modified', ...entryOf(of, sums, index), hiddenBytes: hiddenOf(difference.before), previous: { version, status } };
  };
  const kept: PackageChange[] = [];
  for (const change of room.take(changes)) {
    if (kept.length % ITEMS_A_TURN === 0) await walk.rest();
    kept.push(changeOf(change));
  }
  if (kept.length < changes.length)
    walk.stop(`the layers change too many packages: ${plural(changes.length - kept.length, 'change')} of this one are left out`);
  const bytes = stack.summaries[views.layer]?.fileBytes ?? 0;
  return { layer: views.layer, packages: installed.length, bytes, ownedBytes, unownedBytes: bytes - ownedBytes, changes: kept };
}

const ITEMS_A_TURN = 1_000;

/** Limits the changes kept for all layers. */
class ChangeRoom {
  #left = MAX_LETTERS;

  /** Returns the first changes of a layer, as many as fit. */
  take(changes: readonly Change[]): readonly Change[] {
    for (const [index, { of, difference }] of changes.entries()) {
      this.#left -= lettersOf(of.found) + (difference?.kind === 'modified' ? lettersOf(difference.before.found) : 0);
      if (this.#left < 0) return changes.slice(0, index);
    }
    return changes;
  }
}

/** Makes a value on first use, because most layers don't change any packages. */
function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

interface Change {
  readonly of: Installed;
  /** Null if the layer only touched the package's files. */
  readonly difference: Difference | null;
  /** Index of the package in the view; {@link NOBODY} if it was removed. */
  readonly index: number;
}

function entryOf({ found, site }: Installed, sums: FileSums, index: number): PackageEntry {
  const { files: _, ...facts } = found;
  return {
    ...facts,
    location: site.location,
    files: sums.files[index] ?? 0,
    bytes: sums.bytes[index] ?? 0,
    filesKnown: knowsFiles(found),
    largest: sums.largest[index] ?? 0,
  };
}
