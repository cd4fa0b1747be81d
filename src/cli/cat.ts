import { readContent } from '#engine';
import { parseImagePath } from '#format/path';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, viewLayer } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, PATH_NOTE, VIEW_LAYER_OPTION } from './options.ts';

export const spec: CommandSpec = {
  name: 'cat',
  operands: 'IMAGE PATH',
  minOperands: 2,
  maxOperands: 2,
  options: { layer: VIEW_LAYER_OPTION, ...IMAGE_OPTIONS },
  summary: 'The content of a file as seen at a layer. Links are followed inside the image.',
  notes: [PATH_NOTE],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [image = '', path = ''] = args.operands;
  await using input = await openInput(context, args, image);
  const loaded = await loadChosen(context, args, input);
  const layer = viewLayer(loaded, args.value('layer'));
  const { bytes } = readContent(loaded, layer, parseImagePath(path).parts, { signal: context.signal });
  for await (const chunk of bytes) await context.out.writeBytes(chunk);
  return EXIT.done;
}
