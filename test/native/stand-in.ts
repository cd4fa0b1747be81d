// The compiled stand-in for vmcompute.dll (vmcompute.c), called through koffi as the product calls Windows, and its controls for tests.
import koffi from 'koffi';
import { Calls } from '../../src/driver/windows/ffi/calls.ts';
import { NativeLayers } from '../../src/driver/windows/ffi/layers.ts';
import type { LibraryFiles } from '../../src/driver/windows/ffi/load.ts';
import type { Privilege } from '../../src/driver/windows/native.ts';

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
  readonly #failNext: (call: string, count: number, hresult: number) => void;
  readonly #inUse: (path: string) => number;
  /** Null on Windows, which has its own token and files. */
  readonly #token: ((held: number) => void) | null;
  readonly #shield: ((path: string) => void) | null;
  readonly #openHandles: (() => number) | null;

  /** `library`: the compiled file. Everything that loads the library shares its state. */
  constructor(library: string) {
    // On Windows and under Wine, only the layer calls and the backup functions are the stand-in's; elsewhere all calls are.
    this.files =
      process.platform === 'win32'
        ? { vmcompute: library, backup: library }
        : { vmcompute: library, backup: library, ole32: library, kernel32: library, ntdll: library, advapi32: library };
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
    this.#failNext = handle.func('StandInFailNext', 'void', ['str16', 'int', 'int32']);
    this.#inUse = handle.func('StandInInUse', 'int', ['str16']);
    const isOwn = process.platform !== 'win32';
    this.#token = isOwn ? handle.func('StandInToken', 'void', ['int']) : null;
    this.#shield = isOwn ? handle.func('StandInShield', 'void', ['str16']) : null;
    this.#openHandles = isOwn ? handle.func('StandInOpenHandles', 'int', []) : null;
    this.reset();
  }

  /** Resets everything: nothing fails, nothing is held, the log is empty. */
  reset(): void {
    this.#failAt(-1, 0, 0);
    this.#failNext('', 0, 0);
    this.#forget();
    this.#logOnly(0);
    this.setToken(['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege']);
    this.log();
  }

  /** Makes one call fail, before or after it takes effect. `call`: how many calls to let pass first. */
  failAt(call: number, after: boolean, hresult = 0x8007001f | 0): void {
    this.#failAt(call, hresult, after ? 1 : 0);
  }

  /** Makes the next `count` calls of a function fail, before they take effect. */
  failNext(call: string, count: number, win32: number): void {
    this.#failNext(call, count, 0x8007_0000 | win32 | 0);
  }

  /** Sets the privileges that the user holds. None of them is enabled. */
  setToken(held: readonly Privilege[]): void {
    const bits = { SeBackupPrivilege: 1, SeRestorePrivilege: 2, SeSecurityPrivilege: 4 } as const;
    this.#token?.(held.reduce((sum, name) => sum + bits[name], 0));
  }

  /** Denies access to a file or folder to everyone, as for Windows' own files; only the backup privileges grant access. */
  shield(file: string): void {
    this.#shield?.(file);
  }

  /** Number of open file handles. */
  get openHandles(): number {
    return this.#openHandles?.() ?? 0;
  }

  /** Whether a layer's folder has a volume in use, so that Windows refuses to rename it. */
  isInUse(folder: string): boolean {
    return this.#inUse(folder) !== 0;
  }

  /** Number of calls since the last {@link failAt}. */
  get count(): number {
    return this.#count();
  }

  /** The number of active and prepared layers, unfreed strings and open backup contexts. */
  get held(): number {
    return this.#held();
  }

  /** Returns and clears the log, one line per call. */
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
