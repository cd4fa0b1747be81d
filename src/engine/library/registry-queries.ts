// The window's queries about the registry of a Windows image.
import type { ImageRef, RegistryChangesPage, RegistryItem, RegistryKeyReport, RegistrySearchReport } from '#contract';
import type { ImageRegistry } from '#engine/registry';
import type { LoadedImage } from '../image/types.ts';
import type { OpenArchive } from './open-archive.ts';

interface RegistryPage {
  readonly start: number;
  readonly count: number;
}

/** Methods throw NOT_FOUND if the archive, image, layer, hive or key doesn't exist, and CANCELLED. */
export interface RegistryQueries {
  /** Lists what each of the layers `from` to `to` changed; with `text`, only what matches it. */
  registryChanges(
    ref: ImageRef,
    wanted: { readonly from: number; readonly to: number; readonly text: string } & RegistryPage,
    signal: AbortSignal,
  ): Promise<RegistryChangesPage>;
  registryHives(ref: ImageRef, layer: number, signal: AbortSignal): Promise<{ readonly hives: readonly string[] }>;
  registryKey(
    ref: ImageRef,
    at: { readonly layer: number; readonly hive: string; readonly path: string; readonly valueStart?: number | undefined } & RegistryPage,
    signal: AbortSignal,
  ): Promise<RegistryKeyReport>;
  registrySearch(
    ref: ImageRef,
    wanted: { readonly layer: number; readonly text: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<RegistrySearchReport>;
}

interface Known {
  readonly registry: ImageRegistry;
  /** The latest result of `registryChanges`, which the window fetches page by page. */
  changes: { readonly key: string; readonly items: readonly RegistryItem[]; readonly complete: boolean } | null;
}

/** Registries of loaded images. Their modules are loaded by the first query. */
const registries = new WeakMap<LoadedImage, Known>();

async function registryOf(loaded: LoadedImage): Promise<Known> {
  const { ImageRegistry } = await import('#engine/registry');
  const known = registries.get(loaded) ?? { registry: new ImageRegistry(loaded), changes: null };
  registries.set(loaded, known);
  return known;
}

/** Creates the queries. */
export function createRegistryQueries(find: (archiveId: string) => OpenArchive): RegistryQueries {
  const withRegistry = <T>(
    { archiveId, image }: ImageRef,
    layers: readonly number[],
    signal: AbortSignal,
    work: (known: Known, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const open = find(archiveId);
    const loaded = open.loaded(image, ...layers);
    return open.use(signal, async (use) => work(await registryOf(loaded), use));
  };
  return {
    registryChanges: (ref, { from, to, text, start, count }, signal) =>
      withRegistry(ref, [from, to], signal, async (known, use) => {
        const key = `${from}/${to}/${text}`;
        if (known.changes?.key !== key) {
          const { collectChanges } = await import('#engine/registry');
          known.changes = { key, ...(await collectChanges(known.registry, { from, to, text }, use)) };
        }
        const { items, complete } = known.changes;
        return { total: items.length, complete, items: items.slice(start, start + count) };
      }),
    registryHives: (ref, layer, signal) =>
      withRegistry(ref, [layer], signal, async ({ registry }) => ({ hives: await registry.hivesAt(layer) })),
    registryKey: (ref, at, signal) =>
      withRegistry(ref, [at.layer], signal, async ({ registry }) => {
        const { reportKey } = await import('#engine/registry');
        return reportKey(registry, at);
      }),
    registrySearch: (ref, wanted, signal) =>
      withRegistry(ref, [wanted.layer], signal, async ({ registry }, use) => {
        const { searchView } = await import('#engine/registry');
        return searchView(registry, wanted, use);
      }),
  };
}
