// Parses what a user may type as a command's image argument, other than `-` and the path of an existing file or folder.
import { displayText, LayerscopeError, trimEnd } from '#model';
import { parseReference, type Reference, tryReference } from './reference.ts';

/** An engine that can be queried for images by name or id. */
export type EngineKind = 'docker' | 'podman';

/**
 * An image named by a reference, by the start of its id, or by a string that may be either; a reference then takes precedence. At least one
 * of the fields is not null.
 */
export interface EngineName {
  readonly reference: Reference | null;
  /** The start of an id, 6 to 64 hex digits, without `sha256:`. */
  readonly idStart: string | null;
}

/** An image in containerd. `namespace`: null means any. */
export interface ContainerdName {
  readonly namespace: string | null;
  readonly name: EngineName;
}

export type ImageWord =
  | { readonly kind: 'store'; readonly id: string }
  | { readonly kind: 'engine'; readonly engine: EngineKind; readonly name: EngineName; readonly text: string }
  /** `readings`: the possible meanings of the text, likeliest first. */
  | { readonly kind: 'containerd'; readonly readings: readonly ContainerdName[]; readonly text: string }
  | { readonly kind: 'registry'; readonly reference: Reference; readonly text: string }
  /** The changes made in a container. `id`: a name or the start of an id. `engine`: null means any. */
  | { readonly kind: 'container'; readonly engine: EngineKind | null; readonly id: string; readonly text: string }
  /** Just a name. `mayBeRemote`: the name has a tag, a digest or a host, so a registry may be queried if no local source has the image. */
  | { readonly kind: 'name'; readonly name: EngineName; readonly mayBeRemote: boolean; readonly text: string }
  /** Can only mean a file. */
  | { readonly kind: 'file'; readonly text: string };

const SCHEME = /^(store|docker|podman|containerd|registry|container):(.*)$/s;
const ADDRESS = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is;
const ID = /^[0-9a-f]{6,64}$/;
const PREFIXED_ID = /^sha256:([0-9a-f]{6,64})$/;
/** Containerd's identifiers. Source: containerd pkg/identifiers. */
const NAMESPACE = /^[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*$/;
const MAX_NAMESPACE = 76;
const CONTAINER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;
const FILE_ENDING = /\.(tar|tgz|gz|zst|xz|bz2)$/i;

/** Parses an image word. Throws USAGE for a scheme followed by something invalid, and for addresses such as `docker://NAME`. */
export function parseImageWord(text: string): ImageWord {
  const address = ADDRESS.exec(text);
  if (address !== null) refuseAddress(text, address[1] ?? '', address[2] ?? '');
  const [, scheme, rest = ''] = SCHEME.exec(text) ?? [];
  if (scheme === undefined) return nameWord(text);
  if (scheme === 'store') return { kind: 'store', id: rest };
  if (rest === '') throw new LayerscopeError('USAGE', `${scheme}: needs a name: ${scheme}:NAME`);
  if (scheme === 'registry') return { kind: 'registry', reference: parseReference(rest), text };
  if (scheme === 'container') return containerWord(rest, text);
  if (scheme === 'containerd') return containerdWord(rest, text);
  return { kind: 'engine', engine: scheme as EngineKind, name: engineName(rest), text };
}

/** Whether a word looks like a path, so that no source needs to be queried: `./x`, `/x`, `a\b`, `x.tar.gz`. */
export function looksLikeFile(text: string): boolean {
  return /^\.{0,2}\//.test(text) || text.includes('\\') || FILE_ENDING.test(text);
}

/** Parses an image's name or id in an engine. Throws USAGE if the text is neither a reference nor an id. */
function engineName(text: string): EngineName {
  const prefixed = PREFIXED_ID.exec(text)?.[1];
  if (prefixed !== undefined) return { reference: null, idStart: prefixed };
  if (!ID.test(text)) return { reference: parseReference(text), idStart: null };
  // Docker refuses names that consist of 64 hex digits, because these are complete ids.
  return { reference: text.length === 64 ? null : parseReference(text), idStart: text };
}

function nameWord(text: string): ImageWord {
  if (looksLikeFile(text)) return { kind: 'file', text };
  if (!isName(text)) return { kind: 'file', text };
  const name = engineName(text);
  const given = name.reference?.given;
  return { kind: 'name', name, mayBeRemote: given !== undefined && (given.host || given.tag || given.digest), text };
}

/** Parses `containerd:[NAMESPACE/]REF`. If the first component could be a namespace, there are two readings. */
function containerdWord(rest: string, text: string): ImageWord {
  const readings: ContainerdName[] = [];
  const [, first = '', after = ''] = /^([^/]*)\/(.*)$/s.exec(rest) ?? [];
  const isNamespace = first.length <= MAX_NAMESPACE && NAMESPACE.test(first);
  if (isNamespace && isName(after)) readings.push({ namespace: first, name: engineName(after) });
  if (readings.length === 0 || (isName(rest) && !PREFIXED_ID.test(after))) readings.unshift({ namespace: null, name: engineName(rest) });
  return { kind: 'containerd', readings, text };
}

function isName(text: string): boolean {
  return PREFIXED_ID.test(text) || ID.test(text) || tryReference(text) !== null;
}

function containerWord(rest: string, text: string): ImageWord {
  const [, engine = null, id = ''] = /^(?:(docker|podman)\/)?(.*)$/s.exec(rest) ?? [];
  if (!CONTAINER.test(id)) throw new LayerscopeError('USAGE', `${displayText(id)} is not a container’s name or id`);
  return { kind: 'container', engine: engine as EngineKind | null, id, text };
}

/** Throws USAGE for an address: tools disagree on what `docker://` means, so the user has to be explicit. */
function refuseAddress(text: string, scheme: string, rest: string): never {
  const name = trimEnd(rest, '/') || 'NAME';
  const how = /^(docker|podman|containerd)$/i.test(scheme)
    ? `write registry:${name} to ask a registry, or ${scheme.toLowerCase()}:${name} to ask the engine on this machine`
    : `write registry:${name.replace(/^v2\//, '')} to ask a registry`;
  throw new LayerscopeError('USAGE', `${displayText(text)}: ${displayText(how)}`);
}
