// What commands do with an image whose layers can't be read to the end: they show the rest, warn, and exit as cli.md says.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { dockerArchive } from '../support/docker-archive.ts';
import { pack } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const LOWER = tar(file('a', 'a'.repeat(5000)), file('b', 'b'.repeat(300)));
/** Bytes that don't compress, so that a compressed layer is long enough to be cut. */
const NOISE = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (Math.imul(Math.imul(at, at) + 7, 0x9e3779b1) >>> 13) & 0xff));
const UPPER = tar(file('a', 'A'.repeat(5000)), file('c', NOISE));

/** Flips a bit in the middle. */
function corrupt(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length >> 1] = (copy[copy.length >> 1] as number) ^ 0x10;
  return copy;
}

const imageOf = (...layers: Uint8Array[]) => dockerArchive({ name: 'app:1', layers });

/** Images whose upper layer is damaged, by the kind of damage. */
const DAMAGED: Readonly<Record<string, Uint8Array>> = {
  truncated: imageOf(LOWER, UPPER.subarray(0, 20_000)),
  'truncated gzip': imageOf(LOWER, pack(UPPER, 'gzip').subarray(0, 9000)),
  'corrupt gzip': imageOf(LOWER, corrupt(pack(UPPER, 'gzip'))),
  'truncated zstd': imageOf(LOWER, pack(UPPER, 'zstd').subarray(0, 9000)),
  'corrupt zstd': imageOf(LOWER, corrupt(zstdCompressSync(UPPER, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }))),
  'not a tar': imageOf(LOWER, Buffer.alloc(5000, 'x')),
};

function benchOf(t: TestContext, bytes: Uint8Array) {
  const bench = createBench(t);
  bench.write('image.tar', bytes);
  bench.write('whole.tar', imageOf(LOWER, UPPER));
  return bench;
}

for (const [what, bytes] of Object.entries(DAMAGED)) {
  test(`${what}: reading commands show the rest and exit with 0, checks fail with 1, and commands that need the layer with 3`, async (t) => {
    const bench = benchOf(t, bytes);
    const codes = async (...commands: string[]) => {
      const found: Record<string, number | null> = {};
      for (const command of commands) {
        const { code, stderr } = await bench.cli(command.split(' '));
        found[command] = code;
        assert.doesNotMatch(stderr, /INTERNAL|\n {4}at /, command);
      }
      return found;
    };
    const expected = (code: number, ...commands: string[]) => Object.fromEntries(commands.map((command) => [command, code]));
    const reading = [
      'ls image.tar',
      'changes image.tar --layer 1',
      'waste image.tar',
      'waste image.tar --rewritten',
      'waste image.tar --if all',
      'diff image.tar whole.tar',
      'diff whole.tar image.tar --markdown',
      'diff image.tar image.tar --exit-code',
    ];
    assert.deepEqual(await codes(...reading), expected(0, ...reading));
    const checks = ['check image.tar --no-scan', 'diff image.tar whole.tar --exit-code'];
    assert.deepEqual(await codes(...checks), expected(1, ...checks));
    // These options rewrite the damaged layer, so what can't be read would be lost.
    const needing = ['waste image.tar --if merge-removals,zstd --to one.tar', 'waste image.tar --if squash=0 --to two.tar'];
    assert.deepEqual(await codes(...needing), expected(3, ...needing));
    const { code, stdout } = await bench.cli(['waste', 'image.tar', '--if', 'zstd', '--pack']);
    assert.equal(code, 0);
    assert.match(stdout, /can't be written: layer 1 is damaged\n$/);
    for (const command of ['waste image.tar', 'diff image.tar whole.tar', 'ls image.tar']) {
      assert.match((await bench.cli(command.split(' '))).stderr, /^layerscope: warning: layer 1 is damaged /m, command);
    }
    assert.match((await bench.cli(['check', 'image.tar'])).stdout, /^FAIL {2}layers .*layer 1 is damaged/m);
  });
}

test('images with unreadable layers are not reported as equal', async (t) => {
  const bench = createBench(t);
  for (const letter of ['x', 'y']) bench.write(`${letter}.tar`, imageOf(LOWER, Buffer.alloc(5000, letter)));
  const both = await bench.cli(['diff', 'x.tar', 'y.tar', '--exit-code', '--no-config']);
  assert.deepEqual([both.code, both.stdout], [1, 'no difference in what could be read\n']);
  const same = await bench.cli(['diff', 'x.tar', 'x.tar', '--exit-code']);
  assert.deepEqual([same.code, same.stdout], [0, 'no difference\n']);
  // The layers below the damaged ones are intact.
  const below = await bench.cli(['diff', 'x.tar#0', 'y.tar#0', '--exit-code']);
  assert.deepEqual([below.code, below.stdout], [0, 'no difference\n']);
});
