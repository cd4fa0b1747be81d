import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { completionScript, SHELLS } from './completion-scripts.ts';
import { type Context, EXIT } from './context.ts';

export const spec: CommandSpec = {
  name: 'completion',
  operands: 'bash|zsh|fish',
  minOperands: 1,
  maxOperands: 1,
  options: {},
  summary: 'Prints a script that completes commands, options and their values in a shell.',
  notes: [
    'bash  source <(layerscope completion bash), in ~/.bashrc',
    'zsh   layerscope completion zsh > FOLDER/_layerscope, where FOLDER is in $fpath',
    'fish  layerscope completion fish > ~/.config/fish/completions/layerscope.fish',
  ],
};

export async function run({ out, commands }: Context, args: Arguments): Promise<number> {
  const shell = SHELLS.find((known) => known === args.operands[0]);
  if (shell === undefined) throw usageError(`completion takes ${SHELLS.join(', ')}`);
  out.write(completionScript(shell, await commands()));
  return EXIT.done;
}
