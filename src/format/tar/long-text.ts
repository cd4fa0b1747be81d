/** A GNU long name or link name, in memory that the next one reuses. */
export class LongText {
  bytes = new Uint8Array(512);
  /** 0: there's none, or it is empty, which counts as none. */
  length = 0;

  /** Takes a copy of the first `length` bytes. */
  set(source: Uint8Array, length: number): void {
    if (length > this.bytes.length) this.bytes = new Uint8Array(length * 2);
    for (let i = 0; i < length; i++) this.bytes[i] = source[i] as number;
    this.length = length;
  }
}
