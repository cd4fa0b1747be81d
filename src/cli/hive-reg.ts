import type { RegPieces } from '#engine/registry';
import { plural } from '#model';
import type { Context } from './context.ts';

/** Writes a .reg file to standard output. */
export async function writeReg({ out, warn }: Context, { pieces, leftOut }: RegPieces): Promise<void> {
  for (const piece of pieces) await out.writeBytes(piece);
  if (leftOut() > 0)
    warn(`a .reg file cannot hold ${plural(leftOut(), 'key or value', 'keys or values')} of the hive, which were left out`);
}
