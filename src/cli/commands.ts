import type { ListedCommand } from './completion-scripts.ts';
import type { Command } from './context.ts';

/** A command in the program's help. */
export interface CommandEntry {
  readonly operands: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command, in the order of the help. A command's modules are loaded when it is run. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  inspect: { operands: 'IMAGE', summary: 'images, layers, counts, sizes, waste and findings', load: () => import('./inspect.ts') },
  changes: { operands: 'IMAGE --layer N|DIGEST', summary: 'what a layer changed', load: () => import('./changes.ts') },
  ls: { operands: 'IMAGE [PATH]', summary: 'the file system as seen at a layer', load: () => import('./ls.ts') },
  cat: { operands: 'IMAGE PATH', summary: 'the content of a file as seen at a layer', load: () => import('./cat.ts') },
  why: {
    operands: 'IMAGE PATH',
    summary: 'which layer, command and line of a Dockerfile a path comes from',
    load: () => import('./why.ts'),
  },
  waste: {
    operands: 'IMAGE',
    summary: 'hidden bytes by layer and file, and what else an image could do without',
    load: () => import('./waste.ts'),
  },
  breakdown: {
    operands: 'IMAGE [PATH]',
    summary: 'what makes an image or a layer big: by kind of file, folder and file',
    load: () => import('./breakdown.ts'),
  },
  find: {
    operands: 'IMAGE TEXT',
    summary: 'the paths of all layers that match a text, best matches or largest first',
    load: () => import('./find.ts'),
  },
  packages: {
    operands: 'IMAGE',
    summary: 'what each layer added, upgraded and removed in packages, and what that weighs',
    load: () => import('./packages.ts'),
  },
  config: { operands: 'IMAGE', summary: 'the config of an image as JSON', load: () => import('./config.ts') },
  hive: {
    operands: 'FILE [KEY] | IMAGE [HIVE[\\KEY]]',
    summary: 'a registry hive, or what each layer of a Windows image changed in the registry',
    load: () => import('./hive.ts'),
  },
  raw: {
    operands: 'IMAGE --layer N|DIGEST|all',
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
  sources: { operands: '[ENGINE]', summary: 'the engines on this machine and their images', load: () => import('./sources.ts') },
  tags: { operands: 'NAME', summary: 'the tags of a repository in a registry', load: () => import('./tags.ts') },
  referrers: {
    operands: 'NAME',
    summary: 'what refers to an image in its registry, such as signatures',
    load: () => import('./referrers.ts'),
  },
  store: { operands: 'VERB [ID…|FILE]', summary: 'a store of images and layers', load: () => import('./store.ts') },
  catalog: {
    operands: 'index IMAGE…|FOLDER… | query [SQL]',
    summary: 'the facts of many images as Parquet files, queried in SQL',
    load: () => import('./catalog.ts'),
  },
  serve: { operands: '[IMAGE…]', summary: 'the window in a browser on this machine', load: () => import('./serve.ts') },
  open: { operands: '[IMAGE…]', summary: 'the window on the desktop', load: () => import('./open.ts') },
  mcp: { operands: 'FOLDER…', summary: 'a server for language models, for the images in these folders', load: () => import('./mcp.ts') },
  completion: { operands: 'bash|zsh|fish', summary: 'a completion script for a shell', load: () => import('./completion.ts') },
  man: { operands: '', summary: 'the manual page', load: () => import('./man.ts') },
};

/** Every command with its spec, in the order of the help. */
export function listedCommands(): Promise<readonly ListedCommand[]> {
  return Promise.all(Object.values(COMMANDS).map(async ({ summary, load }) => ({ summary, spec: (await load()).spec })));
}
