import type { ArchiveImage } from '#archive';
import type { ConfigTexts } from '#secrets';

/** Maximum number of variables, and of labels, to examine in a config. */
const MOST_TEXTS = 10_000;

/** Returns the strings of an image's config to search for secrets; null if there are none. */
export function configTexts({ config, history }: Pick<ArchiveImage, 'config' | 'history'>): ConfigTexts | null {
  const settings = fieldOf(config, 'config');
  const env = fieldOf(settings, 'Env');
  const labels = fieldOf(settings, 'Labels');
  const texts: ConfigTexts = {
    env: Array.isArray(env) ? env.slice(0, MOST_TEXTS).filter((each) => typeof each === 'string') : [],
    labels: isObject(labels) ? Object.entries(labels).slice(0, MOST_TEXTS).flatMap(textEntry) : [],
    steps: stepsOf(history),
  };
  return texts.env.length + texts.labels.length + texts.steps.length === 0 ? null : texts;
}

function stepsOf(history: ArchiveImage['history']): ConfigTexts['steps'] {
  let layers = 0;
  return history.flatMap(({ createdBy, emptyLayer }) => {
    const layer = emptyLayer ? null : layers++;
    return createdBy === null ? [] : [{ command: createdBy, layer }];
  });
}

function textEntry([name, value]: [string, unknown]): (readonly [string, string])[] {
  return typeof value === 'string' ? [[name, value]] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
