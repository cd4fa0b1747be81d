import { displayText } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import type { Context } from './context.ts';
import { FOLLOW_LINKS_OPTION, JSON_OPTION, NETWORK_OPTIONS, STORE_OPTIONS } from './options.ts';

const VERB_OPERANDS = { index: 'IMAGE|REFERENCE|FOLDER…' } as const;

export const spec: CommandSpec = {
  name: 'catalog',
  operands: 'index IMAGE|REFERENCE|FOLDER… --to FOLDER',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  verbs: VERB_OPERANDS,
  options: {
    to: { value: 'FOLDER', summary: 'index: the catalog’s folder, made if it is not there' },
    scan: { summary: 'index: read every byte; finds secrets, and files of the same content in plain layers too' },
    verify: { summary: 'index: read every byte and check every digest' },
    'all-tags': { summary: 'index: all tags of each NAME of a registry' },
    platform: { value: 'OS/ARCH[/VARIANT]', summary: 'index: which platform of an image in a registry or an engine' },
    json: JSON_OPTION,
    'follow-links': FOLLOW_LINKS_OPTION,
    ...STORE_OPTIONS,
    ...NETWORK_OPTIONS,
    'no-cache': { summary: 'neither read nor write the index cache' },
  },
  summary: 'The facts of many images as Parquet files in a folder, which DuckDB, Spark and others read.',
  notes: [
    'index      reads what the catalog doesn’t have yet: each layer once, whatever images have it. It may be stopped and started again at any',
    '           time, and run by several processes and machines on one folder. An image that can’t be read becomes a row with its error.',
    '',
    'A FOLDER is searched for archives (.tar, .tar.gz, .tgz, .tar.zst, .tar.xz, .tar.bz2) and image folders. docker:, podman:, containerd: and',
    'store: alone are all images of that engine or store. docs/formats/catalog.md says what the files hold.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [verb = '', ...operands] = args.operands;
  if (verb === 'index') {
    const { runIndex } = await import('./catalog-index.ts');
    return runIndex(context, args, operands);
  }
  throw usageError(`catalog has no command ${displayText(verb)}: ${Object.keys(VERB_OPERANDS).join(', ')}`);
}
