import { readContent, typedPath } from '#engine';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, viewLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, PATH_NOTES, VIEW_LAYER_OPTION } from './options.ts';

export const spec: CommandSpec = {
  name: 'cat',
  operands: 'IMAGE PATH',
  minOperands: 2,
  maxOperands: 2,
  options: { layer: VIEW_LAYER_OPTION, ...IMAGE_OPTIONS },
  summary: 'The content of a file as seen at a layer. Links are followed inside the image.',
  notes: PATH_NOTES,
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [image = '', path = ''] = args.operands;
  await using input = await openInput(context, args, image);
  const loaded = await loadChosen(context, args, input);
  const layer = viewLayer(loaded, args.value('layer'));
  warnOfGaps(context, loaded, 0, layer);
  const { parts } = typedPath(loaded, path);
  const { signal } = context;
  const whole = readContent(loaded, layer, parts, { signal });
  const part = context.out.part?.(whole.totalBytes);
  const { bytes } = part === undefined ? whole : readContent(loaded, layer, parts, { ...part, signal });
  for await (const chunk of bytes) await context.out.writeBytes(chunk);
  return EXIT.done;
}
