import { chooseLayer, type LoadedImage } from '#engine';
import { isHiveFile, SYSTEM_HIVES } from '#engine/registry';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { printHiveFile, printRemnants } from './hive-file.ts';
import { printChanges, printView } from './hive-image.ts';
import { loadChosen, requireLayer, viewLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, LAYER_OPTION } from './options.ts';

export const spec: CommandSpec = {
  name: 'hive',
  operands: 'FILE [KEY] | IMAGE [HIVE[\\KEY]]',
  minOperands: 1,
  maxOperands: 2,
  words: [undefined, SYSTEM_HIVES],
  options: {
    layer: { ...LAYER_OPTION, summary: 'changes: of this layer only; a hive: as seen at this layer (default: the top)' },
    search: { value: 'TEXT', summary: 'only keys and values whose names or text contain it, ignoring case' },
    reg: { summary: 'print a .reg file, for the registry editor (not for changes)' },
    remnants: { summary: 'instead, the remnants of deleted keys and values in free cells of the hive FILE; comparisons ignore them' },
    log: { value: 'FILE', repeats: true, summary: 'a log of the hive FILE, instead of those next to it' },
    'no-logs': { summary: 'show the hive FILE without its logs' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'The Windows registry: a hive on disk, what each layer of an image changed, or a hive as seen at a layer.',
  notes: [
    'HIVE is SYSTEM, SOFTWARE, SAM, SECURITY or DEFAULT, or the path of another hive in the image, such as Files/Users/x/NTUSER.DAT. KEY is the',
    'path of a key, its names separated by \\, in upper or lower case. Without HIVE: + added, ~ modified, − removed, for each layer. A layer whose',
    'base is not in the image only “sets” what it has.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [first = '', second] = args.operands;
  if (args.flag('reg') && args.flag('json')) throw usageError('hive takes either --reg or --json');
  if (args.flag('reg') && args.flag('search')) throw usageError('hive --reg cannot be used with --search');
  if (args.flag('reg') && args.flag('remnants')) throw usageError('hive --reg cannot be used with --remnants');
  if (args.flag('log') && args.flag('no-logs')) throw usageError('hive takes either --log or --no-logs');
  if (first !== '-' && (await isHiveFile(first))) {
    if (args.flag('layer')) throw usageError('a hive has no layers: --layer is for images');
    if (args.flag('remnants')) await printRemnants(context, args, first, second);
    else await printHiveFile(context, args, first, second);
    return EXIT.done;
  }
  if (args.flag('log') || args.flag('no-logs')) throw usageError('--log and --no-logs are for a hive on disk, not for an image');
  if (args.flag('remnants')) throw usageError('--remnants is for a hive on disk, not for an image');
  if (args.flag('reg') && second === undefined) throw usageError('hive IMAGE --reg needs a HIVE');
  await using input = await openInput(context, args, first);
  const loaded = await loadChosen(context, args, input);
  if (second === undefined) await printChanges(context, args, loaded, chosenLayers(context, loaded, args.value('layer')));
  else {
    const layer = viewLayer(loaded, args.value('layer'));
    warnOfGaps(context, loaded, 0, layer);
    await printView(context, args, { loaded, layer, hive: second });
  }
  return EXIT.done;
}

/** Returns the numbers of the layers whose changes are printed. */
function chosenLayers(context: Context, loaded: LoadedImage, wanted: string | undefined): readonly number[] {
  if (wanted === undefined) {
    warnOfGaps(context, loaded, 0, loaded.image.layers.length - 1);
    return loaded.image.layers.map(({ index }) => index);
  }
  const layer = chooseLayer(loaded.image, wanted);
  requireLayer(loaded, layer);
  warnOfGaps(context, loaded, 0, layer.index);
  return [layer.index];
}
