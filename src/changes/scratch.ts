/**
 * Room for so many rows that is written over by whoever asks next of the same scratch: new memory costs more than what is done with
 * it. Kept as long as the program runs, 4 bytes a row of the longest table.
 */
export function makeScratch(): (length: number) => Uint32Array<ArrayBuffer> {
  let scratch = new Uint32Array(0);
  return (length) => {
    if (scratch.length < length) scratch = new Uint32Array(length);
    return scratch;
  };
}
