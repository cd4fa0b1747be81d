/** Continues a name's FNV-1a hash from `state`. */
function hashFrom(state: number, bytes: Uint8Array): number {
  let hash = state;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash | 0;
}

const PIECE = 6;

/** Returns pseudorandom letters, because consecutive letters would give too few equal hashes. */
function piece(at: number): Uint8Array {
  let seed = at + 1;
  return Uint8Array.from({ length: PIECE }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return 0x61 + ((seed >>> 20) % 26);
  });
}

/** Returns two pieces that continue a name with the same hash. */
function twins(state: number): readonly [Uint8Array, Uint8Array] {
  const seen = new Map<number, number>();
  for (let at = 0; ; at++) {
    const hash = hashFrom(state, piece(at));
    const other = seen.get(hash);
    if (other !== undefined && !Buffer.from(piece(other)).equals(piece(at))) return [piece(other), piece(at)];
    seen.set(hash, at);
  }
}

/** Returns 2^`stages` names of `6 * stages` letters that all have the same FNV-1a hash, even when prefixed with `before`. */
export function namesOfOneHash(stages: number, before = ''): (at: number) => Uint8Array {
  const pairs: (readonly [Uint8Array, Uint8Array])[] = [];
  let state = hashFrom(0x811c9dc5, Buffer.from(before));
  for (let stage = 0; stage < stages; stage++) {
    const pair = twins(state);
    pairs.push(pair);
    state = hashFrom(state, pair[0]);
  }
  return (at) => Buffer.concat(pairs.map((pair, stage) => ((at >> stage) & 1 ? pair[1] : pair[0])));
}
