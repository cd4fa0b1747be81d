import type { ArchiveAttestation } from '#archive';
import { parseStatement, type Statement } from '#format/attestation';
import { parseJson } from '#format/image';
import { isCancelled, LayerscopeError } from '#model';
import { readWhole } from './read-whole.ts';

/** Size limit of a statement. A provenance takes some megabytes at most; only SBOMs with every file of a large image are larger. */
const MAX_STATEMENT_BYTES = 32 * 1024 * 1024;
/** How many times as many values as usual documents have. */
const MANY_VALUES = 8;
/** Statements that are read for one image; real ones have a handful. */
const MAX_STATEMENTS = 100;

/** An attestation and what was made of its statement. Both are null if it wasn't read: it is missing, or one too many. */
export interface WalkedStatement<T> {
  readonly attestation: ArchiveAttestation;
  readonly value: T | null;
  /** Why it could not be read. */
  readonly problem: LayerscopeError | null;
}

/**
 * Yields an image's attestations in their order, each with what `parse` makes of its statement. At most 100 statements are read, one at a
 * time, and what is wrong with one doesn't keep the others from being read. `isWanted`: which are worth reading; others are yielded unread.
 * Throws CANCELLED.
 */
export async function* walkStatements<T>(
  attestations: readonly ArchiveAttestation[],
  parse: (statement: Statement) => T | null,
  {
    signal,
    isWanted = () => true,
  }: { readonly signal?: AbortSignal | undefined; readonly isWanted?: (attestation: ArchiveAttestation) => boolean } = {},
): AsyncGenerator<WalkedStatement<T>> {
  let left = MAX_STATEMENTS;
  for (const attestation of attestations) {
    if (attestation.status !== 'present' || !isWanted(attestation) || left === 0) {
      yield { attestation, value: null, problem: null };
      continue;
    }
    left--;
    yield { attestation, ...(await attempt(attestation, parse, signal)) };
  }
}

async function attempt<T>(
  attestation: ArchiveAttestation,
  parse: (statement: Statement) => T | null,
  signal: AbortSignal | undefined,
): Promise<Omit<WalkedStatement<T>, 'attestation'>> {
  try {
    const statement = await readStatement(attestation, signal);
    return { value: statement === null ? null : parse(statement), problem: null };
  } catch (error) {
    if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
    return { value: null, problem: error };
  }
}

/** Throws TOO_LARGE, BAD_MANIFEST if it isn't a statement, DIGEST_MISMATCH if its content doesn't have its digest, IO, CANCELLED. */
async function readStatement({ source, digest }: ArchiveAttestation, signal: AbortSignal | undefined): Promise<Statement | null> {
  if (source === null) return null;
  const bytes = await readWhole(source, MAX_STATEMENT_BYTES, signal);
  const statement = parseStatement(parseJson(bytes, `statement ${digest}`, MANY_VALUES));
  if (statement === null) throw new LayerscopeError('BAD_MANIFEST', `${digest} is not a statement`);
  return statement;
}
