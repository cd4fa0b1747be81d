// A reporter for Node's test runner that writes only failed tests, with file and error, for a summary after longer output.
import { inspect } from 'node:util';

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly file?: string;
    readonly details?: { readonly error?: Error & { readonly failureType?: string; readonly cause?: unknown } };
  };
}

// biome-ignore lint/style/noDefaultExport: Node takes a reporter by its default export
export default async function* failures(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    const error = data.details?.error;
    // A test that failed because of a subtest adds nothing.
    if (type !== 'test:fail' || error?.failureType === 'subtestsFailed') continue;
    yield `✖ ${data.name}\n  ${data.file ?? ''}\n${inspect(error?.cause ?? error).replace(/^/gm, '  ')}\n`;
  }
}
