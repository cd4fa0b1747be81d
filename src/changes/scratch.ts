/**
 * Returns a function that hands out the same memory on each call, overwriting what the last caller had: allocating it would cost more than
 * the work done with it. Kept as long as the program runs, 4 bytes a row of the longest table.
 */
export function makeScratch(): (length: number) => Uint32Array<ArrayBuffer> {
  let scratch = new Uint32Array(0);
  return (length) => {
    if (scratch.length < length) scratch = new Uint32Array(length);
    return scratch;
  };
}
