// A whiteout is a member that takes a path of the layers below away: an empty file named as the path with `.wh.` before its last
// part. `.wh..wh..opq` takes all that the layers below have in its folder; other names that begin with `.wh..wh.` are AUFS' own
// and mean nothing in a layer. Source: OCI image-spec layer.md, Whiteouts. Windows layers know the plain one alone.
const PREFIX = '.wh.';
const OWN_PREFIX = '.wh..wh.';
const OPAQUE_MARKER = '.wh..wh..opq';

export type Whiteout =
  /** Hides `path`. */
  | { readonly kind: 'whiteout'; readonly path: string }
  /** Hides what is in `folder`; '' is the root. */
  | { readonly kind: 'opaque'; readonly folder: string }
  /** `.wh.` and nothing: hides nothing. Readers have taken it for its whole folder. */
  | { readonly kind: 'bare'; readonly folder: string }
  /** Of AUFS, ignored. */
  | { readonly kind: 'aufs'; readonly path: string };

/** What a member of this name (with /, no / at its end) takes away; null where it is no whiteout. */
export function parseWhiteout(name: string): Whiteout | null {
  const at = name.lastIndexOf('/') + 1;
  const base = name.slice(at);
  if (!base.startsWith(PREFIX)) return null;
  const folder = name.slice(0, Math.max(0, at - 1));
  if (base === PREFIX) return { kind: 'bare', folder };
  if (base === OPAQUE_MARKER) return { kind: 'opaque', folder };
  if (base.startsWith(OWN_PREFIX)) return { kind: 'aufs', path: name };
  return { kind: 'whiteout', path: name.slice(0, at) + base.slice(PREFIX.length) };
}

/** Name of the member that hides `path` (with /). */
export function whiteoutName(path: string): string {
  const at = path.lastIndexOf('/') + 1;
  return `${path.slice(0, at)}${PREFIX}${path.slice(at)}`;
}
