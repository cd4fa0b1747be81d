// What DuckDB's errors mean.
import { asLayerscopeError, displayText, LayerscopeError } from '#model';

/** DuckDB's errors that are the query's fault. */
const OF_QUERY =
  /^(?:Failed to extract statements: )?(Parser|Binder|Catalog|Conversion|Syntax|Not implemented|Invalid type|Mismatch type|Out of Range) Error/;

const OUT_OF_MEMORY = /^Out of Memory Error/;

/** Returns the first line of an error's message. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return displayText(message.split('\n', 1)[0] ?? '');
}

/** Whether an error isn't about the files, so that reading them one by one would find nothing. */
export function isOfQuery(error: unknown): boolean {
  return error instanceof LayerscopeError || OF_QUERY.test(firstLine(error)) || OUT_OF_MEMORY.test(firstLine(error));
}

/**
 * Converts an error from DuckDB: USAGE if it is the query's fault, FORBIDDEN for access that isn't allowed, TOO_LARGE if memory runs out;
 * otherwise IO or DAMAGED, because the error concerns a file.
 */
export function duckError(error: unknown): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  if (!(error instanceof Error)) return asLayerscopeError(error);
  const message = firstLine(error);
  if (OF_QUERY.test(message)) return new LayerscopeError('USAGE', message, { cause: error });
  if (/^Permission Error/.test(message)) return new LayerscopeError('FORBIDDEN', message, { cause: error });
  if (OUT_OF_MEMORY.test(message)) return new LayerscopeError('TOO_LARGE', message, { cause: error });
  return new LayerscopeError(/^IO Error/.test(message) ? 'IO' : 'DAMAGED', message, { cause: error });
}
