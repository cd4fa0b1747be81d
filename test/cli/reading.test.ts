import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Files, ociImage, ociLayout, writeFolder } from '../support/image-builder.ts';
import { directory, file, hardlink, latin1, member, pax, symlink, tar } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

const BASE = tar(
  directory('etc/'),
  file('etc/motd', 'hello\n', { mode: 0o644, uid: 7, gid: 8, mtime: 1_700_000_000 }),
  file('etc/old', 'old'),
  directory('srv/'),
  file('srv/a', 'aaaa'),
  file('srv/b', 'bb'),
  hardlink('srv/c', 'srv/a'),
  symlink('motd', '/etc/motd'),
  symlink('loop', 'loop'),
  symlink('up', '../../../etc/./motd'),
);
const TOP = tar(
  file('etc/motd', 'hello, world\n', { mode: 0o600 }),
  file('etc/.wh.old', ''),
  file('.wh.srv', ''),
  file('srv.txt', 'new'),
  file(latin1('\xE4'), 'umlaut'),
  file('back\\slash', ''),
  file('esc\u001b[31m', ''),
);
const IMAGE = dockerArchive([[BASE, TOP], { commands: ['/bin/sh -c #(nop) ADD file:1 in / ', '/bin/sh -c make world'] }]);

test('inspect prints one JSON object with the promised fields', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout, stderr } = await bench.cli(['inspect', 'image.tar', '--json']);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const { format, images, findings } = JSON.parse(stdout);
  assert.equal(format, 'docker-archive');
  assert.equal(images.length, 1);
  const [image] = images;
  assert.deepEqual(image.names, ['example:latest']);
  assert.equal(image.platform, 'linux/amd64');
  assert.match(image.configDigest, /^sha256:[0-9a-f]{64}$/);
  const [base, top] = image.layers;
  assert.equal(base.entries, 10);
  assert.deepEqual([base.added, base.modified, base.removed], [10, 0, 0]);
  assert.deepEqual([top.added, top.modified, top.removed], [4, 1, 2]);
  assert.equal(base.fileBytes, 6 + 3 + 4 + 2);
  assert.equal(base.blobBytes, BASE.length);
  assert.equal(base.tarBytes, BASE.length);
  assert.equal(base.compression, 'none');
  assert.equal(base.status, 'present');
  assert.equal(top.createdBy, '/bin/sh -c make world');
  // The top layer shows motd (13 bytes), srv.txt (3) and the umlaut (6).
  assert.deepEqual(image.totals, { files: 5, fileBytes: 37, finalBytes: 22, wastedBytes: 15, efficiency: 22 / 37 });
  assert.ok(findings.some((finding: { code: string; layer: number }) => finding.code === 'invalid-utf8-name' && finding.layer === 1));
});

test('inspect prints a table without colour if output is not a terminal', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout } = await bench.cli(['inspect', 'image.tar']);
  assert.equal(code, 0);
  assert.match(stdout, /example:latest {2}linux\/amd64/);
  assert.match(stdout, /RUN make world/);
  assert.match(stdout, /efficiency 59\.5 %/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('changes come in byte order of their paths, with the previous entry, the reason, and the total hidden by a removed folder', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const lines = await bench.lines(['changes', 'image.tar', '--layer', '1', '--json']);
  assert.deepEqual(
    lines.map(({ kind, path: name }) => `${kind} ${name}`),
    ['added back\\\\slash', 'added esc\u001b[31m', 'modified etc/motd', 'removed etc/old', 'removed srv', 'added srv.txt', 'added \\xE4'],
  );
  const motd = lines[2];
  assert.deepEqual(motd, {
    kind: 'modified',
    path: 'etc/motd',
    type: 'file',
    size: 13,
    mode: '0600',
    uid: 0,
    gid: 0,
    mtime: '0.000000000',
    previous: { type: 'file', size: 6, mode: '0644', uid: 7, gid: 8, mtime: '1700000000.000000000' },
    content: 'different',
  });
  assert.equal(lines[3]?.reason, 'whiteout');
  const { kind, type, reason, entries, bytes } = lines[4] ?? {};
  assert.deepEqual(
    { kind, type, reason, entries, bytes },
    { kind: 'removed', type: 'directory', reason: 'whiteout', entries: 3, bytes: 6 },
  );
  assert.equal(lines[6]?.pathHex, 'e4');
});

test('a layer is selected by number or by its digest’s first digits; an unknown layer is an error', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { stdout } = await bench.cli(['inspect', 'image.tar', '--json']);
  const diffId: string = JSON.parse(stdout).images[0].layers[1].diffId;
  const byNumber = await bench.cli(['changes', 'image.tar', '--layer', '1', '--json']);
  for (const name of [diffId, diffId.slice(7), diffId.slice(7, 13), diffId.slice(0, 15)]) {
    assert.equal((await bench.cli(['changes', 'image.tar', '--layer', name, '--json'])).stdout, byNumber.stdout, name);
  }
  for (const [name, code] of [
    ['2', 3],
    ['abc', 2],
    ['ffffffffffff', 3],
    ['-1', 2],
  ] as const) {
    const result = await bench.cli(['changes', 'image.tar', '--layer', name]);
    assert.equal(result.code, code, name);
    assert.match(result.stderr, /^layerscope: (USAGE|NOT_FOUND): [^\n]+\n$/);
  }
});

test('ls shows the file system of a layer, whole or below a path', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const names = async (...args: string[]) => (await bench.lines(['ls', 'image.tar', ...args, '--json'])).map(({ path: name }) => name);
  assert.deepEqual(await names('--layer', '0'), ['etc', 'etc/motd', 'etc/old', 'loop', 'motd', 'srv', 'srv/a', 'srv/b', 'srv/c', 'up']);
  assert.deepEqual(await names(), ['back\\\\slash', 'esc\u001b[31m', 'etc', 'etc/motd', 'loop', 'motd', 'srv.txt', 'up', '\\xE4']);
  assert.deepEqual(await names('/etc/'), ['etc/motd']);
  assert.deepEqual(await names('etc/motd'), ['etc/motd']);
  assert.deepEqual(await names('motd'), ['motd']);
  const [motd] = await bench.lines(['ls', 'image.tar', 'etc', '--json']);
  assert.equal(motd?.layer, 1);
  const [, , , , , , , , link] = await bench.lines(['ls', 'image.tar', '--layer', '0', '--json']);
  assert.equal(link?.type, 'hardlink');
  assert.equal(link?.linkname, 'srv/a');
  const missing = await bench.cli(['ls', 'image.tar', 'srv']);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /^layerscope: NOT_FOUND: /);
});

test('ls and changes escape control characters in text output', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  for (const args of [
    ['ls', 'image.tar'],
    ['changes', 'image.tar', '--layer', '1'],
    ['raw', 'image.tar', '--layer', '1'],
  ]) {
    const { code, stdout } = await bench.cli(args);
    assert.equal(code, 0);
    assert.match(stdout, /esc\\x1B\[31m/);
    assert.match(stdout, /back\\\\slash/);
    assert.match(stdout, /\\xE4/);
    assert.ok(!stdout.includes('\u001b'));
  }
});

test('cat prints a file’s bytes, following links as a container would', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const cat = async (...args: string[]) => (await bench.cli(['cat', 'image.tar', ...args])).stdout;
  assert.equal(await cat('/etc/motd'), 'hello, world\n');
  assert.equal(await cat('etc/motd', '--layer', '0'), 'hello\n');
  assert.equal(await cat('motd'), 'hello, world\n');
  assert.equal(await cat('up', '--layer=0'), 'hello\n');
  assert.equal(await cat('srv/c', '--layer', '0'), 'aaaa');
  assert.equal(await cat('\\xE4'), 'umlaut');
  for (const name of ['loop', 'nope', 'etc', '/', 'srv/a', 'etc/motd/x']) {
    const { code, stdout, stderr } = await bench.cli(['cat', 'image.tar', name]);
    assert.equal(code, 3, name);
    assert.equal(stdout, '');
    assert.match(stderr, /^layerscope: NOT_FOUND: [^\n]+\n$/, name);
  }
});

test('a path that is in another layer is an error that names the layer, in every command that takes a path', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const away = 'layer 1 removed it; as seen at layer 0 it is still there';
  for (const [argv, message] of [
    [['etc/old'], `no etc/old in the image as seen at layer 1: ${away}`],
    [['srv/b'], `no srv/b in the image as seen at layer 1: ${away}`],
    [['srv.txt', '--layer', '0'], 'no srv.txt in the image as seen at layer 0: layer 1 adds it'],
    [['nobody'], 'no nobody in the image as seen at layer 1'],
  ] as const) {
    for (const command of [['cat'], ['ls'], ['export', '--to', 'out']]) {
      const { code, stderr } = await bench.cli([...command, 'image.tar', ...argv]);
      assert.deepEqual([code, stderr], [3, `layerscope: NOT_FOUND: ${message}\n`], command[0]);
    }
  }
  const { stderr } = await bench.cli(['why', 'image.tar', 'nobody']);
  assert.equal(stderr, 'layerscope: NOT_FOUND: no nobody in any layer\n');
});

test('a link to a path that a layer removed is an error that names the layer', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', dockerArchive([[tar(file('a', 'x'), symlink('to-a', 'a')), tar(file('.wh.a', ''))]]));
  const { stderr } = await bench.cli(['cat', 'image.tar', 'to-a']);
  assert.match(stderr, /to-a is a link to a, which isn't in the image as seen at layer 1: layer 1 removed it; as seen at layer 0/);
});

test('raw prints the entries of all layers at once, each with its layer', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const each = await Promise.all(
    [0, 1].map(async (layer) =>
      (await bench.lines(['raw', 'image.tar', '--layer', String(layer), '--json'])).map((line) => ({ layer, ...line })),
    ),
  );
  assert.deepEqual(await bench.lines(['raw', 'image.tar', '--layer', 'all', '--json']), each.flat());
  const text = await Promise.all(['0', '1'].map(async (layer) => (await bench.cli(['raw', 'image.tar', '--layer', layer])).stdout));
  assert.equal((await bench.cli(['raw', 'image.tar', '--layer', 'all'])).stdout, `layer 0\n${text[0]}layer 1\n${text[1]}`);
});

test('raw prints every entry in order with all fields of its header and PAX records', async (t) => {
  const bench = createBench(t);
  const records = { 'SCHILY.xattr.user.bin': Uint8Array.of(0xff, 0x00), comment: 'x', mtime: '1700000000.5' };
  bench.write(
    'layer.tar',
    tar(pax(records), file('a', 'abc', { uname: 'me', uid: 5 }), file('.wh.b', ''), symlink('l', 't'), file('d/.wh..wh..opq', '')),
  );
  const lines = await bench.lines(['raw', 'layer.tar', '--layer', '0', '--json']);
  assert.deepEqual(lines[0], {
    index: 0,
    offset: 0,
    name: 'a',
    type: 'file',
    size: 3,
    storedSize: 3,
    mode: '0644',
    uid: 5,
    gid: 0,
    uname: 'me',
    gname: '',
    mtime: '1700000000.500000000',
    format: 'pax',
    pax: { 'SCHILY.xattr.user.bin': { hex: 'ff00' }, comment: 'x', mtime: '1700000000.5' },
  });
  assert.deepEqual(
    lines.map(({ whiteout }) => whiteout),
    [undefined, 'file', undefined, 'opaque'],
  );
  assert.equal(lines[2]?.linkname, 't');
  assert.deepEqual(
    lines.map(({ offset }) => offset),
    [0, 2048, 2560, 3072],
  );
});

test('raw prints the size as stated in the header, and device numbers', async (t) => {
  const bench = createBench(t);
  bench.write(
    'layer.tar',
    tar(
      member({ name: 'null', typeflag: '3', size: 7, devMajor: 1, devMinor: 3 }),
      symlink('l', 'target', { size: 6 }),
      directory('d/', { size: 4096 }),
    ),
  );
  const [device, link, folder] = await bench.lines(['raw', 'layer.tar', '--layer', '0', '--json']);
  assert.deepEqual([device?.size, device?.storedSize, device?.devMajor, device?.devMinor], [7, 0, 1, 3]);
  assert.deepEqual([link?.size, link?.storedSize, link?.devMajor], [6, 0, undefined]);
  assert.deepEqual([folder?.size, folder?.storedSize], [4096, 0]);
  const { stdout } = await bench.cli(['raw', 'layer.tar', '--layer', '0']);
  assert.match(stdout, / {2}7 .* null {2}\[device 1, 3\]\n/);
  assert.match(stdout, / {2}4096 .* d\/\n/);
});

test('a damaged tar is listed up to the error', async (t) => {
  const bench = createBench(t);
  bench.write('layer.tar', tar(file('a', 'abc'), file('b', ''), new Uint8Array(512).fill(0x41)));
  const { code, stdout, stderr } = await bench.cli(['raw', 'layer.tar', '--layer', '0', '--json']);
  assert.equal(code, 3);
  assert.deepEqual(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).name),
    ['a', 'b'],
  );
  assert.match(stderr, /^layerscope: BAD_TAR: [^\n]+\n$/);
});

test('standard input is read like a file, in every format', async (t) => {
  const bench = createBench(t);
  const plain = await bench.cli(['inspect', '-', '--json'], { stdin: IMAGE });
  assert.equal(plain.code, 0, plain.stderr);
  assert.deepEqual(JSON.parse(plain.stdout).images[0].totals.fileBytes, 37);
  const packed = await bench.cli(['cat', '-', 'etc/motd'], { stdin: gzipSync(IMAGE) });
  assert.equal(packed.stdout, 'hello, world\n');
  const empty = await bench.cli(['inspect', '-'], { stdin: new Uint8Array() });
  assert.equal(typeof empty.code, 'number');
  assert.ok(empty.code === 0 || empty.code === 3);
  // No spooled copy is left.
  assert.deepEqual(
    readdirSync(path.dirname(bench.folder)).filter((name) => name !== 'work' && name !== 'cache'),
    [],
  );
});

test('--image and --platform select one of several images', async (t) => {
  const bench = createBench(t);
  const images = dockerArchive([[BASE], { names: ['one:1', 'uno:latest'] }], [[BASE, TOP], { names: ['two:2'], architecture: 's390x' }]);
  bench.write('images.tar', images);
  const count = async (...args: string[]) =>
    JSON.parse((await bench.cli(['inspect', 'images.tar', '--json', ...args])).stdout).images.map(
      (image: { index: number }) => image.index,
    );
  assert.deepEqual(await count(), [0, 1]);
  assert.deepEqual(await count('--image', '1'), [1]);
  assert.deepEqual(await count('--image', 'uno'), [0]);
  assert.deepEqual(await count('--platform', 'linux/s390x'), [1]);
  assert.equal((await bench.cli(['cat', 'images.tar', 'etc/motd', '--image', 'two:2'])).stdout, 'hello, world\n');
  assert.equal((await bench.cli(['cat', 'images.tar', 'etc/motd', '--image', 'one:1'])).stdout, 'hello\n');
  const wrong = await bench.cli(['ls', 'images.tar', '--image', 'three']);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /^layerscope: NOT_FOUND: no image three; available: 0 one:1, 1 two:2\n$/);
  assert.equal((await bench.cli(['ls', 'images.tar', '--platform', 'plan9/mips'])).code, 3);
});

test('--no-cache neither reads nor writes the cache', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const cache = path.join(path.dirname(bench.folder), 'cache');
  const { code } = await bench.cli(['inspect', 'image.tar', '--no-cache']);
  assert.equal(code, 0);
  assert.throws(() => readdirSync(cache), { code: 'ENOENT' });
});

test('help and the version are printed, and every command has its help', async (t) => {
  const bench = createBench(t);
  const version = (JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string })
    .version;
  assert.equal((await bench.cli(['--version'])).stdout, `${version}\n`);
  const { stdout } = await bench.cli(['--help']);
  for (const name of ['inspect', 'changes', 'ls', 'cat', 'waste', 'config', 'raw', 'diff', 'check', 'export', 'serve', 'open']) {
    assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    const help = await bench.cli([name, '--help']);
    assert.equal(help.code, 0, name);
    assert.match(help.stdout, new RegExp(`^layerscope ${name} `));
    assert.equal(help.stderr, '');
  }
});

test('a mistyped command’s error suggests the similar one', async (t) => {
  const bench = createBench(t);
  for (const [word, advice] of [
    ['inspekt', 'command inspekt: did you mean inspect?'],
    ['wyh', 'command wyh: did you mean why?'],
    ['--verison', 'option --verison: did you mean --version?'],
    ['frobnicate', 'command frobnicate: see layerscope --help'],
  ] as const) {
    const { code, stderr } = await bench.cli([word]);
    assert.deepEqual([code, stderr], [2, `layerscope: USAGE: no ${advice}\n`]);
  }
});

test('a usage error gives one line and exit code 2', async (t) => {
  const bench = createBench(t);
  for (const args of [
    [],
    ['nope'],
    ['store'],
    ['inspect'],
    ['inspect', 'a', 'b'],
    ['inspect', 'a', '--nope'],
    ['changes', 'a'],
    ['raw', 'a'],
    ['export', 'a', 'b'],
    ['cat', 'a'],
    ['diff', 'a'],
    ['--nope'],
    ['diff', '-', '-'],
  ]) {
    const { code, stdout, stderr } = await bench.cli(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /^layerscope: USAGE: [^\n]+\n$/);
  }
});

test('cat warns about an unreadable layer, because it may have changed the file', async (t) => {
  const bench = createBench(t);
  const files = new Files();
  const manifest = ociImage(files, { layers: [{ tar: BASE }, { tar: TOP, absent: true }] });
  writeFolder(path.join(bench.folder, 'image'), ociLayout(files, [manifest]));
  const { code, stdout, stderr } = await bench.cli(['cat', 'image', 'etc/motd']);
  assert.deepEqual([code, stdout], [0, 'hello\n']);
  assert.match(stderr, /^layerscope: warning: layer 1 is missing/);
  const below = await bench.cli(['cat', 'image', 'etc/motd', '--layer', '0']);
  assert.deepEqual([below.code, below.stdout, below.stderr], [0, 'hello\n', '']);
});
