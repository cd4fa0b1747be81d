import { changesOf, type Stack } from '#changes';
import type { RowTable } from '#model';

/** What the layers `from` to `to` (both included, 0 the bottom) changed together, as cli.md defines changes. */
export function listChanges(stack: Stack, from: number, to: number): RowTable {
  return changesOf(stack, from, to);
}
