import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { writePieces } from '#files';

const MIB = 1024 * 1024;

test('pieces are written in order even if their memory is reused, with one buffer for all, or two that alternate', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-pieces-'));
  t.after(() => rm(folder, { recursive: true }));
  const buffers = [Buffer.alloc(3 * MIB), Buffer.alloc(3 * MIB)];
  const alone = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 25; i++) yield (buffers[0] as Buffer).fill(i).subarray(0, i === 24 ? 7 : undefined);
  };
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 25; i++) yield (buffers[i % 2] as Buffer).fill(i).subarray(0, i === 24 ? 7 : undefined);
  };
  for (const [name, areKept, used] of [
    ['two', true, pieces()],
    ['one', false, alone()],
  ] as const) {
    await using handle = await open(path.join(folder, name), 'wx');
    assert.equal(await writePieces(handle, used, { areKept }), 24 * 3 * MIB + 7);
    const written = await readFile(path.join(folder, name));
    assert.equal(written.length, 24 * 3 * MIB + 7);
    for (let i = 0; i < 25; i++)
      assert.ok(written.subarray(i * 3 * MIB, (i + 1) * 3 * MIB).equals(Buffer.alloc(i === 24 ? 7 : 3 * MIB, i)), name);
  }
});

test('a full device is reported, even for the last piece', { skip: process.platform !== 'linux' }, async () => {
  for (const count of [1, 3]) {
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < count; i++) yield Buffer.alloc(10);
    };
    await using handle = await open('/dev/full', 'w');
    await assert.rejects(writePieces(handle, pieces()), { code: 'ENOSPC' });
  }
});

test('an error in the pieces is reported after the current write has ended', async () => {
  const steps: string[] = [];
  const handle = {
    write: (bytes: Uint8Array) =>
      new Promise((resolve) => {
        setImmediate(() => {
          steps.push('written');
          resolve({ bytesWritten: bytes.length });
        });
      }),
  } as never;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1);
    throw new Error('no more');
  };
  await writePieces(handle, pieces()).catch((error: Error) => steps.push(error.message));
  assert.deepEqual(steps, ['written', 'no more']);
});
