/** Resolves the links of a document within the site. */
import { existsSync } from 'node:fs';
import path from 'node:path';

const isOutside = (target: string): boolean => /^[a-z]+:/.test(target);

/** Returns a relative link between two paths of the site, so that it works under any address and from disk. */
export function relativeTo(page: string, target: string): string {
  const [file = '', hash] = target.split('#');
  const way = file === page && hash !== undefined ? '' : path.posix.relative(path.posix.dirname(page), file);
  return hash === undefined ? way : `${way}#${hash}`;
}

export interface LinkPlaces {
  readonly root: string;
  /** The site’s page for each document. */
  readonly pages: ReadonlyMap<string, string>;
  /** Address of the repository’s files, with a trailing slash; null if they aren’t available anywhere. */
  readonly sourcesUrl: string | null;
}

/**
 * Returns where a link in a document leads: an address, a path relative to its page, or null for a file in the repository that isn’t
 * available anywhere. Throws if the file doesn’t exist.
 */
export function resolveLink(target: string, source: string, page: string, places: LinkPlaces): string | null {
  if (isOutside(target)) return target;
  const [file = '', hash] = target.split('#');
  const named = file === '' ? source : path.posix.normalize(path.posix.join(path.posix.dirname(source), file)).replace(/\/$/, '');
  const to = places.pages.get(named) ?? places.pages.get(`${named}/README.md`);
  if (to !== undefined) return relativeTo(page, hash === undefined ? to : `${to}#${hash}`);
  if (named.startsWith('..') || !existsSync(path.join(places.root, named)))
    throw new Error(`${source} links to ${target}, which doesn’t exist`);
  return places.sourcesUrl === null ? null : `${places.sourcesUrl}${named}`;
}
