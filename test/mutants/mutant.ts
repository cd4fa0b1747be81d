/**
 * Where the tests run: `unit`, `formats` and `portable` anywhere, `gcc` on the stand-in for vmcompute.dll as a shared object, `wine` in
 * Windows' node.exe.
 */
type Suite = 'unit' | 'gcc' | 'wine' | 'formats' | 'portable';

export interface Mutant {
  readonly id: string;
  /** What the fault does. */
  readonly what: string;
  readonly file: string;
  /** The text to replace, which must occur exactly once in the file. */
  readonly search: string;
  readonly replace: string;
  readonly suite: Suite;
  /** The test files that should notice the fault, in the order in which they run; `wine:NAME` is one of `npm run test:wine`. */
  readonly tests: readonly string[];
  /** Whether the fault is in the sample that every commit is tested with. */
  readonly short?: true;
}
