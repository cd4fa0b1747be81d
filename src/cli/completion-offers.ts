/** What a shell offers while a command line is typed, derived from the commands' specs. */
import type { CommandSpec, OptionSpec } from './arguments.ts';

/** What a shell offers at one position of a command line. */
export interface Offer {
  readonly words: readonly string[];
  readonly files: 'files' | 'folders' | null;
  /** Whether the value is a list of the words, separated by commas. */
  readonly isList: boolean;
}

/** Prefixes of image names; see format/reference. */
export const IMAGE_SCHEMES = ['docker:', 'podman:', 'containerd:', 'container:', 'registry:'] as const;
const STORE_SCHEME = 'store:';

const NOTHING: Offer = { words: [], files: null, isList: false };

/** Returns the choices for an option's value, if `value` lists words separated by `|`; otherwise none. */
export function choicesOf(value: string | undefined): readonly string[] {
  const words = value?.split('|') ?? [];
  return words.length > 1 && words.every(isTyped) ? words : [];
}

/** Whether a word is typed literally; words in capitals are placeholders. */
function isTyped(word: string): boolean {
  return /^[a-z][a-z0-9=-]*$/.test(word);
}

/** Returns what is offered as the value of an option: its `words`, or else what its `value` shows, such as `FILE|attached`. */
export function offerOfOption({ value = '', words, isList = false }: OptionSpec): Offer {
  const parts = value.split('|');
  const files = parts.includes('FILE') ? 'files' : parts.includes('FOLDER') ? 'folders' : null;
  return { words: words ?? parts.filter(isTyped), files, isList };
}

/**
 * Returns what is offered for each operand of a command; the last entry also applies to the operands after it. Derived from the operands in
 * the help, unless the spec has `words`.
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

/** Returns what is offered after each verb of a command like `store`. */
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
