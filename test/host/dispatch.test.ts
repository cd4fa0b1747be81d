import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Envelope, RowPage } from '#contract';
import { OPERATION_NAMES } from '#contract/schemas';
import { fakeHost } from '../support/fake-services.ts';

function codeOf(envelope: Envelope<unknown>): string {
  return envelope.ok ? 'ok' : envelope.error.code;
}

const page = { archiveId: 'a1', image: 0, from: 0, to: 1, start: 0, count: 2_000 };

test('an admitted sender gets a reply', async () => {
  const { host } = fakeHost();
  const answer = await host.handle(host.admit(), 'app.info', {});
  assert.deepEqual(answer, {
    ok: true,
    value: { version: '1.2.3', host: 'web', system: 'linux', elevated: false, sample: 'sample.tar', opensNames: false },
  });
});

test('a message’s sender is checked first', async () => {
  const { host } = fakeHost();
  const other = fakeHost().host.admit();
  const gone = host.admit();
  await host.dismiss(gone);
  for (const sender of [null, undefined, 1, 'x', {}, { number: 1 }, other, gone]) {
    assert.equal(codeOf(await host.handle(sender, 'no.such', { bad: 1 })), 'FORBIDDEN');
    assert.throws(() => host.subscribe(sender, 'no.such' as 'jobs', () => {}), /unknown sender/);
  }
});

test('the name is checked before the input, and the input before the grant', async () => {
  const { host } = fakeHost();
  const sender = host.admit();
  const noName = await host.handle(sender, 'no.such', { bad: 1 });
  assert.deepEqual(noName, { ok: false, error: { code: 'BAD_REQUEST', message: 'no such operation' } });
  const noInput = await host.handle(sender, 'archive.open', { grant: 'f'.repeat(32), more: 1 });
  assert.equal(codeOf(noInput), 'BAD_REQUEST');
  assert.equal(codeOf(await host.handle(sender, 'archive.open', { grant: 'f'.repeat(32) })), 'FORBIDDEN');
});

test('a page contains only its own rows', async () => {
  const { host, library } = fakeHost();
  const answer = await host.handle(host.admit(), 'image.changes', page);
  assert.ok(answer.ok);
  const { total, rows } = answer.value as RowPage;
  assert.deepEqual([total, rows.length], [5_000, 2_000]);
  assert.equal(library.asked.length, 1);
});

test('an error keeps its code; an internal error is logged with its stack and hidden from the sender', async () => {
  const { host, logged } = fakeHost();
  const sender = host.admit();
  const missing = await host.handle(sender, 'image.changes', { ...page, archiveId: 'a2' });
  assert.deepEqual(missing, { ok: false, error: { code: 'NOT_FOUND', message: 'no such archive is open' } });
  assert.equal(logged.length, 0);
  const defect = await host.handle(sender, 'entry.raw', { archiveId: 'a1', image: 0, layer: 0, pathHex: '61' });
  assert.equal(codeOf(defect), 'INTERNAL');
  assert.doesNotMatch(JSON.stringify(defect), /secret|\.ts/);
  assert.match(logged[0] ?? '', /secret\/path[\s\S]*fake-services\.ts/);
});

test('the raw path reaches the library as bytes', async () => {
  const { host, library } = fakeHost();
  const input = { archiveId: 'a1', image: 0, layer: 2, pathHex: 'e4ff2f00', offset: 0, length: 4 };
  assert.equal(codeOf(await host.handle(host.admit(), 'entry.content', input)), 'ok');
  assert.deepEqual((library.asked[0] as { path: Uint8Array }).path, Uint8Array.of(0xe4, 0xff, 0x2f, 0));
});

test('operations that this kind of window doesn’t offer are forbidden', async () => {
  const { host } = fakeHost();
  const sender = host.admit();
  assert.equal(codeOf(await host.handle(sender, 'files.choose', { what: 'files' })), 'FORBIDDEN');
  assert.equal(codeOf(await host.handle(sender, 'files.expect', { name: 'x', sizeBytes: 1 })), 'FORBIDDEN');
});

test('an export is downloaded once, or saved where the user chooses if the window has a save dialog', async () => {
  const { host, library } = fakeHost();
  const sender = host.admit();
  const input = { what: 'entry', archiveId: 'a1', image: 0, layer: 2, pathHex: 'e4' };
  const answer = await host.handle(sender, 'export.start', input);
  assert.ok(answer.ok);
  const { jobId, download } = answer.value as { jobId: string | null; download: string };
  assert.equal(jobId, null);
  assert.match(download, /^[0-9a-f]{32}$/);
  assert.throws(() => host.download('f'.repeat(32)), { code: 'FORBIDDEN' });
  assert.equal(host.download(download).name, "a 'name'.tar");
  assert.throws(() => host.download(download), { code: 'FORBIDDEN' });
  assert.deepEqual((library.asked[0] as { entry: { path: Uint8Array } }).entry.path, Uint8Array.of(0xe4));
  const again = await host.handle(sender, 'export.start', input);
  await host.dismiss(sender);
  assert.throws(() => host.download((again as { value: { download: string } }).value.download), { code: 'FORBIDDEN' });

  for (const [target, expected] of [
    ['/somewhere/x', 'j9'],
    [null, null],
  ] as const) {
    const asked: string[] = [];
    const desktop = fakeHost({
      chooseTarget: async (_sender, name) => {
        asked.push(name);
        return target;
      },
    });
    const reply = await desktop.host.handle(desktop.host.admit(), 'export.start', input);
    assert.deepEqual(reply, { ok: true, value: { jobId: expected, download: null, name: null, leftOut: 0 } });
    assert.deepEqual(asked, ["a 'name'.tar"]);
  }
});

test('recent files are listed, granted by index and name, and cleared; without a list of recent files, none are listed', async () => {
  let files = [{ path: '/home/me/one.tar', name: 'one.tar' }];
  const opened: string[] = [];
  const recentFiles = {
    list: () => files,
    opened: ({ path }: { path: string }) => void opened.push(path),
    forget: () => {
      files = [];
    },
  };
  const { host } = fakeHost({ recentFiles });
  const sender = host.admit();
  assert.deepEqual(await host.handle(sender, 'files.recent', {}), {
    ok: true,
    value: { files: [{ name: 'one.tar', folder: '/home/me' }] },
  });
  assert.equal(codeOf(await host.handle(sender, 'files.again', { index: 0, name: 'two.tar' })), 'NOT_FOUND');
  const again = await host.handle(sender, 'files.again', { index: 0, name: 'one.tar' });
  assert.ok(again.ok);
  assert.equal(codeOf(await host.handle(sender, 'archive.open', { grant: (again.value as { grant: string }).grant })), 'ok');
  assert.deepEqual(opened, ['/home/me/one.tar']);
  await host.handle(sender, 'files.forget', {});
  assert.equal(codeOf(await host.handle(sender, 'files.again', { index: 0, name: 'one.tar' })), 'NOT_FOUND');
  const { host: without } = fakeHost();
  assert.deepEqual(await without.handle(without.admit(), 'files.recent', {}), { ok: true, value: { files: [] } });
});

test('opening a sample that is not installed is NOT_FOUND', async () => {
  const { host } = fakeHost({ sample: null });
  assert.equal(codeOf(await host.handle(host.admit(), 'app.sample', {})), 'NOT_FOUND');
});

test('any message gets an envelope in reply', async () => {
  const { host } = fakeHost();
  const sender = host.admit();
  const name = fc.oneof(fc.constantFrom(...OPERATION_NAMES), fc.anything());
  const input = fc.oneof(
    fc.anything({ withNullPrototype: true }),
    fc.record(
      {
        archiveId: fc.string(),
        image: fc.nat(3),
        layer: fc.nat(3),
        pathHex: fc.string(),
        grant: fc.string(),
        jobId: fc.constantFrom('j1', 'j2'),
      },
      { requiredKeys: [] },
    ),
  );
  await fc.assert(
    fc.asyncProperty(name, input, async (anyName, anyInput) => {
      const envelope = await host.handle(sender, anyName, anyInput);
      assert.equal(typeof envelope.ok, 'boolean');
      if (!envelope.ok) assert.doesNotMatch(envelope.error.message, /[\n\r]/);
    }),
    { numRuns: 500 },
  );
});
