/** Fields by which a package is looked for. */
interface Described {
  readonly type: string;
  readonly name: string;
  readonly location: string;
}

/**
 * Whether a package has the wanted text, in lower case: in its type, name or versions, and if the text has a slash, in its location too.
 * All packages of a database have one location, so that a shorter text would find them all.
 */
export function hasText({ type, name, location }: Described, versions: readonly string[], wanted: string): boolean {
  const place = wanted.includes('/') ? location : '';
  return wanted === '' || [type, name, ...versions, place].join(' ').toLowerCase().includes(wanted);
}
