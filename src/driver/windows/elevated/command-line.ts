// Arguments as one command line, which the started program takes apart again by the rules of CommandLineToArgvW, the C runtime's too:
//   n backslashes before a quote    2n, then \"
//   n backslashes at the very end   2n, then the closing quote
//   all other backslashes           as they are
import { LayerscopeError } from '#model';

/** Windows takes 32,767, with the program's own path. */
const MAX_UNITS = 30_000;

/** One argument, in quotes where it needs them. */
function quoted(argument: string): string {
  // Letters that neither end an argument nor mean anything within it.
  if (/^[^\s"]+$/.test(argument)) return argument;
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/**
 * What follows a program's own name on its command line. NAME_REFUSED: U+0000 in an argument; TOO_LARGE: over 30,000 UTF-16 units.
 * Source: CommandLineToArgvW (shellapi.h).
 */
export function commandLineOf(args: readonly string[]): string {
  if (args.some((argument) => argument.includes('\0'))) throw new LayerscopeError('NAME_REFUSED', 'an argument with U+0000 in it');
  const line = args.map(quoted).join(' ');
  if (line.length > MAX_UNITS) throw new LayerscopeError('TOO_LARGE', `a command line of ${line.length} characters`);
  return line;
}
