import { displayText } from '#model';
import { asObject, asText } from './json-value.ts';

/** An operating system and a processor, as an index entry or an image config states them. Null: not stated. */
export interface Platform {
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly osVersion: string | null;
}

/** Of a `platform` object or of an image config, which has the same fields. Null where it states none of them. */
export function parsePlatform(value: unknown): Platform | null {
  const object = asObject(value);
  if (object === null) return null;
  const platform = {
    os: asText(object.os),
    architecture: asText(object.architecture),
    variant: asText(object.variant),
    osVersion: asText(object['os.version']),
  };
  return platform.os === null && platform.architecture === null ? null : platform;
}

/** `linux/amd64`, `linux/arm/v7`; `unknown` where nothing is stated, `unknown` for the half that isn't. */
export function platformName(platform: Platform | null): string {
  if (platform === null) return 'unknown';
  const { os, architecture, variant } = platform;
  if (isUnknown(os) && isUnknown(architecture)) return 'unknown';
  const name = `${os ?? 'unknown'}/${architecture ?? 'unknown'}${variant === null ? '' : `/${variant}`}`;
  return displayText(name.slice(0, 200));
}

function isUnknown(text: string | null): boolean {
  return text === null || text === 'unknown';
}
