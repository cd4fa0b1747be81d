import { LayerscopeError } from '#model';

/** For `assert.rejects` and `assert.throws`: checks for a LayerscopeError with that code and a one-line message. */
export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LayerscopeError && error.code === code && !/[\r\n]/.test(error.message);
}

/** Findings about what was read. Leaves out findings about waste and modes, which a sound image may have too. */
export function faultsIn<T extends { readonly code: string }>(findings: readonly T[]): T[] {
  return findings.filter(({ code }) => !/^(?:waste|mode)-/.test(code));
}
