/**
 * The table of operations, each with a zod schema for its input and the type of its output. A new operation starts here; the compiler then
 * lists what else is needed. The separate entry point `#contract/schemas` is for the privileged side, which checks every input before
 * acting.
 */
import * as z from 'zod';
import { LayerscopeError } from '#model';
import type { CatalogImage, CatalogLayer, CatalogPage, CatalogProblem, CatalogSearchPart } from './catalog-reports.ts';
import type { ContentPage, EntryDetails, FolderReport, RawHeader } from './entry-reports.ts';
import {
  archiveRef,
  catalog,
  catalogPage,
  entry,
  entryRef,
  exportInput,
  fileName,
  grant,
  id,
  image,
  imageRef,
  index,
  jobRef,
  limit,
  MAX_ROWS,
  nothing,
  page,
  pathHex,
  platform,
  reference,
  registry,
  registryPage,
  registryPath,
  sides,
  stored,
  storedName,
  storedRef,
  storeRef,
  type viewRef,
} from './input-parts.ts';
import { CONTENT_PAGE_BYTES, MAX_DOCKERFILE_LETTERS } from './limits.ts';
import type { PackageDifferencesReport, PackagesReport } from './package-reports.ts';
import type { ArtifactFileReport, StatedReport, WhyReport } from './provenance-reports.ts';
import type { RegistryChangesPage, RegistryKeyReport, RegistrySearchReport } from './registry-reports.ts';
import type {
  AppInfo,
  ArchiveSummary,
  BreakdownReport,
  ConfigReport,
  ExportStarted,
  FileGrant,
  ListingReport,
  RowPage,
  SearchReport,
  WasteReport,
  WhatIfReport,
} from './reports.ts';
import type { EngineListing, ImageLook } from './source-reports.ts';
import type { BaseImageReport, PreflightReport, RemovalReport, StoredChanges, StoreReport } from './store-reports.ts';
import { TOPIC_NAMES, type TopicName } from './topics.ts';

/** An image in an open archive. */
export type ImageRef = z.input<typeof imageRef>;
/** A file system: an image as seen at one of its layers. In a comparison, layers below `since` are left out. */
export type ViewRef = z.input<typeof viewRef>;
/** What a breakdown covers: all bytes of an image, what layers wrote, or the file system at a layer. */
export type BreakdownOf = Operations['image.breakdown']['input']['of'];
/**
 * What can be exported: a file, or a folder as a tar; a layer as stored, decompressed or recompressed; an image as an archive; a comparison
 * as printed by `diff --json`; an archive's report as printed by `inspect --json`; a registry key as a .reg file.
 */
export type ExportInput = z.input<typeof exportInput>;

type Nothing = Record<string, never>;
type Started = { jobId: string };

interface Operation<Input extends z.ZodType, Output> {
  readonly input: Input;
  /** Carries the type only; never set. */
  readonly output?: Output;
}

function takes<Input extends z.ZodType>(input: Input): { gives<Output>(): Operation<Input, Output> } {
  return { gives: () => ({ input }) };
}

const OPERATIONS = {
  'app.info': takes(nothing).gives<AppInfo>(),
  /** Facts about the program and the system for a bug report, as lines without names of files or users. */
  'app.diagnostics': takes(nothing).gives<{ readonly lines: readonly string[] }>(),
  /** A grant for the sample image. */
  'app.sample': takes(nothing).gives<FileGrant>(),

  /** Recently opened files, latest first, each with its folder; empty on the loopback host. */
  'files.recent': takes(nothing).gives<{ files: readonly { readonly name: string; readonly folder: string }[] }>(),
  /** A grant for a recent file, by index in `files.recent`. NOT_FOUND if the list has changed and another file has that index. */
  'files.again': takes(z.strictObject({ index, name: fileName })).gives<FileGrant>(),
  /** Clears the list of recent files. */
  'files.forget': takes(nothing).gives<Nothing>(),
  /** Shows the system's dialog and returns a grant for each file chosen. FORBIDDEN on the loopback host, which uses uploads. */
  'files.choose': takes(z.strictObject({ what: z.enum(['files', 'folder']) })).gives<{ grants: readonly FileGrant[] }>(),
  /** A grant to upload to, on the loopback host: `PUT /uploads/<grant>`. FORBIDDEN in Electron. */
  'files.expect': takes(z.strictObject({ name: fileName, sizeBytes: z.int().min(0) })).gives<FileGrant>(),

  /**
   * The images of an engine on this machine. FORBIDDEN if the host can't open images by name; this also applies to the next four
   * operations.
   */
  'sources.list': takes(z.strictObject({ engine: z.enum(['docker', 'podman', 'containerd']) })).gives<EngineListing>(),
  /**
   * Which source has an image, and for which platforms; doesn't open it. NOT_FOUND lists each source with its reason; USAGE if the name is
   * invalid.
   */
  'sources.look': takes(z.strictObject({ reference })).gives<ImageLook>(),
  /** Opens and loads an image by name, for a platform from `sources.look` (null: the default). USAGE if the name is invalid. */
  'sources.open': takes(z.strictObject({ reference, platform: platform.nullable() })).gives<Started>(),
  /** Recently opened names, latest first. Listing them doesn't contact any source. */
  'sources.recent': takes(nothing).gives<{ references: readonly string[] }>(),
  /** Clears the list of recent names. */
  'sources.forget': takes(nothing).gives<Nothing>(),

  /** Opens the granted file or folder, and loads its first image. */
  'archive.open': takes(z.strictObject({ grant })).gives<Started>(),
  'archive.close': takes(archiveRef).gives<Nothing>(),
  'archive.summary': takes(archiveRef).gives<ArchiveSummary>(),

  /** The image's config as JSON, with names escaped as in JSON; at most 1,048,576 characters. Null if it is missing or damaged. */
  'image.config': takes(imageRef).gives<{ json: string | null; complete: boolean }>(),
  /** What is attested about an image, with the contents of the statements. */
  'image.stated': takes(imageRef).gives<{ attestations: readonly StatedReport[] }>(),
  /** The files of an artifact, by its index; at most 1,000. */
  'artifact.files': takes(z.strictObject({ archiveId: id, artifact: index })).gives<{ files: readonly ArtifactFileReport[] }>(),
  /** Bytes of a file of an artifact, as stored: at most 262,144 per call. */
  'artifact.content': takes(
    z.strictObject({
      archiveId: id,
      artifact: index,
      file: index,
      offset: z.int().min(0),
      length: z.int().min(0).max(CONTENT_PAGE_BYTES),
    }),
  ).gives<ContentPage>(),
  /** Reads the layers of one image of an open archive. */
  'image.load': takes(imageRef).gives<Started>(),
  /** Reads everything and checks every digest. Adds findings to the summary. */
  'image.verify': takes(imageRef).gives<Started>(),
  /** Reads everything and searches all files for secrets. Adds findings to the summary. */
  'image.scan': takes(imageRef).gives<Started>(),
  /** The combined changes of the layers from `from` to `to` (inclusive, 0 is the bottom). */
  'image.changes': takes(
    z
      .strictObject({ ...image, from: index, to: index, ...page })
      .refine(({ from, to }) => from <= to, { message: 'from is above to', path: ['from'] }),
  ).gives<RowPage>(),
  /** The file system as seen at a layer. Rows that the layer touches are marked. */
  'image.view': takes(z.strictObject({ ...image, layer: index, ...page })).gives<RowPage>(),
  /** All bytes of an image by path: what its top layer's file system shows, and what later layers hide (see wholeImage). */
  'image.whole': takes(z.strictObject({ ...image, ...page })).gives<RowPage>(),
  /**
   * Totals of an image, of layers, or of the file system at a layer, or only those of the folder at a path. An empty path means everything.
   */
  'image.breakdown': takes(
    z.strictObject({
      ...image,
      of: z.discriminatedUnion('what', [
        z.strictObject({ what: z.literal('image') }),
        z.strictObject({ what: z.literal('changes'), from: index, to: index }),
        z.strictObject({ what: z.literal('view'), layer: index }),
      ]),
      pathHex,
      limit,
    }),
  ).gives<BreakdownReport>(),
  /** How `b` differs from `a`, compared byte by byte: rows as made by compareViews, without identical ones. */
  'images.compare': takes(z.strictObject({ ...sides, ...page })).gives<RowPage>(),
  /** How the configs of both sides differ, if both are complete images. */
  'images.configs': takes(z.strictObject(sides)).gives<ConfigReport>(),
  /**
   * Looks for files that a layer rewrites with the same content. Runs as a job, because it reads bodies; `image.waste` returns the result.
   */
  'image.rewritten': takes(imageRef).gives<Started>(),
  /**
   * Packs the image's layers for each of its what-ifs to find their stored sizes, and keeps only the sizes. Runs as a job; `image.waste`
   * returns the sizes.
   */
  'image.weigh': takes(imageRef).gives<Started>(),
  'image.waste': takes(z.strictObject({ ...image, limit })).gives<WasteReport & { readonly whatIf: readonly WhatIfReport[] }>(),
  /**
   * What layers did to packages, or the packages as seen at a layer: a page of those that contain `text`. May be slow, because databases
   * and programs are read.
   */
  'image.packages': takes(
    z.strictObject({
      ...image,
      of: z.discriminatedUnion('what', [
        z.strictObject({ what: z.literal('changes'), from: index, to: index }),
        z.strictObject({ what: z.literal('view'), layer: index }),
      ]),
      text: z.string().max(1_024),
      start: page.start,
      count: limit,
    }),
  ).gives<PackagesReport>(),
  /** The packages in which `b` differs from `a`: a page of those that contain `text`. May be as slow as `image.packages`. */
  'images.packages': takes(
    z.strictObject({ ...sides, text: z.string().max(1_024), start: page.start, count: limit }),
  ).gives<PackageDifferencesReport>(),
  /**
   * Paths that match a search text (see RowFilter) and the layers that touch them, best first, at most `limit`. With `scattered`, and if
   * nothing matches, paths that contain the characters of the text in order. With `order: 'size'`, the largest come first.
   */
  'image.search': takes(
    z.strictObject({
      ...image,
      text: z.string().min(1).max(1_024),
      limit,
      scattered: z.boolean().optional(),
      order: z.enum(['best', 'size']).optional(),
    }),
  ).gives<SearchReport>(),

  /** What the layers from `from` to `to` each changed in the registry of a Windows image; with `text`, only what matches it. */
  'registry.changes': takes(
    z
      .strictObject({ ...image, from: index, to: index, text: z.string().max(1_024), ...registryPage })
      .refine(({ from, to }) => from <= to, { message: 'from is above to', path: ['from'] }),
  ).gives<RegistryChangesPage>(),
  /** How `b`'s registry differs from `a`'s; with `text` only what matches it. */
  'registry.compare': takes(z.strictObject({ ...sides, text: z.string().max(1_024), ...registryPage })).gives<RegistryChangesPage>(),
  /** Names of the hives as seen at a layer. */
  'registry.hives': takes(z.strictObject({ ...image, layer: index })).gives<{ hives: readonly string[] }>(),
  /**
   * A key as seen at a layer (as in a ViewRef), and keys below it; an empty path means the whole hive. NOT_FOUND if the key doesn't exist
   * there.
   */
  'registry.key': takes(
    z.strictObject({ ...registry, path: registryPath, ...registryPage, valueStart: z.int().min(0).max(MAX_ROWS).optional() }),
  ).gives<RegistryKeyReport>(),
  /** Keys as seen at a layer whose names or values contain the search text, at most `limit`. */
  'registry.search': takes(
    z.strictObject({ ...image, layer: index, text: z.string().min(1).max(1_024), limit }),
  ).gives<RegistrySearchReport>(),

  'catalog.close': takes(z.strictObject(catalog)).gives<Nothing>(),
  /** A page of a catalog's images; those with the same layers are next to each other. */
  'catalog.images': takes(catalogPage).gives<CatalogPage<CatalogImage>>(),
  /** A page of a catalog's layers, sorted by number of images. */
  'catalog.layers': takes(catalogPage).gives<CatalogPage<CatalogLayer>>(),
  /** What is missing from a catalog, and why; at most 1,000 problems. */
  'catalog.problems': takes(z.strictObject(catalog)).gives<CatalogPage<CatalogProblem>>(),
  /**
   * Searches all images of a catalog for a path, a package or a content checksum. A call searches for a moment from a given position;
   * `next` is where to continue. USAGE if the text can't be searched for.
   */
  'catalog.search': takes(
    z.strictObject({
      ...catalog,
      what: z.enum(['path', 'package', 'content']),
      text: z.string().min(1).max(1_024),
      from: z.strictObject({ file: z.int().min(0).max(MAX_ROWS), part: z.int().min(0).max(MAX_ROWS) }),
    }),
  ).gives<CatalogSearchPart>(),
  /**
   * Opens an image of a catalog from one of its places, both given by number. NOT_FOUND if the file no longer exists, FORBIDDEN if the
   * place is a name and images can't be opened by name.
   */
  'catalog.open': takes(
    z.strictObject({ ...catalog, image: z.int().min(0).max(MAX_ROWS), place: z.int().min(0).max(MAX_ROWS) }),
  ).gives<Started>(),

  'entry.details': takes(entryRef).gives<EntryDetails>(),
  /**
   * Which layers added and removed a path, and what made those layers. `dockerfile`: text in which to look for the layers' commands, as a
   * guess. NOT_FOUND if no layer ever had the path.
   */
  'entry.origin': takes(
    z.strictObject({
      ...image,
      pathHex,
      dockerfile: z.strictObject({ name: fileName, text: z.string().max(MAX_DOCKERFILE_LETTERS) }).nullable(),
    }),
  ).gives<WhyReport>(),
  /**
   * Totals of a folder as seen at the layer; an empty path is the root. NOT_FOUND if it doesn't exist there. `withHidden`: totals for the
   * whole image instead, including what later layers hide.
   */
  'entry.folder': takes(z.strictObject({ ...entry, withHidden: z.boolean() })).gives<FolderReport>(),
  /** The header of the entry that is visible at this layer, from the layer that contains it. */
  'entry.raw': takes(entryRef).gives<RawHeader>(),
  /** A file's bytes as seen at the layer: at most 262,144 per call. */
  'entry.content': takes(
    z.strictObject({ ...entry, offset: z.int().min(0), length: z.int().min(0).max(CONTENT_PAGE_BYTES) }),
  ).gives<ContentPage>(),
  /** The entries of a file that is itself an archive; null for other files. */
  'entry.listing': takes(z.strictObject({ ...entry, limit })).gives<{ listing: ListingReport | null }>(),

  /** Saves what the window shows: in Electron to the file chosen in the system's dialog, on the loopback host as a download. */
  'export.start': takes(exportInput).gives<ExportStarted>(),

  /** Every store, the program's own first. Changes nothing. */
  'store.report': takes(nothing).gives<{ stores: readonly StoreReport[] }>(),
  /** Asks the user for a folder and adds it to the list of stores; null if none was chosen. FORBIDDEN on the loopback host. */
  'store.add': takes(nothing).gives<{ storeId: string | null }>(),
  /** Removes a store from the list; its files stay. USAGE for the program's own, EXISTS while a layer of it is mounted. */
  'store.forget': takes(storeRef).gives<Nothing>(),
  /** Opens an image by name, or a layer with the layers below, as an archive. */
  'store.open': takes(storedRef).gives<Started>(),
  /** Imports an image of an open archive, or a layer tar as a layer on `parent` (null: as a base layer). */
  'store.import': takes(z.strictObject({ storeId: id, ...image, parent: storedName.nullable() })).gives<Started>(),
  /**
   * Removes an image's name, a layer or a leftover, and anything that is no longer needed without it. `withCopies`: first unmounts the
   * layer and removes the working copies based on it. EXISTS if other layers are based on the layer, or if it is mounted.
   */
  'store.remove': takes(z.strictObject({ ...stored, withCopies: z.boolean() })).gives<Nothing>(),
  /** Returns what `store.remove` would delete. */
  'store.removal': takes(storedRef).gives<RemovalReport>(),
  /** Unmounts and removes a working copy. USAGE if the layer isn't a working copy. */
  'store.discard': takes(storedRef).gives<Nothing>(),
  /** Starts a job that reads the whole store; the report's `checked` has the result. */
  'store.verify': takes(storeRef).gives<Started>(),
  /** Returns what a clean-up would remove. Names are safe to show. */
  'store.leftovers': takes(storeRef).gives<{ names: readonly string[] }>(),
  /** Removes leftovers. Returns their names, which are safe to show. */
  'store.cleanup': takes(storeRef).gives<{ removed: readonly string[] }>(),
  /** Makes a layer's chain visible as a folder, until the mount is released or the program ends. */
  'store.mount': takes(storedRef).gives<{ path: string; findings: readonly string[] }>(),
  'store.release': takes(storedRef).gives<Nothing>(),
  /** Opens the folder of a mount in the system's file manager. NOT_FOUND if the layer isn't mounted; FORBIDDEN on the loopback host. */
  'store.reveal': takes(storedRef).gives<Nothing>(),
  /** Creates a working copy based on the named layer; returns its id. */
  'store.create': takes(storedRef).gives<{ id: string }>(),
  'store.changes': takes(z.strictObject({ ...stored, limit })).gives<StoredChanges>(),
  /**
   * Starts a job that creates a layer from the current contents of a working copy; with `image`, also an image with that name and the
   * parent's history.
   */
  'store.commit': takes(
    z.strictObject({ ...stored, image: storedName.nullable(), comment: z.string().max(1_024).nullable() }),
  ).gives<Started>(),
  /** Windows' shared base images; empty on systems without any. Changes nothing. */
  'store.bases': takes(storeRef).gives<{ images: readonly BaseImageReport[] }>(),
  /** The Windows drivers' requirements and whether this system meets them; safe to show. */
  'store.preflight': takes(nothing).gives<{ facts: readonly PreflightReport[] }>(),
  /**
   * Starts an elevated process that does a store's work. Windows asks the user for consent first; false if the user declined. FORBIDDEN on
   * the loopback host.
   */
  'store.elevate': takes(storeRef).gives<{ elevated: boolean }>(),
  /** Creates a layer for a base image. */
  'store.adopt': takes(storedRef).gives<Nothing>(),

  'jobs.cancel': takes(jobRef).gives<Nothing>(),
  /** Removes a job that has ended from the list. */
  'jobs.dismiss': takes(jobRef).gives<Nothing>(),
};

type Table = typeof OPERATIONS;

export type OperationName = keyof Table;

export type Operations = {
  [N in OperationName]: {
    input: z.input<Table[N]['input']>;
    output: Table[N] extends Operation<z.ZodType, infer Output> ? Output : never;
  };
};

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

/** Checks an operation's name. Throws BAD_REQUEST. */
export function parseOperationName(name: unknown): OperationName {
  const known = OPERATION_NAMES.find((each) => each === name);
  if (known === undefined) throw new LayerscopeError('BAD_REQUEST', 'no such operation');
  return known;
}

/** Checks a topic's name. Throws BAD_REQUEST. */
export function parseTopicName(name: unknown): TopicName {
  const known = TOPIC_NAMES.find((each) => each === name);
  if (known === undefined) throw new LayerscopeError('BAD_REQUEST', 'no such topic');
  return known;
}

/** Checks an operation's input. Throws BAD_REQUEST, which names the first wrong key but doesn't quote its value. */
export function parseInput<N extends OperationName>(name: N, input: unknown): Operations[N]['input'] {
  const result = OPERATIONS[name].input.safeParse(input);
  if (result.success) return result.data as Operations[N]['input'];
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') || 'input';
  const what = issue?.code === 'unrecognized_keys' ? 'has an unknown key' : 'is not what the operation takes';
  throw new LayerscopeError('BAD_REQUEST', `${name}: ${where} ${what}`);
}
