import type { ImageParts } from '#archive';
import { type EngineName, familiarName, namesSame, type Reference, tryReference } from '#format/reference';
import { displayText, LayerscopeError } from '#model';
import type { OpenSourceOptions } from '../types.ts';

/** An image from an engine's list, to match against names and ids. */
export interface Candidate {
  readonly names: readonly string[];
  /** `sha256:HEX` */
  readonly id: string;
  /** Names with digests from registries: `app@sha256:…`. */
  readonly digestNames: readonly string[];
}

/**
 * Finds an image by its name or the start of its id; a name takes precedence. If `localhost` is set, first looks for a name without a host
 * below `localhost/`, where Podman puts the images that it has built. Throws NOT_FOUND; USAGE, naming both, if the start of an id matches
 * two images.
 */
export function chooseCandidate<T extends Candidate>(
  images: readonly T[],
  { reference, idStart }: EngineName,
  { localhost = false } = {},
): T {
  const local = localhost && reference !== null && !reference.given.host ? tryReference(`localhost/${familiarName(reference)}`) : null;
  for (const wanted of [local, reference]) {
    const named = wanted === null ? undefined : images.find((image) => isNamed(image, wanted));
    if (named !== undefined) return named;
  }
  const fitting = idStart === null ? [] : images.filter(({ id }) => id.slice(id.indexOf(':') + 1).startsWith(idStart));
  const ids = [...new Set(fitting.map(({ id }) => id))];
  const [first, second] = ids;
  if (first !== undefined && second !== undefined) {
    throw new LayerscopeError('USAGE', `${idStart} is the start of two ids: ${first} and ${second}`);
  }
  const [image] = fitting;
  if (image !== undefined) return image;
  throw new LayerscopeError('NOT_FOUND', 'no such image');
}

function isNamed({ names, digestNames }: Candidate, wanted: Reference): boolean {
  return (wanted.digest === null ? names : [...names, ...digestNames]).some((name) => {
    const known = tryReference(name);
    return known !== null && namesSame(wanted, known);
  });
}

/** Returns the text for `source.reference`: the requested name, or the image's id. */
export function shownReference({ reference }: EngineName, { id, names, digestNames }: Candidate): string {
  const isAsked = reference !== null && chooseNamed({ id, names, digestNames }, reference);
  return displayText(isAsked ? familiarName(reference) : id);
}

function chooseNamed(image: Candidate, reference: Reference): boolean {
  return isNamed(image, reference) || (!reference.given.host && image.names.includes(`localhost/${familiarName(reference)}`));
}

/** Returns how to read an image whose layers can't be read from the disk, if the caller knows another way. */
export function otherWay({ instead, onNote }: OpenSourceOptions): Pick<ImageParts, 'instead'> {
  if (instead === undefined) return {};
  return {
    instead: (reason, control) => {
      onNote?.(`${reason}: asking the engine for the image`);
      return instead(control);
    },
  };
}
