/**
 * Splits a command line, without the program's name, by the documented rules of CommandLineToArgvW. Independent of the quoting code, so
 * that an error in either is noticed. Source: learn.microsoft.com, CommandLineToArgvW, Remarks.
 */
export function argumentsOf(line: string): readonly string[] {
  const args: string[] = [];
  let current: string | null = null;
  let isQuoted = false;
  for (let at = 0; at < line.length; ) {
    const unit = line.charAt(at);
    if (!isQuoted && (unit === ' ' || unit === '\t')) {
      if (current !== null) args.push(current);
      current = null;
      at++;
      continue;
    }
    current ??= '';
    let slashes = 0;
    while (line.charAt(at + slashes) === '\\') slashes++;
    if (slashes > 0) {
      const isBeforeQuote = line.charAt(at + slashes) === '"';
      current += '\\'.repeat(isBeforeQuote ? Math.floor(slashes / 2) : slashes);
      at += slashes;
      if (isBeforeQuote && slashes % 2 === 1) {
        current += '"';
        at++;
      }
      continue;
    }
    if (unit === '"') isQuoted = !isQuoted;
    else current += unit;
    at++;
  }
  if (current !== null) args.push(current);
  return args;
}
