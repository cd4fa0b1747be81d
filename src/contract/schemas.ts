/** Inputs of every operation as zod schemas. A door of its own, for the privileged side: the window's bundle has no zod. */
import * as z from 'zod';
import { LayerscopeError } from '#model';
import {
  CONTENT_PAGE_BYTES,
  type InputOf,
  OPERATION_NAMES,
  type OperationName,
  PAGE_ROWS,
  TOPIC_NAMES,
  type TopicName,
} from './operations.ts';

/** More layers, images or rows than any table can hold are no request of ours. */
const MAX_ROWS = 0xffff_ffff;
const MAX_PATH_BYTES = 65_536;

const id = z.string().regex(/^[a-z0-9-]{1,64}$/);
const grant = z.string().regex(/^[0-9a-f]{32}$/);
const index = z.int().min(0).max(0xffff);
const nothing = z.strictObject({});
const imageRef = z.strictObject({ archiveId: id, image: index });
const page = { start: z.int().min(0).max(MAX_ROWS), count: z.int().min(1).max(PAGE_ROWS) };
const pathHex = z
  .string()
  .max(MAX_PATH_BYTES * 2)
  .regex(/^(?:[0-9a-fA-F]{2})*$/);
const viewRef = z.strictObject({ ...imageRef.shape, layer: index });
const sideRef = z.strictObject({ ...viewRef.shape, since: index.optional() });
const limit = z.int().min(1).max(10_000);
const storedName = z.string().min(1).max(1_024);
const storeRef = z.strictObject({ storeId: id });
const storedRef = z.strictObject({ storeId: id, name: storedName });
const entryRef = z.strictObject({ ...imageRef.shape, layer: index, pathHex });

/** Strict: a key that isn't named is refused. */
export const INPUT_SCHEMAS: { readonly [N in OperationName]: z.ZodType<InputOf<N>> } = {
  'app.info': nothing,
  'app.sample': nothing,
  'files.recent': nothing,
  'files.again': z.strictObject({ index, name: z.string().min(1).max(1_024) }),
  'files.forget': nothing,
  'files.choose': z.strictObject({ what: z.enum(['files', 'folder']) }),
  'files.expect': z.strictObject({ name: z.string().min(1).max(1_024), sizeBytes: z.int().min(0) }),
  'archive.open': z.strictObject({ grant }),
  'archive.close': z.strictObject({ archiveId: id }),
  'archive.summary': z.strictObject({ archiveId: id }),
  'image.config': imageRef,
  'image.load': imageRef,
  'image.verify': imageRef,
  'image.changes': z
    .strictObject({ ...imageRef.shape, from: index, to: index, ...page })
    .refine(({ from, to }) => from <= to, { message: 'from is above to', path: ['from'] }),
  'image.view': z.strictObject({ ...imageRef.shape, layer: index, ...page }),
  'images.compare': z.strictObject({ a: sideRef, b: sideRef, ...page }),
  'images.configs': z.strictObject({ a: sideRef, b: sideRef }),
  'image.rewritten': imageRef,
  'image.waste': z.strictObject({ ...imageRef.shape, limit }),
  'image.search': z.strictObject({ ...imageRef.shape, text: z.string().min(1).max(1_024), limit }),
  'entry.details': entryRef,
  'entry.raw': entryRef,
  'entry.content': z.strictObject({
    ...entryRef.shape,
    offset: z.int().min(0),
    length: z.int().min(0).max(CONTENT_PAGE_BYTES),
  }),
  'entry.listing': z.strictObject({ ...entryRef.shape, limit }),
  'export.start': z.discriminatedUnion('what', [
    z.strictObject({ what: z.literal('entry'), ...entryRef.shape }),
    z.strictObject({ what: z.literal('layer'), form: z.enum(['stored', 'plain', 'gzip', 'zstd']), ...viewRef.shape }),
    z.strictObject({ what: z.literal('image'), format: z.enum(['docker-archive', 'oci-archive']), ...imageRef.shape }),
    z.strictObject({ what: z.literal('comparison'), a: sideRef, b: sideRef }),
    z.strictObject({ what: z.literal('report'), archiveId: id }),
  ]),
  'store.report': nothing,
  'store.add': nothing,
  'store.forget': storeRef,
  'store.open': storedRef,
  'store.import': z.strictObject({ storeId: id, ...imageRef.shape, parent: storedName.nullable() }),
  'store.remove': storedRef,
  'store.verify': storeRef,
  'store.leftovers': storeRef,
  'store.cleanup': storeRef,
  'store.mount': storedRef,
  'store.release': storedRef,
  'store.reveal': storedRef,
  'store.create': storedRef,
  'store.changes': z.strictObject({ ...storedRef.shape, limit }),
  'store.commit': storedRef,
  'store.bases': storeRef,
  'store.preflight': nothing,
  'store.elevate': storeRef,
  'store.adopt': storedRef,
  'jobs.cancel': z.strictObject({ jobId: id }),
  'jobs.dismiss': z.strictObject({ jobId: id }),
};

/** Throws BAD_REQUEST for a name that the table doesn't have. */
export function parseOperationName(name: unknown): OperationName {
  const known = OPERATION_NAMES.find((each) => each === name);
  if (known === undefined) throw new LayerscopeError('BAD_REQUEST', 'no such operation');
  return known;
}

/** Throws BAD_REQUEST for a topic that the table doesn't have. */
export function parseTopicName(name: unknown): TopicName {
  const known = TOPIC_NAMES.find((each) => each === name);
  if (known === undefined) throw new LayerscopeError('BAD_REQUEST', 'no such topic');
  return known;
}

/** The input as the operation takes it. Throws BAD_REQUEST with the first thing that is wrong, named by its key and never quoted. */
export function parseInput<N extends OperationName>(name: N, input: unknown): InputOf<N> {
  const result = INPUT_SCHEMAS[name].safeParse(input);
  if (result.success) return result.data as InputOf<N>;
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') || 'input';
  const what = issue?.code === 'unrecognized_keys' ? 'has a key too many' : 'is not what the operation takes';
  throw new LayerscopeError('BAD_REQUEST', `${name}: ${where} ${what}`);
}
