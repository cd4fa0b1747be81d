// Compares the registries of two images, or of one image at two layers.
import { inTurns } from '#engine/turns';
import { type HiveChange, type LayerHive, viewSteps, walkView } from '#format/registry-hive';
import { asLayerscopeError, throwIfCancelled } from '#model';
import type { ImageRegistry, UnreadableHive } from './image-registry.ts';
import { HivesInUse } from './kept-hives.ts';

/** A registry as seen at a layer. */
export interface RegistrySide {
  readonly registry: ImageRegistry;
  readonly layer: number;
}

/** A hive that was compared. Its differences follow. */
export interface ComparedHive {
  readonly kind: 'compared';
  readonly hive: string;
  /** Which sides have the hive. */
  readonly in: 'a' | 'b' | 'both';
}

/** A difference in a hive's keys. If a side has only deltas (`hasBase` is false), keys may differ only because the base isn't known. */
export interface DifferenceOfHive {
  readonly kind: 'change';
  readonly hive: string;
  readonly hasBase: boolean;
  readonly change: HiveChange;
}

/** A hive file of a side that can't be read. */
export type UnreadableOfSide = UnreadableHive & { readonly side: 'a' | 'b' };

interface Names {
  readonly key: string;
  readonly hive: string;
  readonly in: ComparedHive['in'];
}

/**
 * Yields how B's registry differs from A's, hive by hive: hives of both sides first, then those of one side. Every key of a hive that only
 * B has is added; a hive that only A has is one removed key, with an empty path. A changed time alone isn't a difference. A hive that can't
 * be read at all on one side is only reported as unreadable. Throws CANCELLED.
 */
export async function* compareRegistries(
  a: RegistrySide,
  b: RegistrySide,
  signal?: AbortSignal,
): AsyncGenerator<ComparedHive | DifferenceOfHive | UnreadableOfSide, void, void> {
  for (const names of await hivesOf(a, b)) {
    throwIfCancelled(signal);
    yield* compareHive(a, b, names, signal);
  }
}

async function hivesOf(a: RegistrySide, b: RegistrySide): Promise<Names[]> {
  const [inA, inB] = [await keysOf(a), await keysOf(b)];
  const ofB = [...inB].map(([key, hive]): Names => ({ key, hive, in: inA.has(key) ? 'both' : 'b' }));
  const ofA = [...inA].filter(([key]) => !inB.has(key)).map(([key, hive]): Names => ({ key, hive, in: 'a' }));
  // In this order, a list that is cut off shows the differences of common hives rather than all keys of a hive that A lacks.
  return [...ofB.filter((names) => names.in === 'both'), ...ofB.filter((names) => names.in === 'b'), ...ofA];
}

/** Returns a map from the folded names of a side's hives to their names. */
async function keysOf({ registry, layer }: RegistrySide): Promise<Map<string, string>> {
  return new Map((await registry.hivesAt(layer)).map((hive) => [registry.keyOf(hive), hive]));
}

async function* compareHive(
  a: RegistrySide,
  b: RegistrySide,
  { key, hive, in: wanted }: Names,
  signal: AbortSignal | undefined,
): AsyncGenerator<ComparedHive | DifferenceOfHive | UnreadableOfSide, void, void> {
  const unreadable: UnreadableOfSide[] = [];
  const inUse = new HivesInUse();
  const viewOf = (side: 'a' | 'b', { registry, layer }: RegistrySide) =>
    wanted === 'both' || wanted === side ? registry.view(key, layer, (found) => unreadable.push({ ...found, side }), inUse) : [];
  let before: LayerHive[];
  let now: LayerHive[];
  try {
    before = await viewOf('a', a);
    now = await viewOf('b', b);
  } catch (error) {
    // Reported rather than thrown, because the other hives can still be compared.
    const known = asLayerscopeError(error);
    const side = wanted === 'a' ? 'a' : 'b';
    const file = (side === 'a' ? a : b).registry.fileOf(key);
    if (known.code !== 'TOO_LARGE' || file === null) throw error;
    yield { kind: 'unreadable', side, file, error: known };
    return;
  }
  yield* unreadable;
  const isUnknown = (side: 'a' | 'b', view: readonly LayerHive[]): boolean =>
    view.length === 0 && unreadable.some((each) => each.side === side);
  if (before.length + now.length === 0 || isUnknown('a', before) || isUnknown('b', now)) return;
  yield { kind: 'compared', hive, in: before.length === 0 ? 'b' : now.length === 0 ? 'a' : 'both' };
  const hasBase = (await hasBaseIn(a, key, before)) && (await hasBaseIn(b, key, now));
  if (now.length === 0) {
    yield { kind: 'change', hive, hasBase, change: { kind: 'removed', path: '', hidden: await countedIn(before, signal) } };
    return;
  }
  for await (const change of inTurns(viewSteps(before, withShared(before, now)), signal)) {
    if (change !== null) yield { kind: 'change', hive, hasBase, change };
  }
}

async function hasBaseIn({ registry, layer }: RegistrySide, key: string, view: readonly LayerHive[]): Promise<boolean> {
  return view.length === 0 || registry.hasBase(key, layer);
}

/** Counts the keys below the root, and the values of all keys. */
async function countedIn(view: readonly LayerHive[], signal: AbortSignal | undefined): Promise<{ keys: number; values: number }> {
  let keys = -1;
  let values = 0;
  for await (const { key } of inTurns(walkView(view), signal)) {
    keys++;
    values += key.values.length;
  }
  return { keys: Math.max(0, keys), values };
}

/**
 * Returns B's hives, but replaces each by A's hive with the same bytes, if there is one. The comparison then skips what both sides share:
 * images on the same base image differ only in their deltas. Bytes are compared, because digests that an archive states prove nothing.
 */
function withShared(before: readonly LayerHive[], now: readonly LayerHive[]): LayerHive[] {
  const rest = new Set(before);
  return now.map((each) => {
    const same = [...rest].find((other) => each === other || isSameBytes(each.hive.bytes, other.hive.bytes));
    if (same !== undefined) rest.delete(same);
    return same ?? each;
  });
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
