/** A page for each command, in Markdown, from the same specs as `--help`, the manual page and the completions. */
import type { CommandSpec } from '../../src/cli/arguments.ts';
import { listedCommands } from '../../src/cli/commands.ts';
import { exitCodesLine } from '../../src/cli/exit-codes.ts';
import { IMAGE_MEANS } from '../../src/cli/man-page.ts';

export interface CommandPage {
  readonly name: string;
  /** The summary in the program's help. */
  readonly summary: string;
  readonly markdown: string;
}

/** Escapes text for a table cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function optionRows({ options }: CommandSpec): string[] {
  return Object.entries(options).map(([name, { value, repeats, summary }]) => {
    const form = `--${name}${value === undefined ? '' : ` ${value}`}${repeats === true ? '…' : ''}`;
    return `| \`${form.replaceAll('|', '\\|')}\` | ${cell(summary)} |`;
  });
}

function markdownOf(spec: CommandSpec): string {
  const { name, operands, summary, notes } = spec;
  const rows = optionRows(spec);
  const parts = [`# layerscope ${name}`, cell(summary), `\`\`\`text\nlayerscope ${`${name} ${operands}`.trim()} [options]\n\`\`\``];
  if (rows.length > 0) parts.push('## Options', ['| option | meaning |', '| --- | --- |', ...rows].join('\n'));
  if (notes !== undefined) parts.push('## More', `\`\`\`text\n${notes.join('\n')}\n\`\`\``);
  if (/\b(IMAGE|A B)\b/.test(operands)) parts.push('## IMAGE', cell(IMAGE_MEANS.join(' ')));
  parts.push('## Exit codes', exitCodesLine());
  return `${parts.join('\n\n')}\n`;
}

/** Returns the pages of all commands, in the order of the help. */
export async function commandPages(): Promise<readonly CommandPage[]> {
  return (await listedCommands()).map(({ summary, spec }) => ({ name: spec.name, summary, markdown: markdownOf(spec) }));
}
