/** Zod schemas for parts that the inputs of several operations share. */
import * as z from 'zod';
import { CATALOG_PAGE, PAGE_ROWS, REGISTRY_PAGE } from './limits.ts';

/** Maximum number of rows that the 32-bit columns can address. */
export const MAX_ROWS = 0xffff_ffff;
const MAX_PATH_BYTES = 65_536;

export const id = z.string().regex(/^[a-z0-9-]{1,64}$/);
export const grant = z.string().regex(/^[0-9a-f]{32}$/);
export const index = z.int().min(0).max(0xffff);
export const limit = z.int().min(1).max(10_000);
export const fileName = z.string().min(1).max(1_024);
export const page = { start: z.int().min(0).max(MAX_ROWS), count: z.int().min(1).max(PAGE_ROWS) };
export const pathHex = z
  .string()
  .max(MAX_PATH_BYTES * 2)
  .regex(/^(?:[0-9a-fA-F]{2})*$/);

// Strict objects: unknown keys are rejected.
export const nothing = z.strictObject({});
export const archiveRef = z.strictObject({ archiveId: id });
export const jobRef = z.strictObject({ jobId: id });
export const image = { archiveId: id, image: index };
export const imageRef = fixed(z.strictObject(image));
export const entry = { ...image, layer: index, pathHex };
export const registry = { ...image, layer: index, since: index.optional(), hive: z.string().min(1).max(MAX_PATH_BYTES) };
export const registryPath = z.string().max(MAX_PATH_BYTES);
export const registryPage = { start: z.int().min(0).max(MAX_ROWS), count: z.int().min(1).max(REGISTRY_PAGE) };
export const entryRef = fixed(z.strictObject(entry));
export const viewRef = fixed(z.strictObject({ ...image, layer: index, since: index.optional() }));
export const sides = { a: viewRef, b: viewRef };
export const catalog = { catalogId: id };
export const catalogPage = fixed(
  z.strictObject({ ...catalog, start: z.int().min(0).max(MAX_ROWS), count: z.int().min(1).max(CATALOG_PAGE) }),
);
export const storeRef = fixed(z.strictObject({ storeId: id }));
export const storedName = z.string().min(1).max(1_024);
export const stored = { storeId: id, name: storedName };
export const storedRef = fixed(z.strictObject(stored));

/** An image's name as the user typed it, never a network address: the host parses the name and finds the source that has the image. */
export const reference = z.string().min(1).max(1_024);
export const platform = z.string().regex(/^[A-Za-z0-9._-]{1,64}(?:\/[A-Za-z0-9._-]{1,64}){1,2}$/);

export const exportInput = fixed(
  z.discriminatedUnion('what', [
    z.strictObject({ what: z.literal('entry'), ...entry }),
    z.strictObject({ what: z.literal('layer'), form: z.enum(['stored', 'plain', 'gzip', 'zstd']), ...image, layer: index }),
    z.strictObject({ what: z.literal('image'), format: z.enum(['docker-archive', 'oci-archive']), ...image }),
    z.strictObject({ what: z.literal('comparison'), ...sides }),
    z.strictObject({ what: z.literal('report'), archiveId: id }),
    z.strictObject({ what: z.literal('registry'), ...registry, path: registryPath }),
  ]),
);

/** Makes the type read-only. zod's `readonly` would also freeze rejected input, and throws for a typed array. */
function fixed<Output, Input>(schema: z.ZodType<Output, Input>): z.ZodType<Readonly<Output>, Readonly<Input>> {
  return schema as z.ZodType<Readonly<Output>, Readonly<Input>>;
}
