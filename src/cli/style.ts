/** Colours for a terminal. Without colour, every function returns its argument unchanged. */
export interface Style {
  readonly colour: boolean;
  /** Width of the terminal in columns; null if output isn't a terminal, and then nothing is shortened. */
  readonly columns: number | null;
  bold(text: string): string;
  dim(text: string): string;
  added(text: string): string;
  modified(text: string): string;
  removed(text: string): string;
  accent(text: string): string;
}

/**
 * Creates a style. Uses colour on a terminal only, and not if NO_COLOR is set (no-color.org). Doesn't use `styleText` from node:util: Node
 * has had it only since 20.12, and only some versions of it respect NO_COLOR and the stream.
 */
export function createStyle(stream: { readonly isTTY?: boolean; readonly columns?: number }, environment: NodeJS.ProcessEnv): Style {
  const terminal = stream.isTTY === true;
  const colour = terminal && !environment.NO_COLOR && environment.TERM !== 'dumb';
  const paint = (code: string) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    colour,
    columns: terminal ? (stream.columns ?? 80) : null,
    bold: paint('1'),
    dim: paint('2'),
    added: paint('32'),
    modified: paint('33'),
    removed: paint('31'),
    accent: paint('36'),
  };
}
