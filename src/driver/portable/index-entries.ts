// Edits the entries of index.json. An image has one entry per name, or a single unnamed entry.
import { namedEntries, type RootDescriptor } from '#archive';
import { displayText, formatCount, LayerscopeError } from '#model';

/** Maximum number of names of an image. */
const MAX_NAMES = 1_000;
/** Maximum number of characters in a name. Engines and registries accept at most 383. */
const MAX_NAME = 4_096;

function annotatedNames({ annotations = {} }: RootDescriptor): string[] {
  const stated = [annotations['io.containerd.image.name'], annotations['org.opencontainers.image.ref.name']];
  return stated.filter((name) => name !== undefined).map(displayText);
}

/** Whether an index entry has this name. */
export function isNamed(entry: RootDescriptor, name: string): boolean {
  return annotatedNames(entry).includes(name);
}

/** An image to add to the index. */
export interface NewEntry {
  readonly descriptor: RootDescriptor;
  readonly names: readonly string[];
}

/**
 * Returns the entries with images added. The new names are removed from other entries, which remain without a name. Images added together
 * may share a name, as the platforms of an image do.
 */
export function withImages(entries: readonly RootDescriptor[], images: readonly NewEntry[]): RootDescriptor[] {
  const taken = new Set(images.flatMap(({ names }) => names));
  const renamed = new Set(images.filter(({ names }) => names.length > 0).map(({ descriptor }) => descriptor.digest));
  // An image that gets a name no longer needs its unnamed entry.
  const all = withoutNames(entries, taken).filter((entry) => !renamed.has(entry.digest) || annotatedNames(entry).length > 0);
  const there = new Set(all.map(({ digest }) => digest));
  for (const { descriptor, names } of images)
    if (names.length > 0 || !there.has(descriptor.digest)) all.push(...namedEntries(descriptor, names));
  return all;
}

/** Returns the entries without these names. An image that would lose its last entry keeps an unnamed one. */
function withoutNames(entries: readonly RootDescriptor[], names: ReadonlySet<string>): RootDescriptor[] {
  const loses = (entry: RootDescriptor): boolean => annotatedNames(entry).some((name) => names.has(name));
  const kept = new Set(entries.filter((entry) => !loses(entry)).map(({ digest }) => digest));
  return entries.flatMap((entry) => {
    if (!loses(entry)) return [entry];
    if (kept.has(entry.digest)) return [];
    kept.add(entry.digest);
    return namedEntries(entry, []);
  });
}

/** Throws TOO_LARGE for more or longer names than an image in a store may have. */
export function refuseNames(names: readonly string[]): void {
  refuseManyNames(names.length);
  const long = names.find((name) => name.length > MAX_NAME);
  if (long !== undefined)
    throw new LayerscopeError(
      'TOO_LARGE',
      `the name ${displayText(long.slice(0, 50))}… has ${formatCount(long.length)} characters: a store takes ${formatCount(MAX_NAME)} at most`,
    );
}

/** Throws TOO_LARGE if an image has more entries than the maximum number of names. */
export function refuseManyEntries(entries: readonly RootDescriptor[], images: readonly NewEntry[]): void {
  const counts = new Map<string, number>();
  for (const { digest } of entries) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  for (const { descriptor } of images) refuseManyNames(counts.get(descriptor.digest) ?? 0);
}

function refuseManyNames(count: number): void {
  if (count > MAX_NAMES)
    throw new LayerscopeError('TOO_LARGE', `an image has ${formatCount(count)} names: a store takes ${formatCount(MAX_NAMES)} at most`);
}
