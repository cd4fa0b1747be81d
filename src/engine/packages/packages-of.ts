import type { PackageOwner } from '#contract';
import { escapePath } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { type FileSums, hiddenSums, layerSums, viewSums } from './layer-sums.ts';
import { comparePackages } from './order.ts';
import { NOBODY } from './owners.ts';
import { PackageWalk } from './package-walk.ts';
import { type Difference, type Installed, ownerIn, type PackageProblem } from './types.ts';

/** A package and its files. */
interface PackageEntry {
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  readonly version: string;
  /** For deb and opkg: the state according to the database. */
  readonly status: string | null;
  readonly source: string | null;
  readonly sourceVersion: string | null;
  readonly license: string | null;
  readonly statedBytes: number | null;
  /** The database, or the folder or file that holds the package; escaped. */
  readonly location: string;
  readonly files: number;
  readonly bytes: number;
  /** The largest of these files, for {@link ImagePackages.pathOf}; 0 if there is none. */
  readonly largest: number;
}

/**
 * What a layer did to a package. Files and bytes are the layer's own entries that the package owns; for a removed package, what it owned
 * below and is gone. `touched`: the package is the same, but the layer has files of it.
 */
export interface PackageChange extends PackageEntry {
  readonly kind: 'added' | 'modified' | 'removed' | 'touched';
  /**
   * Of a modified or touched package: bytes of its files in the layers below that this layer replaces or removes. They are still in the
   * image.
   */
  readonly hiddenBytes?: number;
  /** Of a modified package. */
  readonly previous?: { readonly version: string; readonly status: string | null };
}

/** A package as seen at a layer. Files and bytes are what is visible of it. */
export interface InstalledPackage extends PackageEntry {
  /** The layer that introduced this version. */
  readonly layer: number;
}

/** One layer, in packages. */
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
  /** The packages as seen at the top of these layers, sorted as the changes are. */
  installed(): InstalledPackage[];
  /** Places that could not be read, or not completely. */
  readonly problems: readonly PackageProblem[];
  /**
   * The package that owns a path as seen at the top of these layers; null if nobody does. `path`: raw bytes as in the view, so links in it
   * must be resolved. For one path of an image whose packages weren't read, `ownersOf` is faster.
   */
  ownerOf(path: Uint8Array): PackageOwner | null;
  /** The path of a `largest` file, escaped; null for 0. */
  pathOf(largest: number): string | null;
}

/** Options of {@link packagesOf}. */
export interface PackageOptions {
  /** The top layer to read; default: the image's top. */
  readonly layer?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads the packages of an image from the bottom up to a layer. Only bodies of databases, documents, programs and jars are read, and each
 * only where a layer changed it. Damaged ones are among the problems. Throws CANCELLED, IO.
 */
export async function packagesOf(loaded: LoadedImage, { layer, signal }: PackageOptions = {}): Promise<ImagePackages> {
  const top = Math.min(layer ?? loaded.image.layers.length - 1, loaded.image.layers.length - 1);
  await using walk = new PackageWalk(loaded, { signal });
  const layers: LayerPackages[] = [];
  while (walk.views.layer < top) layers.push(await nextLayer(loaded, walk));
  const { views, installed, owners, problems } = walk;
  return {
    layers,
    installed() {
      const sums = viewSums(views, owners, installed.length);
      return installed.map((each, index) => ({ layer: each.since, ...entryOf(each, sums, index) }));
    },
    problems,
    ownerOf(path) {
      const node = views.find(path);
      const owner = node <= 0 ? undefined : installed[owners[node] ?? NOBODY];
      return owner === undefined ? null : ownerIn(owner);
    },
    pathOf: (largest) => (largest === 0 ? null : escapePath(views.path(largest))),
  };
}

async function nextLayer({ stack }: LoadedImage, walk: PackageWalk): Promise<LayerPackages> {
  const { installed: below, owners: ownersBelow } = walk;
  const differences = await walk.next();
  const { views, installed, owners } = walk;
  const sums = layerSums(views, owners, installed.length);
  const hidden = once(() => hiddenSums(views, ownersBelow, below.length));
  const indexBelow = once(() => new Map(below.map((each, index) => [each, index])));
  const hiddenOf = (before: Installed): number => hidden().bytes[indexBelow().get(before) ?? NOBODY] ?? 0;
  const changes: Change[] = [];
  const byNow = new Map<Installed, Difference>(differences.flatMap((each) => (each.kind === 'removed' ? [] : [[each.now, each] as const])));
  let ownedBytes = 0;
  for (const [index, each] of installed.entries()) {
    ownedBytes += sums.bytes[index] as number;
    const difference = byNow.get(each);
    const entry = entryOf(each, sums, index);
    if (difference?.kind === 'modified') {
      const { version, status } = difference.before.found;
      const change = { kind: 'modified', ...entry, hiddenBytes: hiddenOf(difference.before), previous: { version, status } } as const;
      changes.push({ of: each, change });
    } else if (difference !== undefined) changes.push({ of: each, change: { kind: 'added', ...entry } });
    else if (entry.files > 0) changes.push({ of: each, change: { kind: 'touched', ...entry, hiddenBytes: hiddenOf(walk.below(each)) } });
  }
  for (const each of differences) {
    if (each.kind !== 'removed') continue;
    const entry = entryOf(each.before, hidden().gone, indexBelow().get(each.before) ?? 0);
    changes.push({ of: each.before, change: { kind: 'removed', ...entry, status: each.status } });
  }
  changes.sort((a, b) => comparePackages(a.of, b.of));
  const bytes = stack.summaries[views.layer]?.fileBytes ?? 0;
  return {
    layer: views.layer,
    packages: installed.length,
    bytes,
    ownedBytes,
    unownedBytes: bytes - ownedBytes,
    changes: changes.map(({ change }) => change),
  };
}

/** Makes a value when it is first asked for: most layers change no package. */
function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

interface Change {
  readonly of: Installed;
  readonly change: PackageChange;
}

function entryOf({ found, site }: Installed, sums: FileSums, index: number): PackageEntry {
  const { files: _, ...facts } = found;
  return {
    ...facts,
    location: site.location,
    files: sums.files[index] ?? 0,
    bytes: sums.bytes[index] ?? 0,
    largest: sums.largest[index] ?? 0,
  };
}
