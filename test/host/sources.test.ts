// Opening images by name through the host: when it is forbidden, and which names are remembered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamedImages } from '#engine';
import { LayerscopeError } from '#model';
import { fakeHost } from '../support/fake-services.ts';

/** Returns a stand-in that opens nothing and records every call in `asked`. */
function fakeNames(): NamedImages & { readonly asked: unknown[]; fails: boolean } {
  const asked: unknown[] = [];
  const names = {
    asked,
    fails: false,
    list: async (engine: string) => {
      asked.push(engine);
      return { images: [], total: 0, places: [], problems: [] };
    },
    look: async (reference: string) => {
      asked.push(reference);
      return { source: 'registry', platforms: [] };
    },
    open: (reference: string, platform: string | null, onOpened = () => {}) => {
      asked.push([reference, platform]);
      if (names.fails) throw new LayerscopeError('USAGE', 'wrong');
      onOpened();
      return 'j1';
    },
  };
  return names;
}

test('without image sources, every operation on names is forbidden, and the page knows in advance', async () => {
  const { host } = fakeHost();
  const sender = host.admit();
  for (const [name, input] of [
    ['sources.list', { engine: 'docker' }],
    ['sources.look', { reference: 'app:1' }],
    ['sources.open', { reference: 'app:1', platform: null }],
    ['sources.recent', {}],
    ['sources.forget', {}],
  ] as const) {
    const answer = await host.handle(sender, name, input);
    assert.ok(!answer.ok && answer.error.code === 'FORBIDDEN' && answer.error.message.includes('--allow-sources'), name);
  }
  const info = await host.handle(sender, 'app.info', {});
  assert.ok(info.ok && (info.value as { opensNames: boolean }).opensNames === false);
});

test('opened names are remembered, the most recent first, and forgotten with the recent files', async () => {
  const names = fakeNames();
  const { host } = fakeHost({ names });
  const sender = host.admit();
  const recent = async () => host.handle(sender, 'sources.recent', {});
  for (const reference of ['a:1', 'b:1', 'a:1']) await host.handle(sender, 'sources.open', { reference, platform: 'linux/amd64' });
  assert.deepEqual(await recent(), { ok: true, value: { references: ['a:1', 'b:1'] } });
  assert.deepEqual(names.asked.at(-1), ['a:1', 'linux/amd64']);
  names.fails = true;
  await host.handle(sender, 'sources.open', { reference: 'c:1', platform: null });
  await host.handle(sender, 'files.forget', {});
  assert.deepEqual(await recent(), { ok: true, value: { references: [] } });
});

test('the list of recent names doesn’t contact any source, and has at most twelve names', async () => {
  const names = fakeNames();
  const { host } = fakeHost({ names });
  const sender = host.admit();
  for (let number = 0; number < 20; number++) await host.handle(sender, 'sources.open', { reference: `app:${number}`, platform: null });
  const before = names.asked.length;
  const answer = await host.handle(sender, 'sources.recent', {});
  assert.ok(answer.ok);
  const { references } = answer.value as { references: readonly string[] };
  assert.deepEqual([references.length, references[0], names.asked.length], [12, 'app:19', before]);
});
