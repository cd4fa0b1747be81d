// `inspect --scan`, and the findings and reports of `check`.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { FINDING_SEVERITY, type Finding } from '#model';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { checkedToken, privateKey, randomText } from '../support/secret-samples.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const token = checkedToken('gh'.concat('p_'));
const password = randomText(20);

const IMAGE = archiveOf(
  dockerArchive([
    {
      layers: [
        tar(file('root/.ssh/id_rsa', privateKey('RSA ')), file('app/a.txt', `x\n${token}\n`), file('app/b\x1b[31m.txt', token)),
        tar(file('root/.ssh/.wh.id_rsa', '')),
      ],
      config: {
        config: { Env: [`DB_PASSWORD=${password}`] },
        history: [{ created_by: 'COPY . .' }, { created_by: `RUN |1 T=${token} /bin/sh -c x` }],
      },
    },
  ]),
);

const RULES = 'rules: {lowestEfficiency: off, highestUserWastedPercent: off}\n';

const findingsIn = (text: string): readonly Finding[] => JSON.parse(text).findings;
const brief = ({ code, layer, path: at, where }: Finding): string => [code, layer ?? '-', at ?? '-', where ?? '-'].join(' ');

test('inspect --scan shows where each secret is and whether it is visible, never the whole of it', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout } = await bench.cli(['inspect', 'image.tar', '--scan', '--json']);
  assert.equal(code, 0);
  const found = findingsIn(stdout).filter((each) => each.code.startsWith('secret-'));
  assert.deepEqual(found.map(brief), [
    'secret-env-password - - env',
    'secret-github-token 0 app/a.txt file',
    'secret-github-token 0 app/b\x1b[31m.txt file',
    'secret-private-key 0 root/.ssh/id_rsa file',
    'secret-github-token 1 - history',
  ]);
  const [variable, inFile, , key] = found;
  assert.deepEqual([variable?.name, variable?.severity], ['DB_PASSWORD', 'warning']);
  const { offset, message, ...facts } = inFile as Finding;
  assert.equal(typeof offset, 'number');
  assert.match(message, /^GitHub token \S+ on line 2$/);
  assert.deepEqual(facts, {
    severity: 'error',
    code: 'secret-github-token',
    image: 0,
    layer: 0,
    path: 'app/a.txt',
    where: 'file',
    line: 2,
    shown: `${token.slice(0, 4)}…${token.slice(-2)}`,
    visible: true,
  });
  assert.deepEqual([key?.visible, key?.removedIn], [false, 1]);
  assert.match(key?.message ?? '', /removed in layer 1, still readable in layer 0$/);
  for (const secret of [token, password]) assert.ok(!JSON.stringify(found).includes(secret));
});

test('without --scan, only the config is searched; the text names every secret without control characters', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const plain = findingsIn((await bench.cli(['inspect', 'image.tar', '--json'])).stdout);
  const secrets = plain.filter(({ code }) => code.startsWith('secret-'));
  assert.deepEqual(secrets.map(brief), ['secret-env-password - - env', 'secret-github-token 1 - history']);
  const { stdout } = await bench.cli(['inspect', 'image.tar', '--scan', '--image', '0']);
  assert.match(stdout, /secret-private-key {2}Replace the key pair/);
  assert.match(stdout, /layer 0, app\/b\\x1B\[31m\.txt: GitHub token/);
  assert.ok(!stdout.includes('\x1b') && !stdout.slice(stdout.indexOf('findings')).includes(token));
});

test('a finding in a packed file names the file and, in a packed tar, the path in it', async (t) => {
  const bench = createBench(t);
  const inner = tar(file('srv/\x1b[31mkey', `x\n${token}`));
  const layer = tar(file('a.tar.gz', gzipSync(inner)), file('b.gz', gzipSync(token)));
  bench.write('image.tar', archiveOf(dockerArchive([{ layers: [layer] }])));
  const { stdout } = await bench.cli(['inspect', 'image.tar', '--scan', '--json']);
  const found = findingsIn(stdout).filter(({ code }) => code === 'secret-github-token');
  assert.deepEqual(
    found.map(({ path: at, packed, inside, line }) => [at, packed, inside, line]),
    [
      ['a.tar.gz', 'gzip', 'srv/\x1b[31mkey', 2],
      ['b.gz', 'gzip', undefined, 1],
    ],
  );
  const text = (await bench.cli(['inspect', 'image.tar', '--scan'])).stdout;
  assert.match(text, /a\.tar\.gz: GitHub token \S+ on line 2 of srv\/\\x1B\[31mkey in the packed tar/);
  assert.match(text, /b\.gz: GitHub token \S+ on line 1 of its unpacked contents/);
  assert.ok(!stdout.includes(token) && !text.includes(token));
});

test('the text lists findings with the same code separately by severity', async (t) => {
  const bench = createBench(t);
  const files = [file('app/a.txt', token), file('usr/share/doc/b.txt', checkedToken('gh'.concat('p_')))];
  bench.write('image.tar', archiveOf(dockerArchive([{ layers: [tar(...files)] }])));
  const { stdout } = await bench.cli(['inspect', 'image.tar', '--scan']);
  const lines = stdout.slice(stdout.indexOf('2 findings')).split('\n');
  const kinds = lines.map((line) => line.trim().split(/\s+/).slice(0, 3).join(' '));
  assert.deepEqual(
    kinds.filter((kind) => /^(?:error|note|layer)/.test(kind)),
    ['error secret-github-token Revoke', 'layer 0, app/a.txt:', 'note secret-github-token Revoke', 'layer 0, usr/share/doc/b.txt:'],
  );
});

test('check fails on secrets if failOn says so, unless they are excluded, ignored or not searched for', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', archiveOf(dockerArchive([{ layers: [tar(file('app/key', privateKey()), file('srv/t', token))] }])));
  const codeFor = async (rules: string, ...options: string[]): Promise<number | null> => {
    bench.write('.dive-ci', RULES + rules);
    const { code, stderr } = await bench.cli(['check', 'image.tar', ...options]);
    assert.equal(stderr, '');
    return code;
  };
  assert.equal(await codeFor('failOn: error\n'), 1);
  assert.equal(await codeFor('failOn: disabled\n'), 0);
  assert.equal(await codeFor('failOn: error\n', '--no-scan'), 0);
  assert.equal(await codeFor('failOn: error\nexclude: [/app, /srv]\n'), 0);
  assert.equal(await codeFor('failOn: error\nignore: [secret-private-key]\n'), 1);
  assert.equal(await codeFor('failOn: error\nignore: [secret-private-key, secret-github-token]\n'), 0);
  assert.equal(await codeFor('failOn: error\nignore: ["secret-*"]\n'), 0);
  assert.equal(await codeFor('failOn: error\nignore: ["secret-* /app"]\n'), 1);
  assert.equal(await codeFor('failOn: error\nignore: ["secret-* /app", "secret-github-token *"]\n'), 0);
});

test('an unknown code in ignore is a usage error', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('.dive-ci', `${RULES}ignore:\n  - no-such-code\n`);
  const { code, stderr } = await bench.cli(['check', 'image.tar']);
  assert.equal(code, 2);
  assert.match(stderr, /\.dive-ci:3: no finding has the code of "no-such-code"/);
});

test('check writes SARIF and Code Quality, to files or to standard output', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('.dive-ci', `${RULES}failOn: error\n`);
  const { code, stdout } = await bench.cli(['check', 'image.tar', '--sarif', 'a.sarif', '--code-quality', 'b.json']);
  assert.equal(code, 1);
  assert.match(stdout, /^SKIP {2}lowestEfficiency/);
  const sarif = readFileSync(path.join(bench.folder, 'a.sarif'), 'utf8');
  const quality = readFileSync(path.join(bench.folder, 'b.json'), 'utf8');
  for (const text of [sarif, quality]) for (const secret of [token, password]) assert.ok(!text.includes(secret));
  const [run] = JSON.parse(sarif).runs;
  assert.equal(run.results.length, 6);
  assert.equal(JSON.parse(quality).length, 6);
  assert.deepEqual(run.tool.driver.rules.map(({ id }: { id: keyof typeof FINDING_SEVERITY }) => FINDING_SEVERITY[id]).toSorted(), [
    'error',
    'error',
    'note',
    'warning',
  ]);
  const printed = await bench.cli(['check', 'image.tar', '--sarif', '-']);
  assert.equal(printed.stdout, sarif);
  assert.match(printed.stderr, /^layerscope: SKIP lowestEfficiency: .*\n(?:layerscope: [A-Z]+ .*\n){3}$/);
  assert.equal((await bench.cli(['check', 'image.tar', '--code-quality=-'])).stdout, quality);
  assert.equal((await bench.cli(['check', 'image.tar', '--sarif', '-', '--json'])).code, 2);
});

test('a failed write of a report leaves the previous file, and the exit code says so', { skip: process.getuid?.() === 0 }, async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  mkdirSync(path.join(bench.folder, 'closed'));
  bench.write('closed/a.sarif', 'before');
  chmodSync(path.join(bench.folder, 'closed'), 0o500);
  const { code, stderr } = await bench.cli(['check', 'image.tar', '--sarif', 'closed/a.sarif']);
  assert.equal(code, 3);
  assert.match(stderr, /PERMISSION/);
  assert.equal(readFileSync(path.join(bench.folder, 'closed', 'a.sarif'), 'utf8'), 'before');
});

test('writing a report to a missing folder fails', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code } = await bench.cli(['check', 'image.tar', '--sarif', 'nowhere/a.sarif']);
  assert.equal(code, 3);
  assert.ok(!existsSync(path.join(bench.folder, 'nowhere')));
});

test('a report doesn’t replace a folder, a device or a link to an open file', { skip: process.platform === 'win32' }, async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  mkdirSync(path.join(bench.folder, 'folder'));
  // Like /dev/stdout.
  symlinkSync('/proc/self/fd/1', path.join(bench.folder, 'stdout'));
  for (const target of ['folder', '/dev/null', 'stdout']) {
    const { code, stderr } = await bench.cli(['check', 'image.tar', '--sarif', target]);
    assert.equal(code, 3);
    assert.match(stderr, new RegExp(`IO: ${target} is not a regular file, and was not replaced`));
  }
});
