// Large images opened by name take no more memory than small ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeEngine } from '../support/fake-engine.ts';
import { archiveOf, digestOf, dockerArchive } from '../support/image-builder.ts';
import { measureCommand } from '../support/peak-memory.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const MIB = 1024 * 1024;

test('an image of hundreds of megabytes takes no more memory through an engine’s API than a small one', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, async (t) => {
  const { engine, socket } = await fakeEngine(t);
  const peaks: number[] = [];
  for (const bytes of [1, 300 * MIB]) {
    const archive = archiveOf(dockerArchive([{ layers: [tar(file('big', new Uint8Array(bytes)))], tags: ['app:1'] }]));
    engine.images.splice(0, 1, { id: digestOf(Buffer.from(String(bytes))), names: ['app:1'], archive });
    const env = { DOCKER_HOST: `unix://${socket}`, CONTAINER_HOST: 'unix:///none' };
    const { code, peakBytes, stderr } = await measureCommand(testFolder(t), ['inspect', 'docker:app:1', '--json'], {
      signal: t.signal,
      env,
    });
    assert.equal(code, 0, stderr);
    peaks.push(peakBytes);
  }
  const [small = 0, large = 0] = peaks;
  assert.ok(large - small < 128 * MIB, `${Math.round(small / MIB)} MiB, then ${Math.round(large / MIB)} MiB`);
});
