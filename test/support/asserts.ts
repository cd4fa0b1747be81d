import { LayerscopeError } from '#model';

/** For `assert.rejects` and `assert.throws`: checks for a LayerscopeError with that code and a one-line message. */
export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LayerscopeError && error.code === code && !/[\r\n]/.test(error.message);
}
