/** Time limit for shrinking an input, in ms. */
const PATIENCE_MS = 2_000;

/** Cuts as much out of the input as possible while `shows` returns true for the rest. */
export async function shrink(input: Uint8Array, shows: (input: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  const until = Date.now() + PATIENCE_MS;
  let best = input;
  for (let size = 2 ** Math.floor(Math.log2(Math.max(1, input.length / 2))); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length; ) {
      if (Date.now() > until) return best;
      const cut = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await shows(cut)) best = new Uint8Array(cut);
      else at += size;
    }
  }
  return best;
}
