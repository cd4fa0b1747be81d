import { type ConfigDifference, compareConfigs } from '#format/image';
import { isConfigSecret } from '#secrets';
import type { ImageView } from './compare-images.ts';

export type { ConfigDifference };

/**
 * Compares the configs of two complete images. Returns null if a side is only part of an image (some of its layers, or a single layer tar)
 * or has no readable config.
 */
export function configDifferences(a: ImageView, b: ImageView): readonly ConfigDifference[] | null {
  if (!isWhole(a) || !isWhole(b)) return null;
  return compareConfigs(a.loaded.image.config, b.loaded.image.config);
}

/** `secret` is set if a value looks like a secret. */
export interface ShownDifference extends ConfigDifference {
  readonly secret?: true;
}

const HIDDEN = '(secret)';
/** Fields that are named after a variable or a label, such as `Env.PATH`. */
const NAMED = /^(?:Env|Labels)\.(.+)$/s;

/** Marks differences that look like they contain a secret but keeps their values: JSON is for programs, which may need them. */
export function withSecretsMarked(differences: readonly ConfigDifference[]): readonly ShownDifference[] {
  const hidden = withoutSecrets(differences);
  return differences.map((difference, index) => (hidden[index]?.secret === true ? { ...difference, secret: true } : difference));
}

/** Hides what looks like a secret, because text output ends up in logs and comments. */
export function withoutSecrets(differences: readonly ConfigDifference[]): readonly ShownDifference[] {
  return differences.map(({ field, a, b }) => {
    const name = NAMED.exec(field)?.[1] ?? null;
    let isHidden = false;
    const shown = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shown);
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each)]));
      if (typeof value !== 'string' || !isConfigSecret(value, name)) return value;
      isHidden = true;
      return HIDDEN;
    };
    const difference = { field, a: shown(a), b: shown(b) };
    return isHidden ? { ...difference, secret: true } : difference;
  });
}

function isWhole({ loaded, layer, isPart }: ImageView): boolean {
  const { config, layers } = loaded.image;
  return isPart !== true && layer === layers.length - 1 && config !== null && config !== undefined;
}
