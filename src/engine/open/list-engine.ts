import type { EngineListing, ListedEngine, NamedImage, SourceProblem } from '#contract';
import { parseImageWord } from '#format/reference';
import { asLayerscopeError, displayText, isCancelled, LayerscopeError } from '#model';
import type { ImageSource, ListedImage } from '#source';

/** Maximum number of images listed for one engine. */
const MAX_IMAGES = 5_000;
/** Maximum number of names of one source's images; an image without a name counts as one. */
const MAX_NAMES = 100_000;
/** Length of the shortened id shown for an image without a name. */
const ID_DIGITS = 12;

/** An image as `layerscope sources` and the window list it. */
interface EngineImage extends NamedImage {
  /** Digest of the config, or of the manifest if the engine identifies images by that; safe to print. */
  readonly id: string;
  readonly digest: string | null;
  /** containerd only. */
  readonly namespace?: string;
}

/** {@link EngineListing} with additional fields for the command line. */
export interface EngineImages extends EngineListing {
  readonly images: readonly EngineImage[];
}

/**
 * Lists an engine's images. Queries the engine's folders and APIs in parallel; an image found in several of them is listed once. A place
 * that can't be read becomes a problem in the listing, not an error. Throws CANCELLED.
 */
export async function listEngine(
  engine: ListedEngine,
  sources: readonly ImageSource[],
  { signal, limit = MAX_IMAGES }: { readonly signal?: AbortSignal | undefined; readonly limit?: number } = {},
): Promise<EngineImages> {
  const asked = sources.filter((source) => source.list !== null && engineOf(source) === engine);
  const images = new Map<string, EngineImage>();
  const places: string[] = [];
  const problems: SourceProblem[] = [];
  const answers = await Promise.all(
    asked.map(async (source) => {
      try {
        return bounded(await source.list?.({ signal }));
      } catch (error) {
        if (isCancelled(error)) throw error;
        return asLayerscopeError(error);
      }
    }),
  );
  for (const [index, answer] of answers.entries()) {
    const place = displayText(asked[index]?.place ?? '');
    if (answer === undefined) continue;
    if (answer instanceof Error) {
      problems.push({ place, code: answer.code, message: displayText(answer.message) });
      continue;
    }
    places.push(place);
    for (const image of answer.flatMap((each) => entriesOf(engine, each))) {
      const key = `${image.namespace ?? ''} ${image.reference}`;
      const known = images.get(key);
      images.set(key, known === undefined ? image : merged(known, image));
    }
  }
  if (asked.length === 0)
    problems.push({ place: '', code: 'NOT_FOUND', message: engine === 'containerd' ? 'not found here' : 'not running' });
  const sorted = [...images.values()].sort((a, b) => Number(isNameless(a)) - Number(isNameless(b)) || compareText(a.name, b.name));
  return { images: sorted.slice(0, limit), total: sorted.length, places, problems };
}

/** Throws TOO_LARGE if there are too many names. */
function bounded(images: readonly ListedImage[] | undefined): readonly ListedImage[] | undefined {
  let names = 0;
  for (const image of images ?? []) names += Math.max(1, image.names.length);
  if (names > MAX_NAMES) throw new LayerscopeError('TOO_LARGE', `more than ${MAX_NAMES} image names`);
  return images;
}

function engineOf({ engine, kind }: ImageSource): string {
  return engine ?? kind;
}

/** Returns the first entry, completed with fields that only the second has. */
function merged(a: EngineImage, b: EngineImage): EngineImage {
  const { sizeBytes, created, platform, digest } = a;
  return {
    ...a,
    sizeBytes: sizeBytes ?? b.sizeBytes,
    created: created ?? b.created,
    platform: platform ?? b.platform,
    digest: digest ?? b.digest,
  };
}

function isNameless({ name, id }: EngineImage): boolean {
  return id.includes(`:${name}`);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Returns an entry for each name. If a name can't be part of an image word, the entry refers to the image's id. */
function entriesOf(engine: ListedEngine, image: ListedImage): readonly EngineImage[] {
  const { id, digest, sizeBytes, created, platform, namespace } = image;
  const shared = {
    id: displayText(id),
    digest: digest === null ? null : displayText(digest),
    sizeBytes,
    created: created === null ? null : displayText(created),
    platform: platform === null ? null : displayText(platform),
    ...(namespace === undefined ? {} : { namespace: displayText(namespace) }),
  };
  const prefix = namespace === undefined ? `${engine}:` : `${engine}:${namespace}/`;
  const hex = id.slice(id.indexOf(':') + 1);
  const byId = isWord(`${prefix}${id}`) ? `${prefix}${id}` : `${engine}:${hex}`;
  if (image.names.length === 0) return [{ ...shared, name: displayText(hex.slice(0, ID_DIGITS)), reference: byId }];
  return image.names.map((name) => ({ ...shared, name: displayText(name), reference: isWord(prefix + name) ? prefix + name : byId }));
}

function isWord(text: string): boolean {
  try {
    return parseImageWord(text).kind !== 'file';
  } catch {
    return false;
  }
}
