import type { OperationName } from '#contract';
import { preflight, type StoreList } from '#engine';
import { displayText, LayerscopeError } from '#model';
import type { Handlers, HostServices } from './services.ts';

type StoreOperation = Extract<OperationName, `store.${string}`>;

/** Creates the handlers of store operations. Those that need the desktop throw FORBIDDEN on other doors. */
export function storeHandlers(services: HostServices): Pick<Handlers, StoreOperation> {
  const stores = (): StoreList => {
    if (services.store === undefined) throw new LayerscopeError('FORBIDDEN', 'stores are not available');
    return services.store;
  };
  const desktop = <T>(part: T | undefined): T => {
    if (part === undefined) throw new LayerscopeError('FORBIDDEN', 'only the desktop app can do this');
    return part;
  };
  return {
    'store.report': async () => ({ stores: await stores().report() }),
    'store.add': async (sender) => {
      const folder = await desktop(services.chooseHome)(sender);
      return { storeId: folder === null ? null : await stores().add(folder) };
    },
    'store.forget': async (_sender, { storeId }) => {
      await stores().forget(storeId);
      return {};
    },
    'store.open': async (_sender, { storeId, name }) => ({ jobId: stores().open(storeId, name) }),
    'store.import': async (_sender, { storeId, archiveId, image, parent }) => ({
      jobId: stores().importImage(storeId, { archiveId, image }, parent),
    }),
    'store.remove': async (_sender, { storeId, name, withCopies }) => {
      await stores().remove(storeId, name, withCopies);
      return {};
    },
    'store.removal': (_sender, { storeId, name }) => stores().removal(storeId, name),
    'store.discard': async (_sender, { storeId, name }) => {
      await stores().discard(storeId, name);
      return {};
    },
    'store.verify': async (_sender, { storeId }) => ({ jobId: stores().verify(storeId) }),
    'store.leftovers': async (_sender, { storeId }) => ({ names: await stores().leftovers(storeId) }),
    'store.cleanup': async (_sender, { storeId }) => ({ removed: await stores().cleanup(storeId) }),
    'store.mount': (_sender, { storeId, name }) => stores().mount(storeId, name),
    'store.release': async (_sender, { storeId, name }) => {
      await stores().release(storeId, name);
      return {};
    },
    'store.reveal': async (_sender, { storeId, name }) => {
      await desktop(services.revealFolder)(await stores().mountPath(storeId, name));
      return {};
    },
    'store.create': async (_sender, { storeId, name }) => ({ id: await stores().create(storeId, name) }),
    'store.changes': (_sender, { storeId, name, limit }) => stores().changes(storeId, name, limit),
    'store.commit': async (_sender, { storeId, name, image, comment }) => ({
      jobId: stores().commit(storeId, name, { name: image ?? undefined, comment: comment ?? undefined }),
    }),
    'store.bases': async (_sender, { storeId }) => ({ images: await stores().bases(storeId) }),
    'store.preflight': async () => ({
      facts: (await preflight()).map(({ what, held, why }) => ({ what: displayText(what), held, why: displayText(why) })),
    }),
    'store.elevate': async (sender, { storeId }) => ({ elevated: await stores().elevate(storeId, desktop(services.elevation)(sender)) }),
    'store.adopt': async (_sender, { storeId, name }) => {
      await stores().adopt(storeId, name);
      return {};
    },
  };
}
