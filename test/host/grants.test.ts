import assert from 'node:assert/strict';
import test from 'node:test';
import type { Envelope, FileGrant, Topics } from '#contract';
import { createGrants } from '#host';
import { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { fakeHost } from '../support/fake-services.ts';

const isForbidden = hasCode('FORBIDDEN');

function codeOf(envelope: Envelope<unknown>): string {
  return envelope.ok ? 'ok' : envelope.error.code;
}

/** Creates a file that counts its releases. */
function countedFile() {
  const file = {
    path: '/tmp/x',
    name: 'x.tar',
    released: 0,
    release: async (): Promise<void> => {
      file.released++;
    },
  };
  return file;
}

test('a grant opens its file once', async () => {
  const { host, library } = fakeHost();
  const sender = host.admit();
  const sample = await host.handle(sender, 'app.sample', {});
  assert.ok(sample.ok);
  const { grant, name } = sample.value as FileGrant;
  assert.match(grant, /^[0-9a-f]{32}$/);
  assert.equal(name, 'sample.tar');
  assert.deepEqual(await host.handle(sender, 'archive.open', { grant }), { ok: true, value: { jobId: 'j1' } });
  assert.deepEqual(library.opened, [{ path: '/somewhere/sample.tar', title: 'sample.tar' }]);
  assert.equal(codeOf(await host.handle(sender, 'archive.open', { grant })), 'FORBIDDEN');
});

test('a sender can’t use another’s grant, nor use it up', async () => {
  const { host } = fakeHost();
  const [owner, thief] = [host.admit(), host.admit()];
  const { grant } = host.grants.give(owner, { path: '/x', name: 'x' });
  assert.equal(codeOf(await host.handle(thief, 'archive.open', { grant })), 'FORBIDDEN');
  assert.equal(codeOf(await host.handle(owner, 'archive.open', { grant })), 'ok');
});

test('a reserved grant is invalid until its file is supplied', () => {
  const grants = createGrants();
  const sender = { number: 1 };
  const { grant } = grants.reserve(sender, 'x');
  assert.throws(() => grants.take(sender, grant), isForbidden);
  assert.equal(grants.fulfil(grant, countedFile()), true);
  assert.equal(grants.take(sender, grant).path, '/tmp/x');
  assert.equal(grants.fulfil(grant, countedFile()), false);
});

test('dismissing a sender revokes its grants and releases their files once', async () => {
  const { host } = fakeHost();
  const sender = host.admit();
  const [kept, used] = [countedFile(), countedFile()];
  host.grants.give(sender, kept);
  const { grant } = host.grants.give(sender, used);
  await host.handle(sender, 'archive.open', { grant });
  await host.dismiss(sender);
  assert.deepEqual([kept.released, used.released], [1, 0]); // the library owns the used one
  assert.throws(() => host.grants.take(sender, grant), isForbidden);
});

test('a grant that can’t be opened releases its file', async () => {
  const file = countedFile();
  const { host, library } = fakeHost();
  library.open = () => {
    throw new LayerscopeError('TOO_LARGE', 'too many jobs are waiting');
  };
  const sender = host.admit();
  const { grant } = host.grants.give(sender, file);
  assert.equal(codeOf(await host.handle(sender, 'archive.open', { grant })), 'TOO_LARGE');
  assert.equal(file.released, 1);
});

test('the number of unused grants is limited', () => {
  const grants = createGrants();
  const sender = { number: 1 };
  assert.throws(() => {
    for (let i = 0; i < 2_000; i++) grants.give(sender, { path: '/x', name: 'x' });
  }, hasCode('TOO_LARGE'));
  assert.ok(grants.give({ number: 2 }, { path: '/x', name: 'x' }));
});

test('a window is asked to open its own files until it has opened them', async () => {
  const { host } = fakeHost();
  const [asked, other] = [host.admit(), host.admit()];
  host.request(asked, [{ path: '/a.tar', name: 'a.tar' }]);
  const states: Topics['requests'][] = [];
  host.subscribe(asked, 'requests', (state) => states.push(state));
  host.subscribe(other, 'requests', ({ open }) => assert.deepEqual(open, []));
  const grant = states[0]?.open[0]?.grant ?? '';
  assert.deepEqual(states, [{ open: [{ grant, name: 'a.tar' }] }]);
  assert.equal(codeOf(await host.handle(other, 'archive.open', { grant })), 'FORBIDDEN');
  assert.equal(codeOf(await host.handle(asked, 'archive.open', { grant })), 'ok');
  await new Promise(setImmediate);
  assert.deepEqual(states.at(-1), { open: [] });
});

test('subscriptions end with their sender', async () => {
  const { host, library } = fakeHost();
  const sender = host.admit();
  const states: unknown[] = [];
  host.subscribe(sender, 'library', (state) => states.push(state));
  assert.deepEqual(states, [{ archives: [] }]);
  await host.dismiss(sender);
  library.change([]);
  assert.equal(states.length, 1);
});
