/** Fields that a search for packages looks at. */
interface Described {
  readonly type: string;
  readonly name: string;
  readonly location: string;
}

/**
 * Whether a package contains the wanted lower-case text in its type, name or versions or, if the text has a slash, in its location. Without
 * a slash, text from a database's path would match every package in the database.
 */
export function hasText({ type, name, location }: Described, versions: readonly string[], wanted: string): boolean {
  const place = wanted.includes('/') ? location : '';
  return wanted === '' || [type, name, ...versions, place].join(' ').toLowerCase().includes(wanted);
}
