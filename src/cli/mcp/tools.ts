import { z } from 'zod';
import type { Command } from '../context.ts';

/** The form of a command's output, from which the tool's answer is made: one JSON document, JSON Lines, or the bytes of a file. */
type Prints = 'document' | 'lines' | 'bytes';

/** A tool: a command of the command line with some of its options. */
export interface Tool {
  readonly title: string;
  readonly description: string;
  readonly prints: Prints;
  readonly input: z.ZodRawShape;
  load(): Promise<Command>;
  /** Returns the command's options as they would be typed. Values are joined with `=`, so none of them can pass for another option. */
  options(input: ToolInput): readonly string[];
  /** Returns the list to answer with, if only one list in the document is needed. */
  listOf?(document: Record<string, unknown>): readonly unknown[];
}

/** What a client may send, checked against the tool's `input`. */
export interface ToolInput {
  readonly image?: string;
  readonly a?: string;
  readonly b?: string;
  readonly path?: string;
  readonly layer?: string | number;
  readonly which?: string | number;
  readonly platform?: string;
  readonly from?: number;
  readonly limit?: number;
}

const NUMBER_OR_NAME = z.union([z.number().int().min(0), z.string().min(1).max(512)]);
const IMAGE = {
  image: z.string().min(1).max(4096).describe('The image: a file or folder inside the named folders, as the tool “images” lists them'),
  which: NUMBER_OR_NAME.optional().describe('Which image of an archive with several: its number or name'),
  platform: z.string().min(1).max(64).optional().describe('Which platform of a multi-platform image, such as linux/arm64'),
};
const LAYER = NUMBER_OR_NAME.describe('The layer: its number, 0 being the bottom, or at least six digits of its digest');
const PAGE = {
  from: z.number().int().min(0).optional().describe('How many lines to skip'),
  limit: z.number().int().min(1).max(1000).optional().describe('How many lines to return at most (default 200)'),
};
const IN_IMAGE = z.string().min(1).max(8192).describe('A path in the image, such as etc/passwd');

const image = ({ which, platform }: ToolInput): string[] => [
  ...(which === undefined ? [] : [`--image=${which}`]),
  ...(platform === undefined ? [] : [`--platform=${platform}`]),
];
const layerAndImage = (input: ToolInput): string[] => [...(input.layer === undefined ? [] : [`--layer=${input.layer}`]), ...image(input)];

export const TOOLS: Readonly<Record<string, Tool>> = {
  inspect: {
    title: 'Inspect an image',
    description: 'The images of an archive with their layers: commands, sizes, counts, hidden bytes, history, platform, and findings.',
    prints: 'document',
    input: IMAGE,
    load: () => import('../inspect.ts'),
    options: image,
  },
  findings: {
    title: 'Findings',
    description:
      'What is wrong or worth knowing about an image: damage, secrets in any layer (masked), setuid files, waste by kind. Reads every file.',
    prints: 'document',
    input: { ...IMAGE, ...PAGE },
    load: () => import('../inspect.ts'),
    options: (input) => ['--scan', ...image(input)],
    listOf: ({ findings }) => (Array.isArray(findings) ? findings : []),
  },
  changes: {
    title: 'Changes of a layer',
    description: 'What a layer added, modified and removed, sorted by path.',
    prints: 'lines',
    input: { ...IMAGE, layer: LAYER, ...PAGE },
    load: () => import('../changes.ts'),
    options: layerAndImage,
  },
  ls: {
    title: 'List files',
    description: 'The file system as seen at a layer (default: the top), everything below a path.',
    prints: 'lines',
    input: { ...IMAGE, path: IN_IMAGE.optional(), layer: LAYER.optional(), ...PAGE },
    load: () => import('../ls.ts'),
    options: layerAndImage,
  },
  cat: {
    title: 'Read a file',
    description: 'The content of a file as seen at a layer (default: the top): text, or base64 if it isn’t UTF-8.',
    prints: 'bytes',
    input: {
      ...IMAGE,
      path: IN_IMAGE,
      layer: LAYER.optional(),
      from: z.number().int().min(0).optional().describe('How many bytes to skip'),
      limit: z.number().int().min(1).max(32_768).optional().describe('How many bytes to return at most (default 16384)'),
    },
    load: () => import('../cat.ts'),
    options: layerAndImage,
  },
  why: {
    title: 'Where a path comes from',
    description: 'Which layers added, changed and removed a path, by which command, line of the Dockerfile and package.',
    prints: 'document',
    input: { ...IMAGE, path: IN_IMAGE },
    load: () => import('../why.ts'),
    options: image,
  },
  packages: {
    title: 'Packages by layer',
    description: 'What each layer added, upgraded and removed in packages, with bytes; with a layer, the packages as seen there.',
    prints: 'lines',
    input: { ...IMAGE, layer: LAYER.optional(), ...PAGE },
    load: () => import('../packages.ts'),
    options: layerAndImage,
  },
  waste: {
    title: 'Waste',
    description:
      'Bytes hidden by later layers, by file and layer; other waste such as caches; and how large the image would be if its layers were built differently.',
    prints: 'document',
    input: IMAGE,
    load: () => import('../waste.ts'),
    options: image,
  },
  diff: {
    title: 'Compare two images',
    description: 'What the file system and config of image B have added, modified or removed compared with A.',
    prints: 'lines',
    input: {
      a: IMAGE.image.describe('The image to compare with'),
      b: IMAGE.image.describe('The image that may differ'),
      platform: IMAGE.platform,
      ...PAGE,
    },
    load: () => import('../diff.ts'),
    options: image,
  },
};
