import type { ArchiveAttestation } from '#archive';
import { parseStatement, type Statement } from '#format/attestation';
import { measureJson, parseJson } from '#format/image';
import { isCancelled, LayerscopeError } from '#model';
import { readWhole } from './read-whole.ts';

/**
 * Maximum size of a statement, in bytes. Provenance takes a few megabytes at most; only SBOMs that list every file of a large image are
 * larger.
 */
const MAX_STATEMENT_BYTES = 32 * 1024 * 1024;
/** A statement may contain this many times the number of values that JSON is usually limited to. */
const MANY_VALUES = 8;
/** Maximum number of statements read for one image; real ones have a handful. */
const MAX_STATEMENTS = 100;
/** Limits on all statements of an image together. */
const MAX_BYTES_IN_ALL = 64 * 1024 * 1024;
const MAX_VALUES_IN_ALL = 6_400_000;

/**
 * An attestation and the result of parsing its statement. Both fields are null if the statement wasn't read, because it is missing, beyond
 * the limit, or the same as an earlier one.
 */
export interface WalkedStatement<T> {
  readonly attestation: ArchiveAttestation;
  readonly value: T | null;
  /** Why the statement couldn't be read; null if it could be, or wasn't read. */
  readonly problem: LayerscopeError | null;
}

/**
 * Yields an image's attestations in order, each with what `parse` makes of its statement. Reads at most 100 statements and 64 MiB in all,
 * one statement at a time, and the same content only once; a problem with one doesn't stop the others. `isWanted` selects those to read;
 * the rest are yielded unread. Throws CANCELLED.
 */
export async function* walkStatements<T>(
  attestations: readonly ArchiveAttestation[],
  parse: (statement: Statement) => T | null,
  {
    signal,
    isWanted = () => true,
  }: { readonly signal?: AbortSignal | undefined; readonly isWanted?: (attestation: ArchiveAttestation) => boolean } = {},
): AsyncGenerator<WalkedStatement<T>> {
  const allowance = new Allowance();
  const read = new Set<string | ArchiveAttestation>();
  for (const attestation of attestations) {
    const content = attestation.digest ?? attestation;
    if (attestation.status !== 'present' || !isWanted(attestation) || read.has(content) || read.size === MAX_STATEMENTS) {
      yield { attestation, value: null, problem: null };
      continue;
    }
    read.add(content);
    yield { attestation, ...(await attempt(attestation, parse, allowance, signal)) };
  }
}

/** How much may still be read of an image's statements. */
class Allowance {
  #bytes = MAX_BYTES_IN_ALL;
  #values = MAX_VALUES_IN_ALL;

  /** Subtracts a statement's bytes. Throws TOO_LARGE if they are more than what is left. */
  takeBytes(digest: string, bytes: number): void {
    if (bytes > this.#bytes) throw exceeded(digest, `${MAX_BYTES_IN_ALL} bytes`);
    this.#bytes -= bytes;
  }

  /** Subtracts a statement's values. Throws TOO_LARGE if they are more than what is left. */
  takeValues(digest: string, values: number): void {
    if (values > this.#values) throw exceeded(digest, `${MAX_VALUES_IN_ALL} values`);
    this.#values -= values;
  }
}

function exceeded(digest: string, limit: string): LayerscopeError {
  return new LayerscopeError('TOO_LARGE', `statement ${digest} is not read: with it, the image's statements would have more than ${limit}`);
}

async function attempt<T>(
  attestation: ArchiveAttestation,
  parse: (statement: Statement) => T | null,
  allowance: Allowance,
  signal: AbortSignal | undefined,
): Promise<Omit<WalkedStatement<T>, 'attestation'>> {
  try {
    const statement = await readStatement(attestation, allowance, signal);
    return { value: statement === null ? null : parse(statement), problem: null };
  } catch (error) {
    if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
    return { value: null, problem: error };
  }
}

/**
 * Reads a statement; null if it is missing. Throws TOO_LARGE; BAD_MANIFEST if the content isn't a statement; DIGEST_MISMATCH, IO,
 * CANCELLED.
 */
async function readStatement(
  { source, digest }: ArchiveAttestation,
  allowance: Allowance,
  signal: AbortSignal | undefined,
): Promise<Statement | null> {
  if (source === null) return null;
  const name = digest ?? '';
  // A statement that is too large by itself doesn't use up the allowance of the others.
  if (source.length <= MAX_STATEMENT_BYTES) allowance.takeBytes(name, source.length);
  const bytes = await readWhole(source, MAX_STATEMENT_BYTES, signal);
  allowance.takeValues(name, measureJson(bytes).values);
  const statement = parseStatement(parseJson(bytes, `statement ${digest}`, MANY_VALUES));
  if (statement === null) throw new LayerscopeError('BAD_MANIFEST', `${digest} is not a statement`);
  return statement;
}
