import { chooseImage } from '#engine';
import { jsonText, LayerscopeError } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS } from './options.ts';

export const spec: CommandSpec = {
  name: 'config',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: IMAGE_OPTIONS,
  summary: 'The image’s config as JSON: how it runs, and the steps that built it. Reads no layers.',
};

export async function run(context: Context, args: Arguments): Promise<number> {
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const image = chooseImage(input.archive, { image: args.value('image'), platform: args.value('platform') });
  if (image.config === null || image.config === undefined) {
    throw new LayerscopeError('BLOB_MISSING', `image ${image.index} has no config, or a damaged one`);
  }
  context.out.write(`${jsonText(image.config, 2)}\n`);
  return EXIT.done;
}
