// Judges a stream by its first bytes. A stream must be spooled before it can be read, and one that isn't an image may never end.
import { displayText, formatSize, LayerscopeError } from '#model';
import { detectCompression } from '../blob/compression.ts';
import { OuterScan } from './outer-scan.ts';

const BLOCK_BYTES = 512;
/**
 * Number of zeros after which a device is refused. An empty tar is all zeros too, but only two blocks, padded to a record of 10 KiB or
 * whatever size its writer chose.
 */
const MAX_ZERO_BYTES = 4 * 1024 * 1024;

/** Examines the start of a stream. Pass it every piece. */
export class StreamStart {
  readonly #title: string;
  readonly #isDevice: boolean;
  readonly #head = new Uint8Array(BLOCK_BYTES);
  #length = 0;
  #zeroBytes = 0;
  #isOpen = true;

  /** With `isDevice`, zeros are refused after a while, because a device may send them forever. */
  constructor(title: string, isDevice: boolean) {
    this.#title = title;
    this.#isDevice = isDevice;
  }

  /**
   * Takes the next piece. Returns false if no image starts like this, so that the rest of the stream isn't needed. Throws NOT_AN_IMAGE for
   * a device's zeros, which would otherwise be taken for an empty tar.
   */
  take(bytes: Uint8Array): boolean {
    if (!this.#isOpen) return true;
    if (this.#length < BLOCK_BYTES) {
      const part = bytes.subarray(0, BLOCK_BYTES - this.#length);
      this.#head.set(part, this.#length);
      this.#length += part.length;
      if (this.#length < BLOCK_BYTES) return true;
    }
    if (this.#isDevice && isZero(this.#head) && isZero(bytes)) {
      this.#zeroBytes += bytes.length;
      if (this.#zeroBytes <= MAX_ZERO_BYTES) return true;
      throw new LayerscopeError(
        'NOT_AN_IMAGE',
        `${displayText(this.#title)} has nothing but zeros in its first ${formatSize(MAX_ZERO_BYTES)}`,
      );
    }
    this.#isOpen = false;
    return isZero(this.#head) || detectCompression(this.#head) !== 'none' || isTarHeader(this.#head);
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Whether a block can begin a tar. The tar reader decides, so that a stream is refused only if a file with the same start would be. */
function isTarHeader(block: Uint8Array): boolean {
  const { reader } = new OuterScan(block.length).indexer;
  try {
    reader.push(block);
    return true;
  } catch {
    return false;
  }
}
