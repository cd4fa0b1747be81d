// Runs one verb: `node verb-worker.ts` prints `ready`, reads a line of JSON with the verb from standard input, and prints `done`.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Place } from './place.ts';
import { LEFT_MOUNT, VERBS } from './verbs.ts';

export interface VerbRequest {
  readonly verb: string;
  readonly place: Place;
}

writeSync(1, 'ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { verb, place } = JSON.parse(line) as VerbRequest;
  await (VERBS[verb] ?? LEFT_MOUNT).run(place);
  writeSync(1, 'done\n');
}
