/**
 * The table of operations: each one's input as a zod schema, and the type of its output. A new operation starts here; the compiler then
 * lists what else it needs. Its own entry point (`#contract/schemas`) is for the privileged side, which checks every input before acting.
 */
import * as z from 'zod';
import { LayerscopeError } from '#model';
import type { ContentPage, EntryDetails, RawHeader } from './entry-reports.ts';
import { CONTENT_PAGE_BYTES, PAGE_ROWS } from './limits.ts';
import type {
  AppInfo,
  ArchiveSummary,
  ConfigReport,
  ExportStarted,
  FileGrant,
  ListingReport,
  RowPage,
  SearchReport,
  WasteReport,
} from './reports.ts';
import type { BaseImageReport, PreflightReport, StoredChanges, StoreReport } from './store-reports.ts';
import { TOPIC_NAMES, type TopicName } from './topics.ts';

/** Rows that the columns' 32-bit numbers can address. */
const MAX_ROWS = 0xffff_ffff;
const MAX_PATH_BYTES = 65_536;

const id = z.string().regex(/^[a-z0-9-]{1,64}$/);
const grant = z.string().regex(/^[0-9a-f]{32}$/);
const index = z.int().min(0).max(0xffff);
const limit = z.int().min(1).max(10_000);
const fileName = z.string().min(1).max(1_024);
const page = { start: z.int().min(0).max(MAX_ROWS), count: z.int().min(1).max(PAGE_ROWS) };
const pathHex = z
  .string()
  .max(MAX_PATH_BYTES * 2)
  .regex(/^(?:[0-9a-fA-F]{2})*$/);

// Strict objects: an unknown key is refused.
const nothing = z.strictObject({});
const archiveRef = z.strictObject({ archiveId: id });
const jobRef = z.strictObject({ jobId: id });
const imageRef = z.strictObject({ archiveId: id, image: index }).readonly();
const image = imageRef.unwrap().shape;
const entryRef = z.strictObject({ ...image, layer: index, pathHex }).readonly();
const entry = entryRef.unwrap().shape;
const viewRef = z.strictObject({ ...image, layer: index, since: index.optional() }).readonly();
const storeRef = z.strictObject({ storeId: id }).readonly();
const storedName = z.string().min(1).max(1_024);
const storedRef = z.strictObject({ storeId: id, name: storedName }).readonly();
const stored = storedRef.unwrap().shape;

const exportInput = z
  .discriminatedUnion('what', [
    z.strictObject({ what: z.literal('entry'), ...entry }),
    z.strictObject({ what: z.literal('layer'), form: z.enum(['stored', 'plain', 'gzip', 'zstd']), ...image, layer: index }),
    z.strictObject({ what: z.literal('image'), format: z.enum(['docker-archive', 'oci-archive']), ...image }),
    z.strictObject({ what: z.literal('comparison'), a: viewRef, b: viewRef }),
    z.strictObject({ what: z.literal('report'), archiveId: id }),
  ])
  .readonly();

/** An image of an open archive. */
export type ImageRef = z.input<typeof imageRef>;
/**
 * A file system: an image as seen at one of its layers. In a comparison, `since` leaves out the layers below that one.
 */
export type ViewRef = z.input<typeof viewRef>;
/**
 * What can be exported: a file, or a folder as a tar; a layer as stored, decompressed or recompressed; an image as an archive; a comparison
 * as printed by `diff --json`; an archive's report as printed by `inspect --json`.
 */
export type ExportInput = z.input<typeof exportInput>;

type Nothing = Record<string, never>;
type Started = { jobId: string };

interface Operation<Input extends z.ZodType, Output> {
  readonly input: Input;
  /** Type only. */
  readonly output?: Output;
}

function takes<Input extends z.ZodType>(input: Input): { gives<Output>(): Operation<Input, Output> } {
  return { gives: () => ({ input }) };
}

const OPERATIONS = {
  'app.info': takes(nothing).gives<AppInfo>(),
  /** A grant for the sample image. */
  'app.sample': takes(nothing).gives<FileGrant>(),

  /** Recently opened files, latest first, each with its folder; empty on the loopback host. */
  'files.recent': takes(nothing).gives<{ files: readonly { readonly name: string; readonly folder: string }[] }>(),
  /** A grant for a recent file, by its index in that list. NOT_FOUND if another file has that index by now. */
  'files.again': takes(z.strictObject({ index, name: fileName })).gives<FileGrant>(),
  /** Clears the list of recent files. */
  'files.forget': takes(nothing).gives<Nothing>(),
  /** Shows the system's dialog and gives a grant for each file chosen; FORBIDDEN on the loopback host, which takes uploads. */
  'files.choose': takes(z.strictObject({ what: z.enum(['files', 'folder']) })).gives<{ grants: readonly FileGrant[] }>(),
  /** A grant to upload to, on the loopback host: `PUT /uploads/<grant>`. FORBIDDEN in Electron. */
  'files.expect': takes(z.strictObject({ name: fileName, sizeBytes: z.int().min(0) })).gives<FileGrant>(),

  /** Opens the granted file or folder, and loads its first image. */
  'archive.open': takes(z.strictObject({ grant })).gives<Started>(),
  'archive.close': takes(archiveRef).gives<Nothing>(),
  'archive.summary': takes(archiveRef).gives<ArchiveSummary>(),

  /** The image's config as JSON, names escaped as JSON does; at most 1,048,576 characters. Null if it is missing or damaged. */
  'image.config': takes(imageRef).gives<{ json: string | null; complete: boolean }>(),
  /** Reads the layers of one image of an open archive. */
  'image.load': takes(imageRef).gives<Started>(),
  /** Reads everything and checks every digest; findings follow in the summary. */
  'image.verify': takes(imageRef).gives<Started>(),
  /** What the layers from `from` to `to` (both included, 0 the bottom) changed together. */
  'image.changes': takes(
    z
      .strictObject({ ...image, from: index, to: index, ...page })
      .refine(({ from, to }) => from <= to, { message: 'from is above to', path: ['from'] }),
  ).gives<RowPage>(),
  /** The file system as seen at a layer; rows the layer touches are marked. */
  'image.view': takes(z.strictObject({ ...image, layer: index, ...page })).gives<RowPage>(),
  /** How `b` differs from `a`, to the last byte: rows as compareViews makes them, without those that are the same. */
  'images.compare': takes(z.strictObject({ a: viewRef, b: viewRef, ...page })).gives<RowPage>(),
  /** How the configs of both sides differ, if both are whole images. */
  'images.configs': takes(z.strictObject({ a: viewRef, b: viewRef })).gives<ConfigReport>(),
  /** Looks for files that a layer writes again with the same content. It reads bodies, and so is a job; `image.waste` has its result. */
  'image.rewritten': takes(imageRef).gives<Started>(),
  'image.waste': takes(z.strictObject({ ...image, limit })).gives<WasteReport>(),
  /** Which layers touch paths that match a text (see RowFilter), at most `limit` of them. */
  'image.search': takes(z.strictObject({ ...image, text: z.string().min(1).max(1_024), limit })).gives<SearchReport>(),

  'entry.details': takes(entryRef).gives<EntryDetails>(),
  /** The header of the entry that is visible at this layer, from the layer that has it. */
  'entry.raw': takes(entryRef).gives<RawHeader>(),
  /** A file's bytes as seen at the layer: at most 262,144 a call. */
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
  /** Opens an image by its name, or a layer with its chain, as an archive. */
  'store.open': takes(storedRef).gives<Started>(),
  /** Imports an image of an open archive; a layer tar as a layer on `parent` (null: a base layer). */
  'store.import': takes(z.strictObject({ storeId: id, ...image, parent: storedName.nullable() })).gives<Started>(),
  /** Removes an image's name, a layer or a leftover, and what nothing else needs. EXISTS if layers stand on it, or it is mounted. */
  'store.remove': takes(storedRef).gives<Nothing>(),
  /** Reads everything from end to end, as a job; the report's `checked` has the result. */
  'store.verify': takes(storeRef).gives<Started>(),
  /** What a clean-up would remove: names safe to show. */
  'store.leftovers': takes(storeRef).gives<{ names: readonly string[] }>(),
  /** Removes leftovers; returns their names, safe to show. */
  'store.cleanup': takes(storeRef).gives<{ removed: readonly string[] }>(),
  /** Makes a layer's chain visible as a folder, until it is released or the program ends. */
  'store.mount': takes(storedRef).gives<{ path: string; findings: readonly string[] }>(),
  'store.release': takes(storedRef).gives<Nothing>(),
  /** Opens the folder of a mount in the system's file manager. NOT_FOUND if it isn't mounted; FORBIDDEN on the loopback host. */
  'store.reveal': takes(storedRef).gives<Nothing>(),
  /** Creates a working copy on the layer of that name; returns its id. */
  'store.create': takes(storedRef).gives<{ id: string }>(),
  'store.changes': takes(z.strictObject({ ...stored, limit })).gives<StoredChanges>(),
  /** Starts a job that creates a layer from the current content of a working copy. */
  'store.commit': takes(storedRef).gives<Started>(),
  /** Windows' shared base images; empty on systems that have none. Changes nothing. */
  'store.bases': takes(storeRef).gives<{ images: readonly BaseImageReport[] }>(),
  /** What the Windows drivers require of this system, and whether it is met; safe to show. */
  'store.preflight': takes(nothing).gives<{ facts: readonly PreflightReport[] }>(),
  /** Starts an elevated process to do a store's work; Windows asks the user. False if the user declined. FORBIDDEN on the loopback host. */
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

/** Checks an operation's input. Throws BAD_REQUEST naming the first wrong key, without quoting its value. */
export function parseInput<N extends OperationName>(name: N, input: unknown): Operations[N]['input'] {
  const result = OPERATIONS[name].input.safeParse(input);
  if (result.success) return result.data as Operations[N]['input'];
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') || 'input';
  const what = issue?.code === 'unrecognized_keys' ? 'has an unknown key' : 'is not what the operation takes';
  throw new LayerscopeError('BAD_REQUEST', `${name}: ${where} ${what}`);
}
