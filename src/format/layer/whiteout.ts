// A whiteout is a member that hides a path of the layers below: an empty file at that path with `.wh.` before its last component.
// `.wh..wh..opq` hides all content of its folder from the layers below; other names that begin with `.wh..wh.` are internal to AUFS and
// have no meaning in a layer. Windows layers have only plain whiteouts. Source: OCI image-spec layer.md, Whiteouts.
const PREFIX = '.wh.';
const OWN_PREFIX = '.wh..wh.';
export const OPAQUE_MARKER = '.wh..wh..opq';

export type Whiteout =
  /** Hides `path`. */
  | { readonly kind: 'whiteout'; readonly path: string }
  /** Hides the content of `folder`; '' is the root. */
  | { readonly kind: 'opaque'; readonly folder: string }
  /** Just `.wh.`: hides nothing, although some readers apply it to its whole folder. */
  | { readonly kind: 'bare'; readonly folder: string }
  /** Internal to AUFS; ignored. */
  | { readonly kind: 'aufs'; readonly path: string };

/** Parses a member's name (with `/`, but no trailing one); null if the member isn't a whiteout. */
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

/**
 * Whether a path (with `/`) has a component that begins with `.wh.`. A layer can't contain such a path, because readers would take it, or a
 * folder that contains it, for a marker. Nor can a layer hide it, because its whiteout would hide something else or nothing.
 */
export function isMarkerPath(path: string): boolean {
  return path.startsWith(PREFIX) || path.includes(`/${PREFIX}`);
}

/** Returns the name of the whiteout that hides `path` (with `/`). */
export function whiteoutName(path: string): string {
  const at = path.lastIndexOf('/') + 1;
  return `${path.slice(0, at)}${PREFIX}${path.slice(at)}`;
}
