import { LayerscopeError } from '#model';

/** Returns a check for `assert.rejects` and `assert.throws`: a LayerscopeError with that code and a one-line message. */
export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LayerscopeError && error.code === code && !/[\r\n]/.test(error.message);
}

/** Returns the findings about what was read. Leaves out findings about waste and modes, which a sound image may have too. */
export function faultsIn<T extends { readonly code: string }>(findings: readonly T[]): T[] {
  return findings.filter(({ code }) => !/^(?:waste|mode)-/.test(code));
}
