// Rows of `images`: one for each name of an image in a subject. A file's name is made of hashes of the subject, of the image's name in it,
// and of the row's content. So a listing of the folder shows which rows exist, and a subject's old rows can be found and removed.
import type { ArchiveImage } from '#archive';
import { type Row, TABLES } from '#catalog/layout';
import { familiarName, fullName, tryReference } from '#format/reference';
import { type CatalogFolder, hashName } from './catalog-folder.ts';
import type { IndexedImage } from './image-indexer.ts';
import { labelsOf, timeOf } from './image-rows.ts';
import { groupsOf } from './row-groups.ts';

/** An image of a subject, or the subject itself if it can't be opened. */
export interface SubjectRow {
  readonly image: ArchiveImage | null;
  readonly reference: string | null;
  /** Whether the reference is only a tag. */
  readonly isTag?: boolean;
  readonly found?: IndexedImage | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Writes a subject's rows, and then removes its old rows that no longer apply. */
export class SubjectRows {
  readonly source: string;
  hasErrors = false;
  readonly #catalog: CatalogFolder;
  readonly #prefix: string;
  /** Names of the rows that existed before. Rows that another process has added since must not be removed. */
  readonly #before: readonly string[];
  readonly #now = new Set<string>();

  constructor(catalog: CatalogFolder, source: string) {
    this.source = source;
    this.#catalog = catalog;
    this.#prefix = `${hashName(source)}-`;
    this.#before = catalog.imageNames(this.#prefix);
  }

  /** Whether the row of an intact image exists. */
  has(image: ArchiveImage, reference: string | null, id: string): boolean {
    return this.#catalog.has('images', this.#name(image, reference, id, null));
  }

  /** Throws CatalogWriteError. */
  add({ image, reference, isTag = false, found = null, error }: SubjectRow): void {
    const name = this.#name(image, reference, found?.id ?? '', error);
    this.#now.add(name);
    this.hasErrors ||= error !== null;
    if (error === null && this.#catalog.has('images', name)) return;
    const row: Row = {
      ...nameCells(reference, isTag),
      ...imageCells(image, found),
      source: this.source,
      error: error?.code ?? null,
      message: error?.message ?? null,
    };
    this.#catalog.write('images', name, groupsOf(TABLES.images, [row]));
  }

  /** Throws CatalogWriteError. */
  finish(): void {
    for (const name of this.#before) if (!this.#now.has(name)) this.#catalog.remove('images', name);
  }

  #name(image: ArchiveImage | null, reference: string | null, id: string, error: SubjectRow['error']): string {
    const key = reference ?? (image === null ? '' : String(image.index));
    return `${this.#prefix}${hashName(key, image?.platform ?? '', id, error?.code ?? '')}.parquet`;
  }
}

function nameCells(reference: string | null, isTag: boolean): Row {
  if (isTag) return { reference, repository: null, tag: reference };
  const parsed = reference === null ? null : tryReference(reference);
  if (parsed === null) return { reference, repository: null, tag: null };
  return { reference: familiarName(parsed), repository: fullName({ ...parsed, tag: null, digest: null }), tag: parsed.tag };
}

function imageCells(image: ArchiveImage | null, found: IndexedImage | null): Row {
  if (image === null) return {};
  const { manifestDigest, configDigest, platform, config } = image;
  const totals = found?.totals ?? null;
  const created = (config as { created?: unknown } | null)?.created;
  return {
    image: found?.id ?? null,
    digest: manifestDigest,
    configDigest,
    platform,
    created: timeOf(created),
    layers: found === null ? null : found.layers.map((layer) => layer ?? ''),
    chain: found?.chain ?? null,
    labels: labelsOf(config),
    blobBytes: BigInt(image.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0)),
    ...(totals === null
      ? {}
      : {
          files: BigInt(totals.files),
          fileBytes: BigInt(totals.fileBytes),
          finalBytes: BigInt(totals.finalBytes),
          wastedBytes: BigInt(totals.wastedBytes),
        }),
  };
}
