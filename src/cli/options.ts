import type { OptionSpec } from './arguments.ts';

/** Options that choose a store. */
export const STORE_OPTIONS = {
  driver: { value: 'portable|windowsfilter|windowsdiff', summary: 'the kind of store for store:ID (default: portable)' },
  home: {
    value: 'FOLDER',
    summary: 'the folder of that store (default: in your data folder for portable, Docker’s own on Windows for the others)',
  },
} as const satisfies Record<string, OptionSpec>;

export const FOLLOW_LINKS_OPTION = {
  summary: 'in a folder, follow links that point outside it, such as Bazel’s',
} as const satisfies OptionSpec;

/** Options for images that are opened by name. */
export const NETWORK_OPTIONS = {
  offline: { summary: 'connect to no registry or engine' },
  'plain-http': { value: 'HOST,…', summary: 'registries that may be contacted without TLS' },
  realm: { value: 'HOST,…', summary: 'token servers on other hosts that may receive a registry’s credentials' },
} as const satisfies Record<string, OptionSpec>;

/** Options of every command that reads an image. */
export const IMAGE_OPTIONS = {
  image: { value: 'N|NAME', summary: 'which image of the archive (default: the host’s platform, else the first)' },
  platform: { value: 'OS/ARCH[/VARIANT]', summary: 'which platform of a multi-platform image' },
  'follow-links': FOLLOW_LINKS_OPTION,
  ...STORE_OPTIONS,
  ...NETWORK_OPTIONS,
  'no-cache': { summary: 'neither read nor write the index cache' },
} as const satisfies Record<string, OptionSpec>;

export const LAYER_OPTION = {
  value: 'N|DIGEST',
  summary: 'the layer: its number (0 is the bottom), or at least six digits of its digest or diff ID',
} as const;
export const VIEW_LAYER_OPTION = { value: 'N|DIGEST', summary: 'the file system as seen at this layer (default: the top)' } as const;
export const NO_CONTENT_OPTION = { summary: 'do not compare the bytes of files of equal size' } as const;
/** Notes for commands that take a path in an image. */
export const PATH_NOTES = [
  'PATH may be typed as it is printed: \\xE4 for a byte that is not UTF-8, \\u202E for a character that would mislead, \\\\ for a backslash.',
  'In a Windows image it may also be a path on its drive: C:\\Windows is Files/Windows.',
] as const;
export const JSON_OPTION = { summary: 'print JSON' } as const;
