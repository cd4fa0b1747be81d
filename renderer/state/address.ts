import { escapePath, trimEnd, unescapePath } from '#model';
import type { Selection, Side } from './selection.ts';

/**
 * The address of what is on screen: `#/image/<archive>[.<image>]/layer/<n>[-<m>]?path=…&mode=stacked`. `path` is escaped as JSON
 * of the command line has it (other forms are understood). `against=<archive>[.<image>]@<layer>[~<since>]` is side A of `mode=compare`,
 * `since` belongs to side B, `view=treemap` shows a treemap.
 */
export function formatAddress(selection: Selection): string {
  if (selection.archiveId === null) return '#/';
  const image = selection.image === 0 ? '' : `.${selection.image}`;
  const layers = selection.from === selection.to ? `${selection.to}` : `${selection.from}-${selection.to}`;
  const query: string[] = [];
  if (selection.path !== null) query.push(`path=${encodeURIComponent(selection.path).replaceAll('%2F', '/')}`);
  if (selection.mode !== 'layer') query.push(`mode=${selection.mode}`);
  if (selection.mode === 'compare' && selection.against !== undefined) query.push(`against=${formatSide(selection.against)}`);
  if (selection.mode === 'compare' && selection.since !== undefined) query.push(`since=${selection.since}`);
  if (selection.view !== undefined) query.push(`view=${selection.view}`);
  return `#/image/${encodeURIComponent(selection.archiveId)}${image}/layer/${layers}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

/** Any printed form of a path as the window keeps it; null for none and for the root. */
function parsePath(text: string): string | null {
  const path = trimEnd(escapePath(unescapePath(text)).replace(/^(?:\.?\/)+/, ''), '/');
  return path === '' ? null : path;
}

/** The selection that an address stands for; null: none. */
export function parseAddress(hash: string): Selection | null {
  const match = /^#\/image\/([^/?]+?)(?:\.(\d{1,6}))?\/layer\/(\d{1,6})(?:-(\d{1,6}))?(?:\?(.*))?$/.exec(hash);
  if (match?.[1] === undefined || match[3] === undefined) return null;
  const from = Number(match[3]);
  const to = match[4] === undefined ? from : Number(match[4]);
  const query = new URLSearchParams(match[5] ?? '');
  const archiveId = decode(match[1]);
  if (archiveId === null) return null;
  const against = query.get('mode') === 'compare' ? parseSide(query.get('against') ?? '') : null;
  return {
    archiveId,
    image: Number(match[2] ?? 0),
    from: Math.min(from, to),
    to: Math.max(from, to),
    mode: query.get('mode') === 'stacked' ? 'stacked' : against !== null ? 'compare' : 'layer',
    path: parsePath(query.get('path') ?? ''),
    ...(against === null ? {} : { against, ...sinceOf(query.get('since')) }),
    ...(query.get('view') === 'treemap' ? { view: 'treemap' } : {}),
  };
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
