// A package URL: `pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH`, percent-encoded. Only what is needed to compare packages is read.
//
// Source: package-url/purl-spec.

/** A package as package databases identify it. */
export interface PackageName {
  /** The type, as in package URLs: `deb`, `npm`. */
  readonly type: string;
  /** The full name: `@scope/name`, `group:artifact`, a Go module's path. */
  readonly name: string;
  readonly version: string | null;
  readonly arch: string | null;
}

/** Types whose namespace is the distribution or vendor, which isn't in package databases. */
const SYSTEM_TYPES: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk', 'alpm', 'opkg']);

/** Parses a package URL; null if it isn't one. */
export function parsePackageUrl(purl: string): PackageName | null {
  const [withoutSubpath = ''] = purl.split('#', 1);
  const question = withoutSubpath.indexOf('?');
  const body = question < 0 ? withoutSubpath : withoutSubpath.slice(0, question);
  const found = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]{0,63})\/(.+)$/s.exec(body);
  if (found === null) return null;
  const [, kind = '', rest = ''] = found;
  // According to the standard, a scope's @ is encoded, but not all tools encode it.
  const at = rest.lastIndexOf('@');
  const hasVersion = at > rest.lastIndexOf('/') + (rest.includes('/') ? 0 : -1) && at > 0;
  const parts = (hasVersion ? rest.slice(0, at) : rest).split('/').filter((part) => part !== '');
  const names = parts.map(decode);
  const type = kind.toLowerCase();
  const arch = question < 0 ? null : qualifier(withoutSubpath.slice(question + 1), 'arch');
  const epoch = question < 0 ? null : qualifier(withoutSubpath.slice(question + 1), 'epoch');
  const stated = hasVersion ? decode(rest.slice(at + 1)) : null;
  const version = stated !== null && epoch !== null && epoch !== '0' && type === 'rpm' ? `${epoch}:${stated}` : stated;
  return { type, name: fullName(type, names), version, arch };
}

function fullName(type: string, names: readonly string[]): string {
  if (SYSTEM_TYPES.has(type)) return names.at(-1) ?? '';
  return names.join(type === 'maven' ? ':' : '/');
}

function qualifier(text: string, name: string): string | null {
  for (const pair of text.split('&')) if (pair.startsWith(`${name}=`)) return decode(pair.slice(name.length + 1));
  return null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
