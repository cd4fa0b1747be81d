import type { OptionSpec } from './arguments.ts';
import { STORE_OPTIONS } from './open-store.ts';

export const FOLLOW_LINKS_OPTION = {
  summary: 'of a folder: follow links that lead out of it, as Bazel makes them',
} as const satisfies OptionSpec;

/** Options that several commands share. */
export const IMAGE_OPTIONS = {
  image: { value: 'N|NAME', summary: 'which image of the archive (default: the host’s platform, else the first)' },
  platform: { value: 'OS/ARCH[/VARIANT]', summary: 'which platform of a multi-platform image' },
  'follow-links': FOLLOW_LINKS_OPTION,
  ...STORE_OPTIONS,
  'no-cache': { summary: 'neither read nor write the index cache' },
} as const satisfies Record<string, OptionSpec>;

export const LAYER_OPTION = {
  value: 'N|DIGEST',
  summary: 'a layer: 0 is the bottom; or six or more digits of its digest or diff ID',
} as const;
export const VIEW_LAYER_OPTION = { value: 'N|DIGEST', summary: 'the file system as seen at this layer (default: the top)' } as const;
export const JSON_OPTION = { summary: 'print JSON' } as const;
