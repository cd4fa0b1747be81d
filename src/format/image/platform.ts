import { displayText } from '#model';
import { fieldReader } from './json-fields.ts';
import { asText } from './json-value.ts';

/** An operating system and a processor architecture, as a descriptor or an image config states them; null if not stated. */
export interface Platform {
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly osVersion: string | null;
}

const platformFields = fieldReader('os', 'architecture', 'variant', 'os.version');

/** Parses a `platform` object or an image config, which has the same fields; null if it has neither os nor architecture. */
export function parsePlatform(value: unknown): Platform | null {
  const object = platformFields(value);
  if (object === null) return null;
  const platform = {
    os: asText(object.os),
    architecture: asText(object.architecture),
    variant: asText(object.variant),
    osVersion: asText(object['os.version']),
  };
  return platform.os === null && platform.architecture === null ? null : platform;
}

/**
 * Formats a platform like `linux/amd64` or `linux/arm/v7`, with `unknown` for a part that isn't stated; just `unknown` if neither os nor
 * architecture is stated. Safe to print.
 */
export function platformName(platform: Platform | null): string {
  if (platform === null) return 'unknown';
  const { os, architecture, variant } = platform;
  if (isUnknown(os) && isUnknown(architecture)) return 'unknown';
  const name = `${os ?? 'unknown'}/${architecture ?? 'unknown'}${variant === null ? '' : `/${variant}`}`;
  return displayText(name.slice(0, 200));
}

/** OCI architecture names, keyed by Node.js's names. Source: OCI image-index.md, platform.architecture: Go's GOARCH. */
const GOARCH: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', arm64: 'arm64', arm: 'arm' };

/**
 * Returns the platform of the images that a machine runs, from Node.js's names for the machine. Containers are Linux everywhere except on
 * Windows.
 */
export function machinePlatform(system: string, architecture: string): string {
  return `${system === 'win32' ? 'windows' : 'linux'}/${GOARCH[architecture] ?? architecture}`;
}

function isUnknown(text: string | null): boolean {
  return text === null || text === 'unknown';
}
