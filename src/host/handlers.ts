import { release } from 'node:os';
import { dirname as folderOf } from 'node:path';
import { looksLikeCatalog } from '#catalog/browse';
import { type ExportInput, type ExportStarted, type RowPage, slicePage } from '#contract';
import { type ExportRequest, foldersToOpen } from '#engine';
import { displayText, fromHex, LayerscopeError, type RowTable } from '#model';
import { catalogHandlers } from './catalog-handlers.ts';
import type { Downloads } from './downloads.ts';
import type { GrantedFile, Grants } from './grants.ts';
import type { Requests } from './requests.ts';
import type { Sender } from './sender.ts';
import type { Handlers, HostServices } from './services.ts';
import { createRecentNames, sourceHandlers } from './source-handlers.ts';
import { storeHandlers } from './store-handlers.ts';

type Services = HostServices & { readonly grants: Grants; readonly requests: Requests; readonly downloads: Downloads };

function forbidden(what: string): LayerscopeError {
  return new LayerscopeError('FORBIDDEN', what);
}

function pageOf(rows: RowTable, { start, count }: { start: number; count: number }): RowPage {
  const page = slicePage(rows, start, count);
  return start === 0 ? { ...page, open: foldersToOpen(rows) } : page;
}

/** Decodes the path of a request to raw bytes. Throws BAD_REQUEST. */
function pathOf({ pathHex }: { pathHex: string }): Uint8Array {
  const path = fromHex(pathHex);
  if (path === null) throw new LayerscopeError('BAD_REQUEST', 'the path is not hexadecimal');
  return path;
}

async function open(
  { grants, requests, library, catalogs, recentFiles }: Services,
  sender: Sender,
  grant: string,
): Promise<{ jobId: string }> {
  const file = grants.take(sender, grant);
  const { path, name, release } = file;
  requests.used(sender, grant);
  try {
    recentFiles?.opened(file);
    if (catalogs !== undefined && looksLikeCatalog(path)) return { jobId: catalogs.open({ path, title: name }) };
    return { jobId: library.open({ path, title: name, ...(release === undefined ? {} : { release }) }) };
  } catch (error) {
    await release?.();
    throw error;
  }
}

function exportRequest(input: ExportInput): ExportRequest {
  return input.what === 'entry' ? { what: 'entry', entry: { ...input, path: pathOf(input) } } : input;
}

async function startExport({ library, chooseTarget, downloads }: Services, sender: Sender, input: ExportInput): Promise<ExportStarted> {
  const request = exportRequest(input);
  // Comes first, so that an invalid request fails before the user has to choose a target.
  const exported = library.exported(request);
  const { name, leftOut } = exported;
  if (chooseTarget === undefined) return { jobId: null, download: downloads.give(sender, exported), name, leftOut };
  const target = await chooseTarget(sender, exported.name);
  return { jobId: target === null ? null : library.save(request, target), download: null, name: null, leftOut };
}

/** Returns the facts about the system that every door knows. */
function systemLines(): readonly string[] {
  return [`Node ${process.versions.node}`, `System ${process.platform} ${release()} ${process.arch}`];
}

/** Creates the handlers of all operations. */
export function createHandlers(services: Services): Handlers {
  const { appInfo, sample, library, jobs, grants, chooseFiles, expectUpload, recentFiles, names } = services;
  const recentNames = services.recentNames ?? createRecentNames();
  const giveAll = (sender: Sender, files: readonly GrantedFile[]) => ({ grants: files.map((file) => grants.give(sender, file)) });
  return {
    'app.info': async () => ({ ...appInfo, sample: sample?.name ?? null, opensNames: names !== undefined }),
    'app.diagnostics': async () => ({
      lines: [`Layerscope ${appInfo.version}, ${appInfo.host}`, ...(services.diagnostics ?? systemLines)()],
    }),
    'app.sample': async (sender) => {
      if (sample === null) throw new LayerscopeError('NOT_FOUND', 'the sample image is not installed');
      return grants.give(sender, sample);
    },
    'files.recent': async () => ({
      files: (recentFiles?.list() ?? []).map((file) => ({ name: displayText(file.name), folder: displayText(folderOf(file.path)) })),
    }),
    'files.again': async (sender, { index, name }) => {
      const file = recentFiles?.list()[index];
      if (file === undefined || displayText(file.name) !== name) throw new LayerscopeError('NOT_FOUND', 'the file no longer exists');
      return grants.give(sender, file);
    },
    'files.forget': async () => {
      recentFiles?.forget();
      recentNames.forget();
      return {};
    },
    'files.choose': async (sender, { what }) => {
      if (chooseFiles === undefined) throw forbidden('only the desktop app has a file dialog');
      return giveAll(sender, await chooseFiles(sender, what));
    },
    'files.expect': async (sender, file) => {
      if (expectUpload === undefined) throw forbidden('only the loopback host takes uploads');
      return expectUpload(sender, file);
    },
    'archive.open': (sender, { grant }) => open(services, sender, grant),
    'archive.close': async (_sender, { archiveId }) => {
      await library.close(archiveId);
      return {};
    },
    'archive.summary': async (_sender, { archiveId }) => library.summary(archiveId),
    'image.config': async (_sender, ref) => library.config(ref),
    'image.stated': async (_sender, ref, signal) => ({ attestations: await library.stated(ref, signal) }),
    'artifact.files': async (_sender, { archiveId, artifact }) => ({ files: library.artifactFiles(archiveId, artifact) }),
    'artifact.content': (_sender, input, signal) => library.artifactContent(input, signal),
    'image.load': async (_sender, ref) => ({ jobId: library.load(ref) }),
    'image.verify': async (_sender, ref) => ({ jobId: library.verify(ref) }),
    'image.scan': async (_sender, ref) => ({ jobId: library.scan(ref) }),
    'image.changes': async (_sender, input, signal) => pageOf(await library.changes(input, { ...input, signal }), input),
    'image.view': async (_sender, input, signal) => pageOf(await library.view(input, { ...input, signal }), input),
    'image.whole': async (_sender, input, signal) => pageOf(await library.whole(input, signal), input),
    'image.breakdown': (_sender, input, signal) =>
      library.breakdown(input, { of: input.of, limit: input.limit, path: pathOf(input) }, signal),
    'images.compare': async (_sender, input, signal) => pageOf(await library.compare(input.a, input.b, signal), input),
    'images.configs': (_sender, { a, b }, signal) => library.configs(a, b, signal),
    'image.rewritten': async (_sender, ref) => ({ jobId: library.findRewritten(ref) }),
    'image.weigh': async (_sender, ref) => ({ jobId: library.weigh(ref) }),
    'image.waste': (_sender, input, signal) => library.waste(input, input.limit, signal),
    'image.packages': (_sender, { of, ...input }, signal) =>
      library.packages(input, { ...input, of, layer: of.what === 'view' ? of.layer : of.to }, signal),
    'images.packages': (_sender, { a, b, ...wanted }, signal) => library.comparePackages(a, b, wanted, signal),
    'image.search': (_sender, input, signal) => library.search(input, input, signal),
    'registry.changes': (_sender, input, signal) => library.registryChanges(input, input, signal),
    'registry.compare': (_sender, { a, b, ...wanted }, signal) => library.compareRegistries(a, b, wanted, signal),
    'registry.hives': (_sender, input, signal) => library.registryHives(input, input.layer, signal),
    'registry.key': (_sender, input, signal) => library.registryKey(input, input, signal),
    'registry.search': (_sender, input, signal) => library.registrySearch(input, input, signal),
    'entry.details': (_sender, input, signal) => library.details({ ...input, path: pathOf(input) }, signal),
    'entry.origin': (_sender, input, signal) => library.origin(input, pathOf(input), input.dockerfile, signal),
    'entry.folder': (_sender, input, signal) => library.folder({ ...input, path: pathOf(input) }, input.withHidden, signal),
    'entry.raw': (_sender, input, signal) => library.raw({ ...input, path: pathOf(input) }, signal),
    'entry.content': (_sender, input, signal) => library.content({ ...input, path: pathOf(input) }, input, signal),
    'entry.listing': async (_sender, input, signal) => ({
      listing: await library.listing({ ...input, path: pathOf(input) }, input.limit, signal),
    }),
    'export.start': (sender, input) => startExport(services, sender, input),
    ...sourceHandlers(services, recentNames),
    ...catalogHandlers(services),
    ...storeHandlers(services),
    'jobs.cancel': async (_sender, { jobId }) => {
      jobs.cancel(jobId);
      return {};
    },
    'jobs.dismiss': async (_sender, { jobId }) => {
      jobs.dismiss(jobId);
      return {};
    },
  };
}
