/**
 * Returns a function that returns the same memory on each call, overwriting the previous caller's data, because allocating would cost more
 * than the work itself. The memory, 4 bytes per row of the longest table, is never freed.
 */
export function makeScratch(): (length: number) => Uint32Array<ArrayBuffer> {
  let scratch = new Uint32Array(0);
  return (length) => {
    if (scratch.length < length) scratch = new Uint32Array(length);
    return scratch;
  };
}
