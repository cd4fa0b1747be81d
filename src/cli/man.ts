import type { CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { manPage } from './man-page.ts';
import { programVersion } from './version.ts';

export const spec: CommandSpec = {
  name: 'man',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  options: {},
  summary: 'Prints the manual page: layerscope man | man -l -',
};

export async function run({ out, commands }: Context): Promise<number> {
  out.write(manPage(programVersion(), await commands()));
  return EXIT.done;
}
