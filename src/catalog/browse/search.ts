// A search over all images of a catalog, part by part: the caller continues with `next`, shows what was found so far, or stops.
import { digestName } from '#catalog/layout';
import type { CatalogCursor, CatalogHit, CatalogSearchPart } from '#contract';
import { MOST_PART_HITS } from './bounds.ts';
import type { CatalogThread } from './catalog-thread.ts';
import type { RowHit } from './messages.ts';
import type { ReadCatalog } from './read-overview.ts';
import { type DigestQuery, parseSearch, type RowQuery, type SearchKind } from './search-query.ts';

const FILES_AT_A_TIME = 128;
const NO_MORE = { next: null, files: 0, isCut: false, problems: [] } as const;

export interface SearchInput {
  readonly what: SearchKind;
  readonly text: string;
  readonly from: CatalogCursor;
}

/** A catalog to search. */
export interface Searched extends ReadCatalog {
  readonly folder: string;
}

/** Runs a part of a search. Throws USAGE for an invalid search; IO. */
export async function searchPart(thread: CatalogThread, catalog: Searched, { what, text, from }: SearchInput): Promise<CatalogSearchPart> {
  const query = parseSearch(what, text);
  return query.what === 'digest' ? { ...NO_MORE, hits: digestHits(catalog, query) } : searchFiles(thread, catalog, query, from);
}

async function searchFiles(thread: CatalogThread, catalog: Searched, query: RowQuery, from: CatalogCursor): Promise<CatalogSearchPart> {
  const { table, files, owners } = filesOf(catalog, query);
  const some = files.slice(from.file, from.file + FILES_AT_A_TIME);
  const input = { folder: catalog.folder, table, files: some, part: from.part, query, most: MOST_PART_HITS };
  const { hits, isCut, problems, done, part } = await thread.run('search', input);
  const numbers = new Map(catalog.layers.map(({ layer }, index) => [layer, index]));
  const next = { file: from.file + done, part };
  return {
    hits: hits.map((hit) => hitOf(hit, owners[from.file + hit.file] as number, table === 'packages' ? numbers : null)),
    next: isCut || next.file >= files.length ? null : next,
    files: files.length,
    isCut,
    problems: problems.map(({ file, ...problem }) => ({ subject: file, ...problem })),
  };
}

interface SearchedFiles {
  readonly table: 'entries' | 'packages';
  readonly files: readonly string[];
  /** For each file, the number of its layer or image. */
  readonly owners: readonly number[];
}

/** Returns the files in the order of the layers or images that they describe. */
function filesOf({ images, layers, entryFiles, packageFiles }: Searched, query: RowQuery): SearchedFiles {
  const isPackages = query.what === 'package';
  const names = (isPackages ? images.map(({ id }) => id) : layers.map(({ layer }) => layer)).map((id) => `${digestName(id)}.parquet`);
  const there = isPackages ? packageFiles : entryFiles;
  const owners = names.flatMap((name, index) => (there.has(name) ? [index] : []));
  return { table: isPackages ? 'packages' : 'entries', files: owners.map((index) => names[index] as string), owners };
}

/**
 * `layers`: for a package, which is found in an image, the numbers of the layers by diffID; null for an entry, which is found in a layer.
 */
function hitOf({ row }: RowHit, owner: number, layers: ReadonlyMap<string, number> | null): CatalogHit {
  const text = (name: string): string | null => (typeof row[name] === 'string' ? row[name] : null);
  const count = (name: string): number | null => (typeof row[name] === 'number' ? row[name] : null);
  if (layers !== null) {
    return {
      kind: 'package',
      name: text('name') ?? '',
      type: text('type'),
      version: text('version'),
      bytes: count('bytes'),
      content: null,
      layer: layers.get(text('layer') ?? '') ?? null,
      image: owner,
    };
  }
  const kind = text('kind');
  return {
    kind: kind === 'whiteout' || kind === 'opaque' ? kind : 'entry',
    name: text('path') ?? '',
    type: text('type'),
    version: null,
    bytes: count('size'),
    content: text('content'),
    layer: owner,
    image: null,
  };
}

/** Returns images and layers whose digest begins with these digits. */
function digestHits({ images, layers }: Searched, { start }: DigestQuery): readonly CatalogHit[] {
  const isMatch = (digest: string | null): boolean => digest?.slice(digest.indexOf(':') + 1).startsWith(start) ?? false;
  const none = { type: null, version: null, content: null };
  return [
    ...images.flatMap(({ id, digest, blobBytes }, image): CatalogHit[] => {
      const name = [id, digest].find(isMatch);
      return name === undefined || name === null ? [] : [{ ...none, kind: 'image', name, bytes: blobBytes, layer: null, image }];
    }),
    ...layers.flatMap(({ layer: diffId, digest, bytes }, layer): CatalogHit[] => {
      const name = [diffId, digest].find(isMatch);
      return name === undefined || name === null ? [] : [{ ...none, kind: 'layer', name, bytes, layer, image: null }];
    }),
  ].slice(0, MOST_PART_HITS);
}
