/** What a shell offers while a command line is typed, from the commands' own specs. */
import type { CommandSpec, OptionSpec } from './arguments.ts';

/** What a shell offers at one place of a command line. */
export interface Offer {
  readonly words: readonly string[];
  readonly files: 'files' | 'folders' | null;
  /** Whether the value is a list of the words, separated by commas. */
  readonly isList: boolean;
}

/** What may be typed before the name of an image; see format/reference. */
export const IMAGE_SCHEMES = ['docker:', 'podman:', 'containerd:', 'container:', 'registry:'] as const;
const STORE_SCHEME = 'store:';

const NOTHING: Offer = { words: [], files: null, isList: false };

/** The choices of an option's value, if it is one of a few words. */
export function choicesOf(value: string | undefined): readonly string[] {
  const words = value?.split('|') ?? [];
  return words.length > 1 && words.every(isTyped) ? words : [];
}

/** Words in capitals stand for something that the user types. */
function isTyped(word: string): boolean {
  return /^[a-z][a-z0-9=-]*$/.test(word);
}

/** What is offered as the value of an option. Its own `words`, or what its `value` shows: `FILE|attached`. */
export function offerOfOption({ value = '', words, isList = false }: OptionSpec): Offer {
  const parts = value.split('|');
  const files = parts.includes('FILE') ? 'files' : parts.includes('FOLDER') ? 'folders' : null;
  return { words: words ?? parts.filter(isTyped), files, isList };
}

/**
 * What is offered as each operand of a command; the last one also holds for the operands that follow. Taken from what the help shows, unless
 * the spec has `words`.
 */
export function offersOfOperands(spec: CommandSpec): readonly Offer[] {
  const names = spec.operands.replace(/ --.*/, '').split(' ');
  const shown = spec.operands === '' ? [] : names.map((name) => offerOfOperand(name.replace(/[[\]…]/g, ''), spec));
  const { words = [] } = spec;
  return Array.from({ length: Math.max(words.length, Math.min(shown.length, spec.maxOperands)) }, (_, place) => {
    const own = words[place];
    return own === undefined ? (shown[place] ?? NOTHING) : { ...NOTHING, words: own };
  });
}

/** What is offered after each word that a command like `store` begins with. */
export function offersOfVerbs(spec: CommandSpec): readonly (readonly [verb: string, offer: Offer])[] {
  return Object.entries(spec.verbs ?? {}).map(([verb, operand]) => [verb, offerOfOperand(operand, spec)]);
}

function offerOfOperand(name: string, { options }: CommandSpec): Offer {
  if (name === 'IMAGE' || name === 'A' || name === 'B') {
    const schemes = Object.hasOwn(options, 'image') ? [...IMAGE_SCHEMES, STORE_SCHEME] : IMAGE_SCHEMES;
    return { words: schemes, files: 'files', isList: false };
  }
  return name === 'FILE' ? { ...NOTHING, files: 'files' } : { ...NOTHING, words: choicesOf(name) };
}
