import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { CatalogList } from '#catalog/browse';
import type { CatalogPlace, OperationName } from '#contract';
import { displayText, fileError, LayerscopeError } from '#model';
import type { Handlers, HostServices } from './services.ts';

type CatalogOperation = Extract<OperationName, `catalog.${string}`>;

/** Creates the handlers for catalogs. */
export function catalogHandlers(services: HostServices): Pick<Handlers, CatalogOperation> {
  const list = (): CatalogList => {
    if (services.catalogs === undefined) throw new LayerscopeError('FORBIDDEN', 'this window cannot open catalogs');
    return services.catalogs;
  };
  return {
    'catalog.close': async (_sender, { catalogId }) => {
      list().close(catalogId);
      return {};
    },
    'catalog.images': async (_sender, { catalogId, ...page }) => list().images(catalogId, page),
    'catalog.layers': async (_sender, { catalogId, ...page }) => list().layers(catalogId, page),
    'catalog.problems': async (_sender, { catalogId }) => list().problems(catalogId),
    'catalog.search': (_sender, { catalogId, ...search }, signal) => list().search(catalogId, search, signal),
    'catalog.open': async (_sender, { catalogId, image: number, place: at }) => {
      const { places, platform } = list().image(catalogId, number);
      const place = places[at];
      if (place === undefined) throw new LayerscopeError('NOT_FOUND', 'the image has no such place');
      return { jobId: await openPlace(services, place, platform) };
    },
  };
}

/** Starts a job that opens what a catalog names: a file or folder on this machine, or an image by its name. */
async function openPlace({ library, names }: HostServices, { source }: CatalogPlace, platform: string | null): Promise<string> {
  if (!path.isAbsolute(source)) {
    if (isForeignPath(source)) throw new LayerscopeError('NOT_FOUND', `${displayText(source)} is a file on another system`);
    if (names === undefined) {
      throw new LayerscopeError(
        'FORBIDDEN',
        `${displayText(source)} is an image’s name, and this window cannot open images by name: start layerscope serve with --allow-sources`,
      );
    }
    return names.open(source, platform === 'unknown' ? null : platform);
  }
  // Windows would sign in to the server that such a path names, and the catalog's author may have chosen the server.
  if (/^[\\/]{2}/.test(source)) {
    throw new LayerscopeError('FORBIDDEN', `${displayText(source)} is on another machine: open it with Open…, if you trust the catalog`);
  }
  await requireThere(source);
  return library.open({ path: source, title: path.basename(source) });
}

async function requireThere(source: string): Promise<void> {
  try {
    const stats = await stat(source);
    if (stats.isFile() || stats.isDirectory()) return;
  } catch (error) {
    const { code } = fileError(error, source);
    if (code !== 'NOT_FOUND') throw fileError(error, source);
    throw new LayerscopeError('NOT_FOUND', `${displayText(source)} is not there any more: it was moved, removed, or is on another machine`);
  }
  throw new LayerscopeError('UNSUPPORTED', `${displayText(source)} is neither a file nor a folder`);
}

/** Whether a source, known not to be an absolute path on this system, is one on another system. */
function isForeignPath(source: string): boolean {
  return path.win32.isAbsolute(source) || path.posix.isAbsolute(source);
}
