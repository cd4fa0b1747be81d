import type { ListedEngine, NamedImage } from '#contract';
import { familiarName, looksLikeFile, parseImageWord, parseReference } from '#format/reference';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { timeText } from '../details/time-text.ts';
import { matchesWords } from '../palette.ts';
import { plainError } from '../plain-error.ts';

/** Maximum number of images listed per engine. Typing more finds the rest. */
const SHOWN = 100;
const MAX_TEXT = 1_024;
/** Matches the commands that people copy from a registry's page, with the image's name as its group. */
const PULL = /^(?:\$ )?(?:docker|podman|nerdctl|crictl) (?:image )?(?:pull|run) (\S+)$/;

/** A line of the dialog. */
export interface NameChoice {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly detail: string;
  /** The reference that opens the image. */
  readonly reference: string;
}

export interface EngineImages {
  readonly engine: ListedEngine;
  readonly images: readonly NamedImage[];
}

/** Text interpreted as an image's name. `problem`: what is wrong, in the words of the command line; null if nothing is. */
export interface TypedName {
  readonly reference: string;
  readonly problem: string | null;
  /** Whether the name has a host, a tag, a digest or a scheme, and so is probably meant as typed. */
  readonly isComplete: boolean;
  /** Describes where the image will be looked for. */
  readonly where: string;
}

/** Interprets text as an image's name; null for empty text. */
export function typedName(text: string): TypedName | null {
  const reference = text.trim();
  if (reference === '') return null;
  const wrong = (problem: string): TypedName => ({ reference, problem, isComplete: false, where: '' });
  try {
    const word = parseImageWord(reference);
    if (word.kind === 'store') return wrong(words.openName.inStore);
    if (word.kind === 'file') {
      if (looksLikeFile(reference)) return wrong(words.openName.looksLikeFile);
      parseReference(reference);
      return wrong(words.openName.noName);
    }
    if (word.kind === 'registry') return { reference, problem: null, isComplete: true, where: words.openName.from(word.reference.host) };
    if (word.kind !== 'name') {
      const engine = word.kind === 'containerd' ? word.kind : word.engine;
      const where = engine === null ? words.openName.fromEngines : words.openName.from(engine);
      return { reference, problem: null, isComplete: true, where };
    }
    const host = word.mayBeRemote ? (word.name.reference?.host ?? null) : null;
    return {
      reference,
      problem: null,
      isComplete: word.mayBeRemote,
      where: host === null ? words.openName.fromEngines : words.openName.fromEnginesThen(host),
    };
  } catch (error) {
    return wrong(plainError(error).message);
  }
}

/**
 * Finds the name of an image in dropped or pasted text. The text must be a name, or a command that pulls an image; null for any other text.
 * Text that tools interpret differently, such as `docker://app`, counts as a name, and the dialog explains the problem.
 */
export function namedIn(text: string): string | null {
  const line = text.trim();
  if (line.length > MAX_TEXT) return null;
  const name = PULL.exec(line)?.[1] ?? line;
  if (/\s/.test(name)) return null;
  const typed = typedName(name);
  if (typed === null) return null;
  return typed.problem === null || /^(docker|podman|containerd):\/\//i.test(name) ? name : null;
}

/** Returns the dialog's lines: the text itself, and the recent names and images of engines that match it. */
export function nameChoices(text: string, recent: readonly string[], engines: readonly EngineImages[]): readonly NameChoice[] {
  const typed = typedName(text);
  const query = text.trim();
  const listed = [
    ...recent
      .filter((reference) => matchesWords(reference, query))
      .map((reference) => ({ id: `recent ${reference}`, group: words.openName.recent, label: reference, detail: '', reference })),
    ...engines.flatMap(({ engine, images }) =>
      images
        .filter(({ name, reference }) => matchesWords(`${name} ${reference}`, query))
        .slice(0, SHOWN)
        .map((image) => ({
          id: image.reference,
          group: words.openName.engines[engine],
          label: shownName(image.name),
          detail: detailOf(image),
          reference: image.reference,
        })),
    ),
  ];
  if (typed === null || typed.problem !== null) return listed;
  const { reference, where, isComplete } = typed;
  const own = { id: ' typed', group: words.openName.typed, label: words.openName.open(reference), detail: where, reference };
  return isComplete ? [own, ...listed] : [...listed, own];
}

/** Returns a name in its usual short form, if valid. */
function shownName(name: string): string {
  try {
    return familiarName(parseReference(name));
  } catch {
    return name;
  }
}

function detailOf({ platform, sizeBytes, created }: NamedImage): string {
  const parts = [platform, sizeBytes === null ? null : formatSize(sizeBytes), created === null ? null : timeText(created, 'day')];
  return parts.filter((part) => part !== null).join(' · ');
}
