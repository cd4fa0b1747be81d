import type { Archive } from '#archive';
import { asLayerscopeError, displayText, type ErrorCode, isCancelled, LayerscopeError } from '#model';
import type { ImageSource, OpenSourceOptions, SourceWord } from '#source';

/** Errors that end the search, because no other source could do better. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['USAGE', 'CANCELLED', 'INTERNAL', 'TOO_LARGE']);
const ENGINES = ['docker', 'podman'] as const;

/** An image opened by name, and the source that had it. The caller disposes of `archive`. */
export interface NamedArchive {
  readonly archive: Archive;
  readonly source: ImageSource;
}

/**
 * Opens an image by name: tries the sources that the word can refer to, in order, until one has the image. Throws NOT_FOUND if none does,
 * with each source's reason in one line, after `reasons` from the caller's own attempts; if the name specifies the kind of source, throws
 * that source's own error. Throws USAGE if an id prefix matches two images; CANCELLED.
 */
export async function openNamed(
  word: SourceWord,
  sources: readonly ImageSource[],
  { reasons = [], ...options }: OpenSourceOptions & { readonly reasons?: readonly string[] },
): Promise<NamedArchive> {
  const { value, source } = await askInTurn(word, sources, reasons, (each) => {
    const others = sources.slice(sources.indexOf(each) + 1).filter((other) => other.engine === each.engine && other.answers(word));
    if (each.engine === null || others.length === 0) return each.open(word, options);
    return each.open(word, { ...options, instead: (control) => openByEngine(word, others, { ...options, ...control }) });
  });
  return { archive: value, source };
}

/**
 * Opens an image through the API of the first engine that has it, without reading the engine's folders; null if none has it. Throws
 * CANCELLED.
 */
async function openByEngine(word: SourceWord, sources: readonly ImageSource[], options: OpenSourceOptions): Promise<Archive | null> {
  for (const source of sources) {
    try {
      return await source.open(word, { ...options, folders: false });
    } catch (error) {
      if (isCancelled(error)) throw error;
    }
  }
  return null;
}

/**
 * Returns the source that has an image, and the image's platforms to choose from. Doesn't open the image. Throws what {@link openNamed}
 * throws.
 */
export async function lookNamed(
  word: SourceWord,
  sources: readonly ImageSource[],
  options: OpenSourceOptions,
): Promise<{ readonly source: ImageSource; readonly platforms: readonly string[] }> {
  const { value, source } = await askInTurn(word, sources, [], (each) => each.platforms(word, options));
  return { source, platforms: value };
}

async function askInTurn<T>(
  word: SourceWord,
  sources: readonly ImageSource[],
  before: readonly string[],
  ask: (source: ImageSource) => Promise<T>,
): Promise<{ readonly value: T; readonly source: ImageSource }> {
  const here = [...before];
  const elsewhere: string[] = [];
  let code: ErrorCode = 'NOT_FOUND';
  for (const source of sources) {
    if (!source.answers(word)) continue;
    try {
      return { value: await ask(source), source };
    } catch (error) {
      const refusal = asLayerscopeError(error);
      if (FINAL.has(refusal.code)) throw refusal;
      if (code === 'NOT_FOUND' && (word.kind !== 'name' || source.kind === 'registry')) code = refusal.code;
      (source.kind === 'registry' ? elsewhere : here).push(`${sourceName(source)}: ${refusal.message}`);
    }
  }
  const absent = word.kind === 'name' ? absentEngines(sources) : [];
  const reasons = [...here, ...absent, ...elsewhere];
  if (reasons.length === 0) reasons.push(absenceOf(word));
  throw new LayerscopeError(code, `${displayText(word.text)}: ${reasons.join('; ')}`);
}

/** Explains why no source on this machine could be queried. */
function absenceOf(word: SourceWord): string {
  if (word.kind === 'container') return `no socket of ${word.engine ?? 'Docker or Podman'} was found, and containers are read through one`;
  return `${word.kind === 'engine' ? word.engine : word.kind} was not found on this machine`;
}

/** Returns a line for each engine that was not found at all: no socket, no folder, no setting. */
function absentEngines(sources: readonly ImageSource[]): readonly string[] {
  return ENGINES.filter((engine) => sources.every((source) => source.engine !== engine)).map((engine) => `${engine}: no socket`);
}

/** Returns a source's name for messages: `docker (/var/lib/docker)`. */
export function sourceName({ kind, engine, place }: ImageSource): string {
  return place === '' ? kind : `${engine ?? kind} (${displayText(place)})`;
}
