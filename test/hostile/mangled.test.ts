// Real archives with random damage, and files that aren't archives. Each gives an answer or a clear one-line error with a code. There is no
// stack trace, nothing hangs, and nothing is left behind.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ERROR_CODES } from '#model';
import { createBench, dockerArchive } from '../cli/run-cli.ts';
import { type CommandResult, runCommand } from '../support/command-line.ts';
import { directory, file, gnuSparse, hardlink, pax, paxSparse, symlink, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const SAMPLE = readFileSync(path.resolve(import.meta.dirname, '..', '..', 'assets', 'sample.tar'));

const LAYER = tar(
  directory('etc/'),
  file('etc/motd', 'hello\n'),
  pax({ path: 'long/'.repeat(40), 'SCHILY.xattr.user.a': 'b', mtime: '1.5' }),
  file('short', 'body'),
  gnuSparse('sparse', 4096, [[1024, 4]], 'data'),
  paxSparse('1.0', 'holes', 4096, [[512, 4]], 'data'),
  hardlink('again', 'etc/motd'),
  symlink('link', 'etc'),
  file('etc/.wh.gone', ''),
);

/** One valid input of each kind that the program opens. */
const INPUTS: Readonly<Record<string, Uint8Array>> = {
  sample: SAMPLE,
  'docker-archive': dockerArchive([[LAYER, tar(file('etc/motd', 'newer\n'))]]),
  layer: LAYER,
  'gzip layer': gzipSync(LAYER),
  'zstd layer': zstdCompressSync(LAYER),
  'gzip archive': gzipSync(dockerArchive([[LAYER]])),
};

/** Returns a generator of random numbers below a bound; the same seed gives the same numbers. */
function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function damaged(bytes: Uint8Array, next: (bound: number) => number): Uint8Array {
  const kind = next(5);
  if (kind === 0) return bytes.slice(0, next(bytes.length));
  const result = Uint8Array.from(bytes);
  if (kind === 1) for (let i = 0; i < 1 + next(4); i++) result[next(result.length)] = next(256);
  else if (kind === 2) result.fill(next(2) * 255, next(result.length), next(result.length));
  else if (kind === 3) {
    // Numbers in headers and JSON are digits, so changing digits changes what the archive claims.
    for (let i = 0, at = next(result.length); i < 600 && at < result.length; i++, at++) {
      const byte = result[at] as number;
      if (byte >= 0x30 && byte <= 0x37 && next(8) === 0) result[at] = 0x30 + next(8);
    }
  } else {
    const from = next(result.length);
    result.copyWithin(next(result.length), from, from + 512 * (1 + next(4)));
  }
  return result;
}

function assertClean(result: Pick<CommandResult, 'code' | 'stderr'>, what: string): void {
  assert.ok(result.code === 0 || result.code === 3, `${what}: exit ${result.code}: ${result.stderr}`);
  for (const line of result.stderr.split('\n').filter((text) => text !== '')) {
    assert.match(line, /^layerscope: (warning|[A-Z_]+): /, what);
    assert.doesNotMatch(line, /\bat .*\.(ts|js):\d+|node:internal/, what);
  }
  if (result.code !== 3) return;
  const last = result.stderr.trimEnd().split('\n').at(-1) ?? '';
  const code = /^layerscope: ([A-Z_]+): /.exec(last)?.[1];
  assert.ok(code !== undefined && (ERROR_CODES as readonly string[]).includes(code), `${what}: ${last}`);
  assert.notEqual(code, 'INTERNAL', `${what}: ${last}`);
}

function commandsFor(input: string, to: string): string[][] {
  return [
    ['inspect', input, '--json', '--verify'],
    ['changes', input, '--layer', '0', '--json'],
    ['ls', input, '--json'],
    ['raw', input, '--layer', '0', '--json'],
    ['cat', input, 'etc/motd'],
    ['check', input],
    ['diff', input, input, '--json'],
    ['export', input, '/', '--to', to],
  ];
}

async function tryAll(t: TestContext, bytes: Uint8Array, what: string, commands: (input: string, to: string) => string[][]): Promise<void> {
  const folder = testFolder(t);
  const input = path.join(folder, 'input');
  writeFileSync(input, bytes);
  for (const argv of commands(input, path.join(folder, 'to'))) {
    const result = await runCommand(argv);
    // `check` exits with 1 if a rule fails, which is an answer.
    assertClean(argv[0] === 'check' && result.code === 1 ? { ...result, code: 0 } : result, `${argv[0]} of ${what}`);
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== 'to'),
    ['input'],
    what,
  );
}

describe('damaged archives', { concurrency: false }, () => {
  for (const [name, bytes] of Object.entries(INPUTS)) {
    test(`${name}: each of sixty damaged copies gives an answer or a one-line error`, async (t) => {
      for (let seed = 1; seed <= 60; seed++) {
        const next = seeded(seed * 7919 + name.length);
        const commands = (input: string, to: string): string[][] => {
          const all = commandsFor(input, to);
          return [all[0] as string[], all[1 + next(all.length - 1)] as string[]];
        };
        await tryAll(t, damaged(bytes, next), `${name}, seed ${seed}`, commands);
      }
    });

    test(`${name}: every command answers or fails cleanly on the file cut off near its edges`, async (t) => {
      for (const length of [1, 257, 511, 512, 513, Math.floor(bytes.length / 2), bytes.length - 1]) {
        await tryAll(t, bytes.slice(0, length), `${name}, ${length} bytes`, commandsFor);
      }
    });
  }

  test('every command answers or fails cleanly on random bytes and on no bytes', async (t) => {
    for (const length of [0, 1, 511, 512, 4096, 100_000]) await tryAll(t, randomBytes(length), `${length} random bytes`, commandsFor);
  });

  test('the real program prints one line, leaves nothing in its folders, and puts only the answer on standard output', async (t) => {
    const bench = createBench(t);
    const next = seeded(20_261_125);
    const bad = {
      empty: new Uint8Array(0),
      random: new Uint8Array(randomBytes(5000)),
      ...Object.fromEntries(Object.entries(INPUTS).map(([name, bytes]) => [name.replace(' ', '-'), damaged(bytes, next)])),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      const input = bench.write(`${name}.tar`, bytes);
      for (const argv of [
        ['inspect', input],
        ['ls', input, '--json'],
      ]) {
        const result = await bench.cli(argv);
        assertClean({ code: result.code ?? -1, stderr: result.stderr }, `${argv[0]} of ${name}`);
        if (result.code === 3) assert.equal(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
      }
    }
    const outer = path.dirname(bench.folder);
    assert.deepEqual(
      readdirSync(outer).filter((name) => name !== 'work' && name !== 'cache'),
      [],
    );
    // Cached files are complete: none is still being written.
    for (const name of readdirSync(path.join(outer, 'cache'), { recursive: true, encoding: 'utf8' }))
      assert.doesNotMatch(name, /\.tmp|\.new|\.part/);
  });
});
