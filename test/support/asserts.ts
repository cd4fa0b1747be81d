import { LayerscopeError } from '#model';

/** For `assert.rejects` and `assert.throws`: an error of the program's own, of that code, with a message of one line. */
export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LayerscopeError && error.code === code && !/[\r\n]/.test(error.message);
}
