import type { OperationName } from '#contract';
import { preflight, type StoreList } from '#engine';
import { displayText, LayerscopeError } from '#model';
import type { Handlers, HostServices } from './services.ts';

type StoreOperation = Extract<OperationName, `store.${string}`>;

/** The operations on stores. Those that need the desktop are FORBIDDEN where the door has none. */
export function storeHandlers(services: HostServices): Pick<Handlers, StoreOperation> {
  const shelf = (): StoreList => {
    if (services.store === undefined) throw new LayerscopeError('FORBIDDEN', 'there is no store here');
    return services.store;
  };
  const desktop = <T>(part: T | undefined): T => {
    if (part === undefined) throw new LayerscopeError('FORBIDDEN', 'this belongs to the desktop window');
    return part;
  };
  return {
    'store.report': async () => ({ stores: await shelf().report() }),
    'store.add': async (sender) => {
      const folder = await desktop(services.chooseHome)(sender);
      return { storeId: folder === null ? null : await shelf().add(folder) };
    },
    'store.forget': async (_sender, { storeId }) => {
      await shelf().forget(storeId);
      return {};
    },
    'store.open': async (_sender, { storeId, name }) => ({ jobId: shelf().open(storeId, name) }),
    'store.import': async (_sender, { storeId, archiveId, image, parent }) => ({
      jobId: shelf().take(storeId, { archiveId, image }, parent),
    }),
    'store.remove': async (_sender, { storeId, name }) => {
      await shelf().remove(storeId, name);
      return {};
    },
    'store.verify': async (_sender, { storeId }) => ({ jobId: shelf().verify(storeId) }),
    'store.leftovers': async (_sender, { storeId }) => ({ names: await shelf().leftovers(storeId) }),
    'store.cleanup': async (_sender, { storeId }) => ({ removed: await shelf().cleanup(storeId) }),
    'store.mount': (_sender, { storeId, name }) => shelf().mount(storeId, name),
    'store.release': async (_sender, { storeId, name }) => {
      await shelf().release(storeId, name);
      return {};
    },
    'store.reveal': async (_sender, { storeId, name }) => {
      await desktop(services.revealFolder)(await shelf().mountPath(storeId, name));
      return {};
    },
    'store.create': async (_sender, { storeId, name }) => ({ id: await shelf().create(storeId, name) }),
    'store.changes': (_sender, { storeId, name, limit }) => shelf().changes(storeId, name, limit),
    'store.commit': async (_sender, { storeId, name }) => ({ jobId: shelf().commit(storeId, name) }),
    'store.bases': async (_sender, { storeId }) => ({ images: await shelf().bases(storeId) }),
    'store.preflight': async () => ({
      facts: (await preflight()).map(({ what, held, why }) => ({ what: displayText(what), held, why: displayText(why) })),
    }),
    'store.elevate': async (sender, { storeId }) => ({ elevated: await shelf().elevate(storeId, desktop(services.elevation)(sender)) }),
    'store.adopt': async (_sender, { storeId, name }) => {
      await shelf().adopt(storeId, name);
      return {};
    },
  };
}
