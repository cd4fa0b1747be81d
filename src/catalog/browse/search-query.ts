// What is searched for, as the user typed it, and how a row is compared with it.
import { LayerscopeError } from '#model';

export type SearchKind = 'path' | 'package' | 'content';

/** A search of the rows of a table. It is plain, because it is sent to the worker. */
export type RowQuery =
  | { readonly what: 'path'; readonly pattern: string; readonly flags: string }
  | { readonly what: 'package'; readonly name: string; readonly version: string }
  | { readonly what: 'content'; readonly content: string };

/** A search of the images' and layers' digests. */
export interface DigestQuery {
  readonly what: 'digest';
  /** Begins the hex digits. */
  readonly start: string;
}

const CONTENT = /^[0-9a-f]{16}$/;
const DIGEST = /^(?:sha(?:256|512):)?([0-9a-f]{6,128})$/;

/**
 * Parses a search. A path is a part of one, or all from its beginning after a slash; `*` and `?` stand for letters, as in a file manager. A
 * package is a part of its name, then the beginning of its version. A content is a checksum as the catalog has it, or the beginning of a
 * digest. Throws USAGE.
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
    throw new LayerscopeError('USAGE', 'a content is 16 hexadecimal digits; a digest is sha256: and more, or at least six digits of it');
  }
  return { what: 'digest', start };
}

function pathQuery(typed: string): RowQuery {
  const isWhole = typed.startsWith('/');
  const hasWildcard = /[*?]/.test(typed);
  const literal = (isWhole ? typed.replace(/^\/+/, '') : typed).replaceAll('\\', '\\\\');
  // A run of stars is one star, so that no pattern takes longer than its length times the path's.
  const pattern = literal.replace(/\*+|[^*]/g, (part) => (part.startsWith('*') ? '[^/]*' : part === '?' ? '[^/]' : escaped(part)));
  const begin = isWhole ? '^' : hasWildcard ? '(?:^|/)' : '';
  return { what: 'path', pattern: `${begin}${pattern}${hasWildcard ? '$' : ''}`, flags: isWhole ? '' : 'i' };
}

function escaped(text: string): string {
  return text.replace(/[.+^${}()|[\]\\/]/g, '\\$&');
}
