// The window's queries about the registry of a Windows image.
import type { ImageRef, RegistryChangesPage, RegistryItem, RegistryKeyReport, RegistrySearchReport, ViewRef } from '#contract';
import type { ImageRegistry } from '#engine/registry';
import type { LoadedImage } from '../image/types.ts';
import { viewOf } from '../read/compare-images.ts';
import { withImage } from './image-queries.ts';
import type { OpenArchive } from './open-archive.ts';

interface RegistryPage {
  readonly start: number;
  readonly count: number;
}

/** The layers that a view shows: all up to `layer`, or only `since` to `layer`. */
type Part = Pick<ViewRef, 'layer' | 'since'>;

/** Methods throw NOT_FOUND if the archive, image, layer, hive or key doesn't exist, BAD_REQUEST if `since` is above `layer`, CANCELLED. */
export interface RegistryQueries {
  /** Lists what each of the layers `from` to `to` changed; with `text`, only what matches it. */
  registryChanges(
    ref: ImageRef,
    wanted: { readonly from: number; readonly to: number; readonly text: string } & RegistryPage,
    signal: AbortSignal,
  ): Promise<RegistryChangesPage>;
  /** Lists how the registry of `b` differs from that of `a`; with `text`, only what matches it. */
  compareRegistries(
    a: ViewRef,
    b: ViewRef,
    wanted: { readonly text: string } & RegistryPage,
    signal: AbortSignal,
  ): Promise<RegistryChangesPage>;
  registryHives(ref: ImageRef, layer: number, signal: AbortSignal): Promise<{ readonly hives: readonly string[] }>;
  registryKey(
    ref: ImageRef,
    at: Part & { readonly hive: string; readonly path: string; readonly valueStart?: number | undefined } & RegistryPage,
    signal: AbortSignal,
  ): Promise<RegistryKeyReport>;
  registrySearch(
    ref: ImageRef,
    wanted: { readonly layer: number; readonly text: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<RegistrySearchReport>;
}

/** A result that the window fetches page by page. */
interface Result {
  readonly key: string;
  readonly items: readonly RegistryItem[];
  readonly complete: boolean;
}

interface Known {
  readonly registry: ImageRegistry;
  /** The latest result of `registryChanges`. */
  changes: Result | null;
  /** The latest result of `compareRegistries` with this image as side B. The result mustn't keep side A in memory. */
  differences: (Result & { readonly other: WeakRef<LoadedImage> }) | null;
  /** The registry without the layers below `since`. Only the latest is kept, because it keeps hives in memory. */
  part: { readonly since: number; readonly registry: ImageRegistry } | null;
}

/** Registries of loaded images. The modules that read them are loaded by the first query. */
const registries = new WeakMap<LoadedImage, Known>();

async function registryOf(loaded: LoadedImage): Promise<Known> {
  const { ImageRegistry } = await import('#engine/registry');
  const known = registries.get(loaded) ?? { registry: new ImageRegistry(loaded), changes: null, differences: null, part: null };
  registries.set(loaded, known);
  return known;
}

/** Returns the registry of a part of an image. Throws BAD_REQUEST if `since` is above `layer`. */
async function registryOfPart(loaded: LoadedImage, part: Part): Promise<ImageRegistry> {
  const known = await registryOf(loaded);
  const { since = 0 } = part;
  if (since === 0) return known.registry;
  const view = viewOf(loaded, part);
  if (known.part?.since !== since) {
    const { ImageRegistry } = await import('#engine/registry');
    known.part = { since, registry: new ImageRegistry(view.loaded) };
  }
  return known.part.registry;
}

function pageOf({ items, complete }: Result, { start, count }: RegistryPage): RegistryChangesPage {
  return { total: items.length, complete, items: items.slice(start, start + count) };
}

/** Creates the queries. */
export function createRegistryQueries(find: (archiveId: string) => OpenArchive): RegistryQueries {
  return {
    registryChanges: (ref, { from, to, text, ...page }, signal) =>
      withImage(find, ref, [from, to], signal, async (loaded, use) => {
        const known = await registryOf(loaded);
        const key = `${from}/${to}/${text}`;
        if (known.changes?.key !== key) {
          const { collectChanges } = await import('#engine/registry');
          known.changes = { key, ...(await collectChanges(known.registry, { from, to, text }, use)) };
        }
        return pageOf(known.changes, page);
      }),
    compareRegistries: (a, b, { text, ...page }, signal) =>
      withImage(find, b, [b.layer], signal, (side, use) =>
        withImage(find, a, [a.layer], use, async (base, both) => {
          const [registryA, registryB] = [await registryOfPart(base, a), await registryOfPart(side, b)];
          const known = await registryOf(side);
          const key = `${a.since ?? 0}-${a.layer}/${b.since ?? 0}-${b.layer}/${text}`;
          if (known.differences?.key !== key || known.differences.other.deref() !== base) {
            const { collectDifferences } = await import('#engine/registry');
            const sides = [
              { registry: registryA, layer: a.layer },
              { registry: registryB, layer: b.layer },
            ] as const;
            known.differences = { key, other: new WeakRef(base), ...(await collectDifferences(...sides, text, both)) };
          }
          return pageOf(known.differences, page);
        }),
      ),
    registryHives: (ref, layer, signal) =>
      withImage(find, ref, [layer], signal, async (loaded) => ({ hives: await (await registryOf(loaded)).registry.hivesAt(layer) })),
    registryKey: (ref, at, signal) =>
      withImage(find, ref, [at.layer], signal, async (loaded) => {
        const { reportKey } = await import('#engine/registry');
        return reportKey(await registryOfPart(loaded, at), at);
      }),
    registrySearch: (ref, wanted, signal) =>
      withImage(find, ref, [wanted.layer], signal, async (loaded, use) => {
        const { searchView } = await import('#engine/registry');
        return searchView((await registryOf(loaded)).registry, wanted, use);
      }),
  };
}
