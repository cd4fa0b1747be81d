import type { Command } from './context.ts';

/** Every command, in the order of the help. A command's modules are loaded when it runs. */
export const COMMANDS: Readonly<Record<string, { readonly operands: string; readonly summary: string; load(): Promise<Command> }>> = {
  inspect: { operands: 'IMAGE', summary: 'images, layers, counts, sizes, waste and findings', load: () => import('./inspect.ts') },
  changes: { operands: 'IMAGE --layer N|DIGEST', summary: 'what a layer changed', load: () => import('./changes.ts') },
  ls: { operands: 'IMAGE [PATH]', summary: 'the file system as seen at a layer', load: () => import('./ls.ts') },
  cat: { operands: 'IMAGE PATH', summary: 'the content of a file as seen at a layer', load: () => import('./cat.ts') },
  waste: { operands: 'IMAGE', summary: 'what an image contains but no longer shows, by layer and file', load: () => import('./waste.ts') },
  config: { operands: 'IMAGE', summary: 'the config of an image as JSON', load: () => import('./config.ts') },
  raw: {
    operands: 'IMAGE --layer N|DIGEST',
    summary: 'every tar entry of a layer, with everything in its headers',
    load: () => import('./raw.ts'),
  },
  diff: { operands: 'A B', summary: 'the differences between two images', load: () => import('./diff.ts') },
  check: { operands: 'IMAGE', summary: 'whether an image passes the rules of a .dive-ci file', load: () => import('./check.ts') },
  export: {
    operands: 'IMAGE PATH --to FOLDER',
    summary: 'a file or folder of the image, copied to disk',
    load: () => import('./export.ts'),
  },
  store: { operands: 'VERB [ID…|FILE]', summary: 'a store of images and layers', load: () => import('./store.ts') },
  serve: { operands: '[IMAGE…]', summary: 'the window in a browser on this machine', load: () => import('./serve.ts') },
  open: { operands: '[IMAGE…]', summary: 'the window on the desktop', load: () => import('./open.ts') },
};
