// A search as the user typed it, and how rows are compared with it.
import { invalidGlob, PathMatcher } from '#format/path';
import { encodeUtf8, LayerscopeError } from '#model';
import { MOST_MATCH_STEPS } from './bounds.ts';

export type SearchKind = 'path' | 'package' | 'content';

/** A search in the rows of a table. A plain value, because it is sent to the worker. */
export type RowQuery =
  | { readonly what: 'path'; readonly text: string; readonly isWhole: boolean }
  | { readonly what: 'glob'; readonly names: readonly string[]; readonly isWhole: boolean }
  | { readonly what: 'package'; readonly name: string; readonly version: string }
  | { readonly what: 'content'; readonly content: string };

/** A search for digests of images and layers. */
export interface DigestQuery {
  readonly what: 'digest';
  /** The first hex digits. */
  readonly start: string;
}

const CONTENT = /^[0-9a-f]{16}$/;
const DIGEST = /^(?:sha(?:256|512):)?([0-9a-f]{6,128})$/;

/**
 * Parses a search. A search by path matches any part of a path or, after a slash, its beginning; `*` and `?` are wildcards, as in a file
 * manager. A search by package takes part of a name, then the beginning of a version. A search by content takes a checksum as the catalog
 * has it, or the beginning of a digest. Throws USAGE.
 */
export function parseSearch(what: SearchKind, text: string): RowQuery | DigestQuery {
  const typed = text.trim();
  if (typed === '') throw new LayerscopeError('USAGE', 'there is nothing to search for');
  if (what === 'path') return pathQuery(typed);
  if (what === 'package') {
    const [, name = typed, version = ''] = /^(.*[^\s@])(?:\s+|@)([^\s@]+)$/.exec(typed) ?? [];
    return { what, name: name.toLowerCase(), version };
  }
  const digits = typed.toLowerCase();
  if (CONTENT.test(digits)) return { what, content: digits };
  const [, start] = DIGEST.exec(digits) ?? [];
  if (start === undefined) {
    throw new LayerscopeError(
      'USAGE',
      'a content checksum has 16 hexadecimal digits; a digest begins with sha256:, or give at least six of its digits',
    );
  }
  return { what: 'digest', start };
}

function pathQuery(typed: string): RowQuery {
  const isWhole = typed.startsWith('/');
  // Backslashes are doubled in the catalog's paths.
  const text = (isWhole ? typed.replace(/^\/+/, '') : typed).replaceAll('\\', '\\\\');
  if (!/[*?]/.test(text)) return { what: 'path', text: isWhole ? text : text.toLowerCase(), isWhole };
  const names = text.split('/').filter((name) => name !== '' && name !== '.');
  const problem = invalidGlob(names.join('/'));
  if (problem !== null) throw new LayerscopeError('USAGE', `the path ${problem}`);
  // Several stars are one star, which doesn't match a slash; brackets are literal.
  return { what: 'glob', names: names.map((name) => name.replace(/\*+/g, '*').replace(/[\\[]/g, '\\$&')), isWhole };
}

/**
 * Returns a function that tests whether a row's text matches the query. Use one for each row group: it throws TOO_LARGE once all
 * comparisons together take more than `most` steps, because a catalog may come from anybody.
 */
export function matcherOf(query: RowQuery, most: number = MOST_MATCH_STEPS): (text: string) => boolean {
  const isMatch = uncounted(query, most);
  let steps = 0;
  return (text) => {
    steps += text.length;
    if (steps > most) throw new LayerscopeError('TOO_LARGE', 'it has too much text to search');
    return isMatch(text);
  };
}

function uncounted(query: RowQuery, most: number): (text: string) => boolean {
  if (query.what === 'content') return (text) => text === query.content;
  if (query.what === 'package') return (text) => text.toLowerCase().includes(query.name);
  if (query.what === 'path')
    return query.isWhole ? (text) => text.startsWith(query.text) : (text) => text.toLowerCase().includes(query.text);
  const { names, isWhole } = query;
  const matcher = new PathMatcher([`/${names.join('/')}`], { ignoreCase: !isWhole, mostSteps: most });
  return (text) => {
    const last = lastNames(text, names.length, isWhole);
    if (last === null) return false;
    let state = matcher.root;
    for (const name of last) {
      if (state.active.length === 0) return false;
      state = matcher.enter(state, encodeUtf8(name));
    }
    return state.matches;
  };
}

/** Returns the last `count` names of a path; null if the path has fewer or, with `isAll`, more. */
function lastNames(path: string, count: number, isAll: boolean): readonly string[] | null {
  let start = path.length + 1;
  for (let left = count; left > 0; left--) {
    if (start === 0) return null;
    start = path.lastIndexOf('/', start - 2) + 1;
  }
  return isAll && start > 0 ? null : path.slice(start).split('/');
}
