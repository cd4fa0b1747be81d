/** A GNU long name or link name, in a buffer that is reused for the next one. */
export class LongText {
  bytes = new Uint8Array(512);
  /** Length in bytes; 0 if there is no long name. An empty one counts as none. */
  length = 0;

  /** Copies the first `length` bytes. */
  set(source: Uint8Array, length: number): void {
    if (length > this.bytes.length) this.bytes = new Uint8Array(length * 2);
    for (let i = 0; i < length; i++) this.bytes[i] = source[i] as number;
    this.length = length;
  }
}
