// Secrets in an image's config: its environment, the steps in its history with their build arguments, and its labels.

import { encodeUtf8, type FindingCode } from '#model';
import { LeadWindow } from './lead-window.ts';
import { isSecretName, isSecretValue } from './secret-names.ts';
import { type SecretHit, SecretScanner } from './secret-scanner.ts';

/** The strings of a config to search. */
export interface ConfigTexts {
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Commands in the history, with the layer that each made; null for a step without a layer. */
  readonly steps: readonly { readonly command: string; readonly layer: number | null }[];
}

/** Something that looks like a secret in a config. */
export interface ConfigHit extends Omit<SecretHit, 'at' | 'line'> {
  readonly where: 'env' | 'history' | 'label';
  /** Variable, build argument or label. */
  readonly name?: string;
  readonly layer?: number;
}

/**
 * Maximum number of values of variables and labels that are removed from the history before it is searched, because their tokens have been
 * reported.
 */
const MOST_KNOWN_VALUES = 100;
const MOST_HITS = 2_000;

/**
 * Finds at most 2,000 secrets in a config. A token that was found in a variable or label isn't reported again for steps that contain the
 * same value.
 */
export function secretsOfConfig(texts: ConfigTexts): ConfigHit[] {
  const finder = new ConfigFinder();
  for (const text of texts.env) finder.lookAtVariable(text);
  for (const [name, value] of texts.labels) finder.lookAtNamed('label', name, value);
  for (const { command, layer } of texts.steps) finder.lookAtStep(command, layer);
  return finder.hits;
}

/**
 * Whether a string in a config would be reported: it contains a token, or it is the value of a variable or label whose name says that it is
 * secret.
 */
export function isConfigSecret(value: string, name: string | null): boolean {
  if (name !== null && isSecretName(name) && isSecretValue(value)) return true;
  return hitsIn(value).length > 0;
}

let scanner: SecretScanner | null = null;

/** Doesn't use vectors: these strings are so short that preparing them would take longer than searching. */
function hitsIn(text: string): readonly SecretHit[] {
  scanner ??= new SecretScanner(new LeadWindow(null));
  scanner.begin('');
  scanner.push(encodeUtf8(text));
  return scanner.finish();
}

class ConfigFinder {
  readonly hits: ConfigHit[] = [];
  /** Values of variables and labels in which a token was reported. */
  readonly #known: string[] = [];

  lookAtVariable(text: string): void {
    const middle = text.indexOf('=');
    if (middle > 0) this.lookAtNamed('env', text.slice(0, middle), text.slice(middle + 1));
  }

  lookAtNamed(where: 'env' | 'label', name: string, value: string): void {
    const found = hitsIn(value);
    for (const hit of found) this.#add({ ...inConfig(hit), where, name });
    if (found.length === 0 && isSecretName(name) && isSecretValue(value)) {
      this.#add({ code: 'secret-env-password', severity: 'warning', where, name });
    }
    if (found.length > 0 && this.#known.length < MOST_KNOWN_VALUES) this.#known.push(value);
  }

  lookAtStep(command: string, layer: number | null): void {
    const place = { where: 'history' as const, ...(layer === null ? {} : { layer }) };
    const text = this.#known.reduce((left, value) => left.replaceAll(value, ''), command);
    const codes = new Set<FindingCode>();
    for (const hit of hitsIn(text)) {
      codes.add(hit.code);
      this.#add({ ...inConfig(hit), ...place });
    }
    for (const { name, value } of buildArguments(text)) {
      // A token in an argument is reported as that kind of token.
      const isReported = codes.size > 0 && hitsIn(value).length > 0;
      if (!isReported && isSecretName(name) && isSecretValue(value)) {
        this.#add({ code: 'secret-build-arg', severity: 'warning', ...place, name });
      }
    }
  }

  #add(hit: ConfigHit): void {
    if (this.hits.length < MOST_HITS) this.hits.push(hit);
  }
}

function inConfig({ at: _at, line: _line, ...hit }: SecretHit): Omit<SecretHit, 'at' | 'line'> {
  return hit;
}

const ARGUMENT = /^[A-Za-z_]\w*=/;
const MOST_ARGUMENTS = 1_000;

/**
 * Yields the build arguments of a step: `|2 NAME=value OTHER=value /bin/sh -c …`, after `RUN ` if BuildKit wrote it. Values aren't quoted,
 * so a word that doesn't begin with `NAME=` continues the value before it.
 */
function* buildArguments(command: string): Generator<{ name: string; value: string }> {
  const start = command.startsWith('RUN ') ? 'RUN '.length : 0;
  if (command[start] !== '|') return;
  const words = command.slice(start + 1).split(' ', MOST_ARGUMENTS);
  const count = Number(words.shift());
  if (!(count > 0)) return;
  const found: { name: string; value: string }[] = [];
  for (const word of words) {
    if (found.length === count && word.startsWith('/')) break;
    const last = found.at(-1);
    const middle = word.indexOf('=');
    if (found.length < count && ARGUMENT.test(word)) found.push({ name: word.slice(0, middle), value: word.slice(middle + 1) });
    else if (last !== undefined) last.value += ` ${word}`;
  }
  yield* found;
}
