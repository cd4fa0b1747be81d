import { displayText } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import type { Context } from './context.ts';
import { FOLLOW_LINKS_OPTION, JSON_OPTION, NETWORK_OPTIONS, STORE_OPTIONS } from './options.ts';

const VERB_OPERANDS = { index: 'IMAGE|REFERENCE|FOLDER…', query: '[SQL]' } as const;

/** The questions that ship with the program, for completions: the names of the files in `src/catalog/questions`. */
const QUESTIONS = [
  'base-versions',
  'errors',
  'files-stored-twice',
  'growth',
  'layers-stored-twice',
  'lineage',
  'secrets',
  'setuid',
  'shared-layers',
  'waste-by-command',
  'waste-by-image',
  'who-has-content',
  'who-has-package',
  'who-has-path',
];

export const spec: CommandSpec = {
  name: 'catalog',
  operands: 'index IMAGE|REFERENCE|FOLDER… | query [SQL]',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  verbs: VERB_OPERANDS,
  options: {
    to: { value: 'FOLDER', summary: 'index: the catalog’s folder, created if it is missing' },
    scan: { summary: 'index: read every byte; finds secrets, and files with the same content in plain layers too' },
    verify: { summary: 'index: read every byte and check every digest' },
    'all-tags': { summary: 'index: all tags of each NAME of a registry' },
    from: { value: 'FOLDER', summary: 'query: the catalog' },
    named: { value: 'QUESTION', words: QUESTIONS, summary: 'query: answer one of the questions that query without arguments lists' },
    param: { value: 'NAME=VALUE', repeats: true, summary: 'query: a parameter of the question or of the SQL, which refers to it as $NAME' },
    csv: { summary: 'query: print CSV' },
    markdown: { summary: 'query: print a table in Markdown' },
    platform: { value: 'OS/ARCH[/VARIANT]', summary: 'index: which platform of an image in a registry or an engine' },
    json: JSON_OPTION,
    'follow-links': FOLLOW_LINKS_OPTION,
    ...STORE_OPTIONS,
    ...NETWORK_OPTIONS,
    'no-cache': { summary: 'neither read nor write the index cache' },
  },
  summary: 'The facts of many images as Parquet files in a folder, and answers to questions about all of them.',
  notes: [
    'index      reads what the catalog doesn’t have yet: each layer once, whatever images have it. It may be stopped and started again at any',
    '           time, and run by several processes and machines on one folder. An image that can’t be read becomes a row with its error.',
    'query      answers SQL over the tables entries, layers, images, history, packages and findings by DuckDB, which is installed separately:',
    '           the first query says how. A query only reads the catalog. Without SQL or --named, lists the questions that ship with the program.',
    '           With --json, one object per line.',
    '',
    'A FOLDER is searched for archives (.tar, .tar.gz, .tgz, .tar.zst, .tar.xz, .tar.bz2) and image folders. docker:, podman:, containerd: and',
    'store: alone are all images of that engine or store. docs/formats/catalog.md says what the tables hold.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [verb = '', ...operands] = args.operands;
  if (verb === 'index') {
    const { runIndex } = await import('./catalog-index.ts');
    return runIndex(context, args, operands);
  }
  if (verb === 'query') {
    const { runQuery } = await import('./catalog-query.ts');
    return runQuery(context, args, operands);
  }
  throw usageError(`catalog has no command ${displayText(verb)}: ${Object.keys(VERB_OPERANDS).join(', ')}`);
}
