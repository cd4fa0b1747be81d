import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { pack } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const IMAGE = dockerArchive({
  name: 'app:1',
  layers: [
    tar(file('same', 'x'.repeat(1000)), file('changed', 'y'.repeat(500)), file('gone', 'z'.repeat(200))),
    tar(file('same', 'x'.repeat(1000), { uid: 1 }), file('changed', 'w'.repeat(500)), file('.wh.gone')),
  ],
});

test('waste lists bytes by layer and file, and with --rewritten also files rewritten with the same content', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const plain = await bench.cli(['waste', 'image.tar']);
  assert.equal(plain.code, 0, plain.stderr);
  assert.deepEqual(plain.stdout.split('\n'), [
    '1.7 kB of 3.2 kB hidden, efficiency 46.9 %',
    '   1.7 kB  written by layer 0',
    '',
    'Overwritten by a later layer: 1.5 kB in 2 files',
    'Write a file once, with its final content, or join the steps that write it.',
    '   1.0 kB  same  added in 0 → overwritten in 1 (RUN step 1)',
    '   500 B   changed  added in 0 → overwritten in 1 (RUN step 1)',
    '',
    'Deleted by a later layer: 200 B in 1 file',
    'Delete files in the RUN step that creates them, or build in an earlier stage and copy only the result.',
    '   200 B   gone  added in 0 → deleted in 1 (RUN step 1)',
    '',
  ]);
  const deep = await bench.cli(['waste', 'image.tar', '--rewritten', '--limit', '1']);
  assert.match(
    deep.stdout,
    /Same content written again: 1\.0 kB in 1 file\n.+\n {3}1\.0 kB {2}same {2}added in 0 → rewritten in 1 \(RUN step 1\)\n/,
  );
  assert.match(deep.stdout, /Overwritten by a later layer: 500 B in 1 file\n/);
  const json = JSON.parse((await bench.cli(['waste', 'image.tar', '--rewritten', '--json'])).stdout);
  assert.deepEqual(json.rewritten, { bytes: 1000, count: 1, files: [{ path: 'same', layer: 1, bytes: 1000 }] });
  assert.deepEqual(json.byLayer, [1700, 0]);
  assert.deepEqual(json.groups, [
    { cause: 'rewritten', bytes: 1000, files: 1 },
    { cause: 'overwritten', bytes: 500, files: 1 },
    { cause: 'deleted', bytes: 200, files: 1 },
  ]);
  assert.deepEqual(json.files[2], {
    path: 'gone',
    wastedBytes: 200,
    layers: [0],
    hiddenBy: 1,
    cause: 'deleted',
    hiddenByCommand: 'RUN step 1',
  });
  assert.equal('rewritten' in JSON.parse((await bench.cli(['waste', 'image.tar', '--json'])).stdout), false);
  assert.equal((await bench.cli(['waste', 'image.tar', '--limit', 'x'])).code, 2);
});

test('waste lists what the image could do without, by kind, with the layer, its command and what to do', async (t) => {
  const bench = createBench(t);
  bench.write(
    'kinds.tar',
    dockerArchive({
      name: 'app:1',
      layers: [
        tar(file('var/lib/apt/lists/x', 'x'.repeat(500)), file('tmp/a\u202eb/c', 'x')),
        tar(file('var/lib/apt/lists/.wh.x'), file('var/lib/apt/lists/y', 'y'.repeat(20))),
      ],
    }),
  );
  const { stdout } = await bench.cli(['waste', 'kinds.tar']);
  const from = stdout.indexOf('apt package lists');
  assert.deepEqual(stdout.slice(from).split('\n'), [
    'apt package lists: 520 B  waste-apt-lists',
    'End the RUN step that calls apt-get update with: rm -rf /var/lib/apt/lists/* (hadolint DL3009).',
    '   500 B   var/lib/apt/lists  layer 0, removed in 1 (RUN step 0)',
    '    20 B   var/lib/apt/lists  layer 1 (RUN step 1)',
    '',
    'Temporary files: 1 B  waste-tmp',
    'Delete them in the RUN step that writes them, or mount a tmpfs: --mount=type=tmpfs,target=/tmp.',
    '     1 B   tmp  layer 0 (RUN step 0)',
    '',
  ]);
  const { kinds } = JSON.parse((await bench.cli(['waste', 'kinds.tar', '--json', '--limit', '1'])).stdout);
  assert.deepEqual(kinds[0], {
    code: 'waste-apt-lists',
    bytes: 520,
    hadolint: 'DL3009',
    count: 2,
    places: [{ path: 'var/lib/apt/lists', layer: 0, bytes: 500, removedIn: 1, command: 'RUN step 0' }],
  });
});

test('config prints the selected image’s JSON', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('layer.tar', tar(file('x', 'y')));
  const { code, stdout } = await bench.cli(['config', 'image.tar']);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).rootfs.diff_ids.length, 2);
  const none = await bench.cli(['config', 'layer.tar']);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /^layerscope: BLOB_MISSING: /);
});

test('a shortened list says how many entries are left out, their size, and how to see them', async (t) => {
  const bench = createBench(t);
  const names = Array.from({ length: 9 }, (_, at) => `f${at}`);
  const logs = Array.from({ length: 4 }, (_, at) => tar(file('var/log/x', 'l'.repeat(100 + at))));
  bench.write(
    'many.tar',
    dockerArchive({
      name: 'app:1',
      layers: [
        tar(...names.map((name, at) => file(name, 'x'.repeat(1000 - at)))),
        tar(...names.slice(0, 4).map((name) => file(name, 'y')), ...names.slice(4).map((name) => file(`.wh.${name}`))),
        ...logs,
      ],
    }),
  );
  const { stdout } = await bench.cli(['waste', 'many.tar', '--limit', '3']);
  const lines = stdout.split('\n');
  const more = lines.filter((line) => line.startsWith('  and '));
  // Three files are listed: the biggest overwritten one, the biggest removed one, and the next biggest of all. Of the four log folders, the
  // three biggest are listed.
  assert.deepEqual(more, [
    '  and 4 more files, 4.0 kB: --limit N lists more, with --json too',
    '  and 3 more files, 2.3 kB: --limit N lists more, with --json too',
    '  and 1 more place, 100 B: --limit N lists more, with --json too',
  ]);
  const whole = (await bench.cli(['waste', 'many.tar', '--limit', '12'])).stdout;
  assert.doesNotMatch(whole, /more/);
  const json = JSON.parse((await bench.cli(['waste', 'many.tar', '--limit', '3', '--json'])).stdout);
  assert.equal(json.files.length, 3);
  const kind = json.kinds.find(({ code }: { code: string }) => code === 'waste-logs');
  assert.deepEqual([kind.count, kind.places.length], [4, 3]);
});

const GZIPPED = dockerArchive({
  name: 'app:1',
  layers: [
    tar(file('same', 'x'.repeat(50_000)), file('gone', 'z'.repeat(20_000))),
    tar(file('.wh.gone'), file('var/cache/apk/x', 'c'.repeat(3000))),
    tar(file('top', 't'.repeat(10))),
  ].map((layer) => pack(layer, 'gzip')),
});

test('waste --if shows the stored size as far as it is known, and how to find it out', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', GZIPPED);
  const sizes = (text: string) => text.split('\n').map((line) => line.replace(/ +/g, ' '));
  const plain = await bench.cli(['waste', 'image.tar', '--if', 'zstd']);
  assert.equal(plain.code, 0, plain.stderr);
  assert.deepEqual(sizes(plain.stdout).slice(1), [
    'zstd 3 layers 73.0 kB of files packed size unknown: add --pack the files stay the same',
    '',
  ]);
  assert.match(plain.stdout, /^as it is +3 layers +73\.0 kB of files +\d+ B stored\n/);
  assert.doesNotMatch(plain.stdout, /saves 0/);
  const [zstd] = await bench.lines(['waste', 'image.tar', '--if', 'zstd', '--pack', '--json']);
  const { before, after } = zstd as { before: { storedBytes: number }; after: { storedBytes: number } };
  assert.ok(before.storedBytes > 0 && after.storedBytes > 0 && after.storedBytes !== before.storedBytes);
  const packed = await bench.cli(['waste', 'image.tar', '--if', 'zstd', '--pack']);
  const saved = before.storedBytes - after.storedBytes;
  assert.ok(packed.stdout.includes(saved >= 0 ? `saves ${saved} B stored` : `stores ${-saved} B more`), packed.stdout);
  const removals = await bench.cli(['waste', 'image.tar', '--if', 'merge-removals']);
  assert.match(removals.stdout, /unknown: add --pack {2}saves 20\.0 kB of files\n$/);
  // If layers are already zstd, or not compressed at all, the size is known without packing anything.
  bench.write('plain.tar', IMAGE);
  const squashed = await bench.cli(['waste', 'plain.tar', '--if', 'squash=0']);
  assert.match(squashed.stdout, /saves 1\.7 kB of files, 5\.1 kB stored\n$/);
});

test('several --if options make one image, whose row and bytes don’t depend on the order of the options', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', GZIPPED);
  const all = 'merge-removals,drop-caches,squash=1,zstd';
  const apart = ['--if', 'zstd', '--if', 'squash=1', '--if', 'drop-caches', '--if', 'merge-removals'];
  const rows: unknown[] = [];
  for (const [index, args] of [apart, ['--if', 'squash=1,zstd', '--if', 'merge-removals,drop-caches']].entries()) {
    rows.push(await bench.lines(['waste', 'image.tar', ...args, '--to', `made-${index}.tar`, '--json']));
  }
  assert.deepEqual(rows[0], rows[1]);
  const [[row]] = rows as [[{ if: string; after: { layers: number; fileBytes: number } }]];
  assert.deepEqual([row.if, row.after.layers, row.after.fileBytes], [all, 2, 50_010]);
  const [first, second] = [0, 1].map((index) => readFileSync(path.join(bench.folder, `made-${index}.tar`)));
  assert.deepEqual(first, second);
  const { stdout } = await bench.cli(['waste', 'image.tar', ...apart]);
  assert.equal(stdout.split('\n').length, 3);
  const listed = await bench.cli(['ls', 'made-0.tar', '--json']);
  assert.deepEqual(
    listed.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'file')
      .map(({ path: at }) => at),
    ['same', 'top'],
  );
});

test('combinations of options that make no sense are refused with a code', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', GZIPPED);
  bench.write('windows.tar', dockerArchive({ name: 'w:1', os: 'windows', layers: [tar(file('Files/a', 'a'))] }));
  const refused = async (code: number, what: RegExp, ...args: string[]) => {
    const result = await bench.cli(['waste', ...args]);
    assert.deepEqual([result.code, result.stdout.includes('saves')], [code, false], args.join(' '));
    assert.match(result.stderr, what);
  };
  await refused(2, /USAGE: --if has squash twice/, 'image.tar', '--if', 'squash=0', '--if', 'squash=1');
  await refused(2, /USAGE: --if has zstd twice/, 'image.tar', '--if', 'zstd,drop-caches,zstd');
  await refused(2, /USAGE: --if all tries each change by itself/, 'image.tar', '--if', 'all,zstd');
  await refused(2, /USAGE: --to takes one --if, not all/, 'image.tar', '--if', 'all', '--to', 'x.tar');
  await refused(2, /USAGE: --if squash=N takes the number of a layer/, 'image.tar', '--if', 'squash=top');
  await refused(2, /USAGE: --if takes .*, not "slim"/, 'image.tar', '--if', 'zstd,slim');
  await refused(2, /USAGE: --if takes .*, not ""/, 'image.tar', '--if', 'zstd,');
  await refused(2, /USAGE: --limit and --if cannot be used together/, 'image.tar', '--if', 'zstd', '--limit', '3');
  await refused(2, /USAGE: --pack needs --if/, 'image.tar', '--pack');
  await refused(3, /NOT_FOUND: no layer 3: layers are 0 to 2/, 'image.tar', '--if', 'drop-caches,squash=3,zstd');
  assert.equal((await bench.cli(['waste', 'image.tar', '--if', 'squash=3'])).stdout, '', 'an error is printed alone');
  await refused(3, /UNSUPPORTED: .*Windows image/, 'windows.tar', '--if', 'zstd');
  bench.write('there.tar', 'x');
  await refused(3, /EXISTS: /, 'image.tar', '--if', 'zstd', '--to', 'there.tar');
});

test('registry deltas of a Windows image are merged, not wasted', async (t) => {
  const bench = createBench(t);
  const layers = [1, 2, 3].map((layer) => tar(file('Hives/System_Delta', 'h'.repeat(1000 * layer)), file('Files/a', 'a'.repeat(layer))));
  bench.write('windows.tar', dockerArchive({ name: 'w:1', os: 'windows', layers }));
  const { stdout } = await bench.cli(['waste', 'windows.tar']);
  assert.match(stdout, /^3 B of 6\.0 kB hidden, efficiency 100\.0 %\n/);
  assert.doesNotMatch(stdout, /Hives/);
  const json = JSON.parse((await bench.cli(['waste', 'windows.tar', '--rewritten', '--json'])).stdout);
  assert.deepEqual([json.wastedBytes, json.byLayer, json.files.length], [3, [1, 2, 0], 1]);
  const { images } = JSON.parse((await bench.cli(['inspect', 'windows.tar', '--json'])).stdout);
  assert.deepEqual(images[0].totals, { files: 2, fileBytes: 6006, finalBytes: 6003, wastedBytes: 3, efficiency: 6003 / 6006 });
  const check = await bench.cli(['check', 'windows.tar']);
  assert.equal(check.code, 0, check.stdout);
  assert.match(
    check.stdout,
    /PASS {2}highestUserWastedPercent {2}3 B hidden, 0\.06 % of the 5\.0 kB that the layers above the lowest hold/,
  );
});
