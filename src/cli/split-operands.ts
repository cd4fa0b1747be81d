import { parseSourceWord } from '#engine';
import { parseImageWord } from '#format/reference';
import { displayText, LayerscopeError } from '#model';
import { usageError } from './arguments.ts';
import { isThere } from './is-there.ts';

/**
 * Splits the operands of a command that opens a window into existing files and names of images. Throws USAGE for standard input, an image
 * in a store or an invalid name; NOT_FOUND for an operand that can only be a file and doesn't exist.
 */
export function splitOperands(
  command: string,
  operands: readonly string[],
): { readonly files: readonly string[]; readonly names: readonly string[] } {
  const files: string[] = [];
  const names: string[] = [];
  for (const operand of operands) {
    if (operand === '-') throw usageError(`${command} takes files and images by name: a window cannot open standard input`);
    if (isThere(operand)) files.push(operand);
    else if (parseImageWord(operand).kind === 'file') throw new LayerscopeError('NOT_FOUND', `no file or folder ${displayText(operand)}`);
    else {
      parseSourceWord(operand);
      names.push(operand);
    }
  }
  return { files, names };
}
