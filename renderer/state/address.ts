import { escapePath, trimEnd, unescapePath, wellFormed } from '#model';
import { CATALOG_VIEWS, type CatalogChoice, NOTHING, type Selection, type Side } from './selection.ts';

/**
 * Returns the address of what is on screen: `#/image/<archive>[.<image>]` for a whole image; for layers, the same followed by
 * `/layer/<n>[-<m>]?path=…&mode=stacked`. `path` is escaped as in the command line's JSON; parseAddress also understands other forms. With
 * `mode=compare`, `against=<archive>[.<image>]@<layer>[~<since>]` is side A, and a parameter `since` is that of side B. `view=treemap`
 * shows a treemap, `view=breakdown` a breakdown, `view=packages` packages and `view=registry` the registry. `#/catalog/<id>/<view>` is a
 * catalog, and `…/search?what=package&text=…` a search in it.
 */
export function formatAddress(selection: Selection): string {
  if (selection.archiveId === null) return selection.catalog === undefined ? '#/' : formatCatalog(selection.catalog);
  const image = selection.image === 0 ? '' : `.${selection.image}`;
  const layers = selection.from === selection.to ? `${selection.to}` : `${selection.from}-${selection.to}`;
  const query: string[] = [];
  if (selection.path !== null) query.push(`path=${encodeURIComponent(selection.path).replaceAll('%2F', '/')}`);
  const isWhole = selection.mode === 'image';
  if (selection.mode !== 'layer' && !isWhole) query.push(`mode=${selection.mode}`);
  if (selection.mode === 'compare' && selection.against !== undefined) query.push(`against=${formatSide(selection.against)}`);
  if (selection.mode === 'compare' && selection.since !== undefined) query.push(`since=${selection.since}`);
  if (selection.view !== undefined) query.push(`view=${selection.view}`);
  return `#/image/${encodeURIComponent(selection.archiveId)}${image}${isWhole ? '' : `/layer/${layers}`}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

function formatCatalog({ catalogId, view, what = 'path', text = '' }: CatalogChoice): string {
  const query = text === '' && what === 'path' ? '' : `?what=${what}&text=${encodeURIComponent(wellFormed(text))}`;
  return `#/catalog/${encodeURIComponent(catalogId)}/${view}${query}`;
}

function parseCatalog(hash: string): Selection | null {
  const [, id = '', shown = '', query = ''] = /^#\/catalog\/([^/?]+)\/([a-z]+)(?:\?(.*))?$/.exec(hash) ?? [];
  const catalogId = decode(id);
  const view = CATALOG_VIEWS.find((each) => each === shown);
  if (catalogId === null || view === undefined) return null;
  const parameters = new URLSearchParams(query);
  const what = (['path', 'package', 'content'] as const).find((each) => each === parameters.get('what')) ?? 'path';
  return { ...NOTHING, catalog: { catalogId, view, what, text: parameters.get('text') ?? '' } };
}

/** Converts any printed form of a path to the window's own; null for an empty path and the root. */
function parsePath(text: string): string | null {
  const path = trimEnd(escapePath(unescapePath(text)).replace(/^(?:\.?\/)+/, ''), '/');
  return path === '' ? null : path;
}

/** Returns the selection that an address stands for; null if the address is invalid. */
export function parseAddress(hash: string): Selection | null {
  const match = /^#\/image\/([^/?]+?)(?:\.(\d{1,6}))?(?:\/layer\/(\d{1,6})(?:-(\d{1,6}))?)?(?:\?(.*))?$/.exec(hash);
  if (match?.[1] === undefined) return parseCatalog(hash);
  const isWhole = match[3] === undefined;
  const from = Number(match[3] ?? 0);
  const to = match[4] === undefined ? from : Number(match[4]);
  const query = new URLSearchParams(match[5] ?? '');
  const archiveId = decode(match[1]);
  if (archiveId === null) return null;
  const against = !isWhole && query.get('mode') === 'compare' ? parseSide(query.get('against') ?? '') : null;
  return {
    archiveId,
    image: Number(match[2] ?? 0),
    from: Math.min(from, to),
    to: Math.max(from, to),
    mode: isWhole ? 'image' : query.get('mode') === 'stacked' ? 'stacked' : against !== null ? 'compare' : 'layer',
    path: parsePath(query.get('path') ?? ''),
    ...(against === null ? {} : { against, ...sinceOf(query.get('since')) }),
    ...viewFrom(query.get('view')),
  };
}

function viewFrom(text: string | null): Pick<Selection, 'view'> {
  return text === 'treemap' || text === 'breakdown' || text === 'packages' || text === 'registry' ? { view: text } : {};
}

function formatSide({ archiveId, image, layer, since }: Side): string {
  return `${encodeURIComponent(archiveId)}${image === 0 ? '' : `.${image}`}@${layer}${since === undefined ? '' : `~${since}`}`;
}

function parseSide(text: string): Side | null {
  const match = /^([^.@]+)(?:\.(\d{1,6}))?@(\d{1,6})(?:~(\d{1,6}))?$/.exec(text);
  if (match?.[1] === undefined) return null;
  return { archiveId: match[1], image: Number(match[2] ?? 0), layer: Number(match[3]), ...sinceOf(match[4] ?? null) };
}

function sinceOf(text: string | null): Pick<Side, 'since'> {
  return text !== null && /^\d{1,6}$/.test(text) ? { since: Number(text) } : {};
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
