/** Returns random words that compress about as well as text. Different seeds give different words. */
export function words(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    at += bytes.write(`${(state >>> 20).toString(36)} `, at, 'latin1');
  }
  return bytes;
}
