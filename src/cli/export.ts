import { exportPath, typedPath } from '#engine';
import { displayText, formatSize, plural } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, viewLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, VIEW_LAYER_OPTION } from './options.ts';

export const spec: CommandSpec = {
  name: 'export',
  operands: 'IMAGE PATH --to FOLDER',
  minOperands: 2,
  maxOperands: 2,
  options: {
    to: { value: 'FOLDER', summary: 'the target: the entry is written into it under its own name; the content of / into an empty folder' },
    layer: VIEW_LAYER_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'Writes a file or folder of the image to disk. An error, such as a full disk, leaves nothing behind.',
  notes: [
    'Writes nothing outside FOLDER and overwrites nothing in it. Entries whose paths point outside it, or that this system cannot store, are',
    'left out and listed on standard error, and the exit code is 3. Symbolic links are kept as they are; devices and pipes are left out.',
    'Modes and times are kept; owners, set-id bits and extended attributes are not. If a layer cannot be read, a warning says so, and what is',
    'written is the image without it: files of the layers below that it replaces or removes are written too.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const folder = args.value('to');
  if (folder === undefined) throw usageError('export needs --to FOLDER');
  const [image = '', path = ''] = args.operands;
  await using input = await openInput(context, args, image);
  const loaded = await loadChosen(context, args, input);
  const { parts, endsInSlash } = typedPath(loaded, path);
  const layer = viewLayer(loaded, args.value('layer'));
  warnOfGaps(context, loaded, 0, layer);
  const result = await exportPath(loaded, {
    layer,
    parts,
    followLast: endsInSlash,
    folder,
    signal: context.signal,
    onProgress: context.progress.update,
    onRefused: ({ code, path: refused, message }) => context.error(code, `${refused}: ${message}`),
    onSkipped: ({ path: skipped, message }) => context.warn(`${skipped}: ${message}`),
    onNotKept: ({ path: named, message }) => context.warn(named === undefined ? message : `${named}: ${message}`),
  });
  context.progress.clear();
  const { files, folders, links, bytes, refused } = result;
  const counts = `${plural(files, 'file')}, ${plural(folders, 'folder')}, ${plural(links, 'link')}`;
  context.out.write(`${displayText(result.target)}: ${counts}, ${formatSize(bytes)}${refused > 0 ? `; ${refused} left out` : ''}\n`);
  return refused > 0 ? EXIT.unreadable : EXIT.done;
}
