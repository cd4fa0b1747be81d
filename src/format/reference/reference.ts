// References as container tools write them: [HOST[:PORT]/]NAME[:TAG][@DIGEST]. Source: distribution/reference, regexp.go and normalize.go.
//
// The first component is a host if it has a dot or a colon, or is `localhost`. Without a host, the image is on Docker Hub, where names of
// one component are below `library/`.
import { type Digest, displayText, isDigest, LayerscopeError } from '#model';

/** Docker Hub's host in references. Its registry has a different host. */
const DOCKER_HUB = 'docker.io';
const OLD_DOCKER_HUB = 'index.docker.io';
const OFFICIAL = 'library/';
const DEFAULT_TAG = 'latest';
const MAX_NAME_BYTES = 255;
/** Maximum length of a reference in characters. */
const MAX_TEXT = 1024;
const MAX_PORT = 65_535;

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:.]+\\])(?::([0-9]{1,5}))?$`);

/** An image's full name. */
export interface Reference {
  /** The host in lower case, with the port if there is one: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly host: string;
  /** `library/nginx` */
  readonly name: string;
  /** `latest` if neither tag nor digest is given; null if only a digest is. */
  readonly tag: string | null;
  /** The digest, which takes precedence over the tag. */
  readonly digest: Digest | null;
  /** Which parts the text itself contains, as opposed to defaults. */
  readonly given: { readonly host: boolean; readonly tag: boolean; readonly digest: boolean };
}

/** Parses a reference. Throws USAGE naming the invalid part. */
export function parseReference(text: string): Reference {
  const refuse = (what: string): never => {
    throw new LayerscopeError('USAGE', `${displayText(text.slice(0, 200))} is not an image’s name: ${what}`);
  };
  if (text === '') refuse('it is empty');
  if (text.length > MAX_TEXT) refuse(`it is longer than ${MAX_TEXT} characters`);
  const at = text.indexOf('@');
  const digestText = at < 0 ? null : text.slice(at + 1);
  if (digestText !== null && !isDigest(digestText)) refuse(`${displayText(digestText)} is not a digest (sha256:… or sha512:…)`);
  const { host: hostText, rest } = splitHost(at < 0 ? text : text.slice(0, at));
  const colon = rest.indexOf(':');
  const tag = colon < 0 ? null : rest.slice(colon + 1);
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (hostText !== null && !isHost(hostText)) refuse(`${displayText(hostText)} is not a host`);
  if (tag !== null && !TAG.test(tag)) refuse(`${displayText(tag)} is not a tag`);
  if (!NAME.test(path)) refuse(nameProblem(path));
  const host = normalHost(hostText);
  const name = host === DOCKER_HUB && !path.includes('/') ? `${OFFICIAL}${path}` : path;
  if (name.length > MAX_NAME_BYTES) refuse(`the name is longer than ${MAX_NAME_BYTES} characters`);
  return {
    host,
    name,
    tag: tag ?? (digestText === null ? DEFAULT_TAG : null),
    digest: digestText as Digest | null,
    given: { host: hostText !== null, tag: tag !== null, digest: digestText !== null },
  };
}

/** Like {@link parseReference}, but returns null if the text isn't a reference. */
export function tryReference(text: string): Reference | null {
  try {
    return parseReference(text);
  } catch {
    return null;
  }
}

/** Formats a full reference, as registries and containerd write it: `docker.io/library/nginx:1.27`. */
export function fullName({ host, name, tag, digest }: Reference): string {
  return `${host}/${name}${suffix(tag, digest)}`;
}

/** Formats a reference as people usually write it, without Docker Hub's host: `nginx:1.27`. */
export function familiarName({ host, name, tag, digest }: Reference): string {
  const isHub = host === DOCKER_HUB;
  const path = isHub && name.startsWith(OFFICIAL) && !name.slice(OFFICIAL.length).includes('/') ? name.slice(OFFICIAL.length) : name;
  return `${isHub ? '' : `${host}/`}${path}${suffix(tag, digest)}`;
}

/** Whether `wanted` refers to an engine's image with the name `known`. If `wanted` has a digest, only the digest matters, not the tag. */
export function namesSame(wanted: Reference, known: Reference): boolean {
  if (wanted.host !== known.host || wanted.name !== known.name) return false;
  return wanted.digest === null ? wanted.tag === known.tag : wanted.digest === known.digest;
}

function suffix(tag: string | null, digest: string | null): string {
  return `${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

function splitHost(text: string): { readonly host: string | null; readonly rest: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const isHostText = first === 'localhost' || first.includes('.') || first.includes(':');
  return isHostText ? { host: first, rest: text.slice(slash + 1) } : { host: null, rest: text };
}

function normalHost(host: string | null): string {
  const lower = host?.toLowerCase() ?? DOCKER_HUB;
  return lower === OLD_DOCKER_HUB ? DOCKER_HUB : lower;
}

function isHost(text: string): boolean {
  const match = HOST.exec(text);
  return match !== null && Number(match[1] ?? 1) >= 1 && Number(match[1] ?? 1) <= MAX_PORT;
}

function nameProblem(path: string): string {
  if (path === '') return 'the name is missing';
  if (/[A-Z]/.test(path) && NAME.test(path.toLowerCase())) return 'names are lower case';
  return `${displayText(path)} is not a name`;
}
