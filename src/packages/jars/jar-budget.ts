import { LayerscopeError } from '#model';

/**
 * Limits for all jars of an image together, in addition to the limits for each jar. They are needed because small jars can contain the same
 * large jar thousands of times.
 */
export class JarBudget {
  #nested = 40_000;
  #entries = 5_000_000;
  #inflated = 2 * 1024 * 1024 * 1024;
  #text = 256 * 1024 * 1024;

  /** Counts what is about to be read. Once a limit is exceeded, every call throws TOO_LARGE. */
  take({ nested = 0, entries = 0, inflated = 0, text = 0 }): void {
    this.#nested -= nested;
    this.#entries -= entries;
    this.#inflated -= inflated;
    this.#text -= text;
    if (this.#nested < 0 || this.#entries < 0 || this.#inflated < 0 || this.#text < 0)
      throw new LayerscopeError('TOO_LARGE', 'the image’s jars have too much in them: this one was not read to its end');
  }
}
