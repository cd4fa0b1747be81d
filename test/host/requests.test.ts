// Files that a window is asked to open, as when the program starts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGrants } from '../../src/host/grants.ts';
import { createRequests } from '../../src/host/requests.ts';
import { hasCode } from '../support/asserts.ts';

test('if more files are given than may wait, only the first are requested, and the window gets them', async () => {
  const requests = createRequests(createGrants());
  const sender = { number: 1 } as never;
  const told: number[] = [];
  const end = requests.subscribe(sender, ({ open }) => told.push(open.length));
  const files = Array.from({ length: 1_001 }, (_, at) => ({ path: `/tmp/${at}`, name: `${at}` }));
  assert.throws(() => requests.add(sender, files), hasCode('TOO_LARGE'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told.at(-1), 1_000);
  end();
});
