// The compiled stand-in (vmcompute.c), called by koffi as the product calls Windows, and its controls for tests.
import koffi from 'koffi';
import { Calls } from '../../src/driver/windows/ffi/calls.ts';
import { NativeLayers } from '../../src/driver/windows/ffi/layers.ts';
import type { LibraryFiles } from '../../src/driver/windows/ffi/load.ts';

export class StandIn {
  readonly files: LibraryFiles;
  readonly calls: Calls;
  readonly layers: NativeLayers;
  readonly #failAt: (call: number, hresult: number, after: number) => void;
  readonly #held: () => number;
  readonly #count: () => number;
  readonly #log: (buffer: Buffer | null, room: number) => number;
  readonly #logOnly: (on: number) => void;
  readonly #forget: () => void;
  readonly #baseImages: (json: string) => void;

  /** `library`: the compiled file. All who load it share its state. */
  constructor(library: string) {
    // Under Wine the file calls are Wine's own; elsewhere all calls are the stand-in's.
    this.files =
      process.platform === 'win32'
        ? { vmcompute: library, backup: library }
        : { vmcompute: library, backup: library, ole32: library, kernel32: library };
    this.calls = new Calls(this.files);
    this.layers = new NativeLayers(this.calls);
    const handle = koffi.load(library);
    this.#failAt = handle.func('StandInFailAt', 'void', ['int', 'int32', 'int']);
    this.#held = handle.func('StandInHeld', 'int', []);
    this.#count = handle.func('StandInCalls', 'int', []);
    this.#log = handle.func('StandInLog', 'int', ['void*', 'int']);
    this.#logOnly = handle.func('StandInLogOnly', 'void', ['int']);
    this.#forget = handle.func('StandInForget', 'void', []);
    this.#baseImages = handle.func('StandInBaseImages', 'void', ['str16']);
    this.reset();
  }

  /** Resets everything: nothing fails, nothing is held, the log is empty. */
  reset(): void {
    this.#failAt(-1, 0, 0);
    this.#forget();
    this.#logOnly(0);
    this.log();
  }

  /** Makes the call of that number from now on (0 is the next) fail, before or after it takes effect. */
  failAt(call: number, after: boolean, hresult = 0x8007001f | 0): void {
    this.#failAt(call, hresult, after ? 1 : 0);
  }

  /** Number of calls since the last {@link failAt}. */
  get count(): number {
    return this.#count();
  }

  /** Number of active and prepared layers, unfreed strings and open backup contexts. */
  get held(): number {
    return this.#held();
  }

  /** Returns and clears the log, a line for each call. */
  log(): string[] {
    const buffer = Buffer.alloc(this.#log(null, 0));
    if (buffer.length === 0) return [];
    this.#log(buffer, buffer.length);
    return buffer.toString().trimEnd().split('\n');
  }

  /** Makes calls succeed and be logged without any effect. */
  logOnly(): void {
    this.#logOnly(1);
  }

  /** Simulates a crash: Windows forgets what was active. */
  crash(): void {
    this.#forget();
  }

  setBaseImages(json: string): void {
    this.#baseImages(json);
  }
}
