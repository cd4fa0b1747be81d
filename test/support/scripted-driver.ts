// A driver with only the methods that a test provides.
import type { GraphDriver } from '../../src/driver/driver.ts';

export function scriptedDriver(methods: Partial<GraphDriver> = {}): GraphDriver {
  const unexpected = async (): Promise<never> => {
    throw new Error('the test did not expect this call');
  };
  // biome-ignore lint/correctness/useYield: it throws when read
  const unexpectedItems = async function* (): AsyncGenerator<never> {
    throw new Error('the test did not expect this call');
  };
  return {
    name: 'windowsfilter',
    home: '/home/of/layers',
    status: unexpected,
    list: unexpected,
    exists: unexpected,
    create: unexpected,
    createReadWrite: unexpected,
    remove: unexpected,
    mount: unexpected,
    diff: unexpectedItems,
    changes: unexpectedItems,
    applyDiff: unexpected,
    diffSize: unexpected,
    chain: unexpected,
    metadata: unexpected,
    files: unexpected,
    baseImages: unexpected,
    adoptBaseImage: unexpected,
    cleanup: unexpected,
    [Symbol.asyncDispose]: async () => {},
    ...methods,
  };
}
