// Joins arguments into one command line, which the started program splits by the rules of CommandLineToArgvW and of the C runtime:
//   n backslashes before a quote    2n, then \"
//   n backslashes at the very end   2n, then the closing quote
//   all other backslashes           as they are
import { LayerscopeError } from '#model';

/** Maximum length of a command line, in UTF-16 units. Windows allows 32,767, including the program's path. */
const MAX_UNITS = 30_000;

/** Quotes an argument if necessary. */
function quoted(argument: string): string {
  // No white space or quotes, so there is nothing to escape.
  if (/^[^\s"]+$/.test(argument)) return argument;
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

/**
 * Returns the part of the command line after the program's name. Throws NAME_REFUSED for U+0000 in an argument, TOO_LARGE over 30,000
 * UTF-16 units. Source: CommandLineToArgvW (shellapi.h).
 */
export function commandLineOf(args: readonly string[]): string {
  if (args.some((argument) => argument.includes('\0'))) throw new LayerscopeError('NAME_REFUSED', 'an argument contains U+0000');
  const line = args.map(quoted).join(' ');
  if (line.length > MAX_UNITS) throw new LayerscopeError('TOO_LARGE', `a command line of ${line.length} characters`);
  return line;
}
