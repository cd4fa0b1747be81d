// Windows images: paths may be given as a container sees them (C:\Windows) or as the layers store them (Files/Windows).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, symlink, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const LAYER = tar(
  directory('Files/'),
  directory('Files/Windows/'),
  file('Files/Windows/new.txt', 'text'),
  file('Files/Windows/new.txt:s', 'stream'),
  symlink('Files/absolute', 'C:\\Windows\\new.txt'),
  symlink('Files/Windows/relative', '..\\windows\\NEW.txt'),
  symlink('Files/rooted', '\\Windows'),
  symlink('Files/above', '..\\..\\Windows\\new.txt'),
  symlink('Files/elsewhere', 'D:\\x'),
  directory('Hives/'),
  file('Hives/System_Delta', 'delta'),
);

test('paths may be typed as the container sees them, and are printed in that form next to the image’s own', async (t) => {
  const bench = createBench(t);
  bench.write('windows.tar', dockerArchive({ name: 'w:1', os: 'windows', layers: [LAYER] }));
  const image = path.join(bench.folder, 'windows.tar');
  for (const typed of [
    'C:\\Windows\\new.txt',
    'c:/windows/NEW.TXT',
    'Files/Windows/new.txt',
    'C:\\absolute',
    'C:\\Windows\\relative',
    'C:\\rooted\\new.txt',
    'C:\\above',
  ]) {
    const { code, stdout, stderr } = await bench.cli(['cat', image, typed]);
    assert.equal(code, 0, `${typed}: ${stderr}`);
    assert.equal(stdout, 'text', typed);
  }
  assert.equal((await bench.cli(['cat', image, 'C:\\Windows\\new.txt:s'])).stdout, 'stream');
  const missing = await bench.cli(['cat', image, 'C:\\elsewhere']);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /^layerscope: NOT_FOUND: .*elsewhere is a link to D:.*, which is not in the image\n$/);
  assert.equal((await bench.cli(['cat', image, 'D:\\x'])).code, 3);
  for (const [typed, message] of [
    ['c:/windows/none', 'C:\\windows\\none'],
    ['C:\\Windows\\new.txt\\below', 'C:\\Windows\\new.txt is a file'],
    ['Hives/none', 'Hives/none'],
  ] as const) {
    const { code, stderr } = await bench.cli(['cat', image, typed]);
    assert.equal(code, 3, typed);
    assert.ok(stderr.includes(message), `${typed}: ${stderr}`);
  }

  const below = await bench.lines(['ls', image, 'C:\\Windows', '--json']);
  assert.deepEqual(
    below.map(({ path: of, windowsPath }) => [of, windowsPath]),
    [
      ['Files/Windows/new.txt', 'C:\\Windows\\new.txt'],
      ['Files/Windows/new.txt:s', 'C:\\Windows\\new.txt:s'],
      ['Files/Windows/relative', 'C:\\Windows\\relative'],
    ],
  );
  const all = await bench.lines(['ls', image, '--json']);
  assert.deepEqual(
    all.filter(({ path: of }) => String(of).startsWith('Hives')).map(({ windowsPath }) => windowsPath),
    [undefined, undefined],
  );
  const changes = await bench.lines(['changes', image, '--layer', '0', '--json']);
  assert.equal(changes.find(({ path: of }) => of === 'Files')?.windowsPath, 'C:\\');
  const to = path.join(bench.folder, 'out');
  assert.equal((await bench.cli(['export', image, 'C:\\Windows\\new.txt', '--to', to])).code, 0);
  assert.equal(readFileSync(path.join(to, 'new.txt'), 'utf8'), 'text');
});

test('in a Linux image, a Windows path is an ordinary name', async (t) => {
  const bench = createBench(t);
  bench.write('linux.tar', dockerArchive({ name: 'l:1', layers: [tar(file('C:/x', 'linux'), symlink('s', 'C:/x'), directory('Files/'))] }));
  const image = path.join(bench.folder, 'linux.tar');
  assert.equal((await bench.cli(['cat', image, 'C:/x'])).stdout, 'linux');
  assert.equal((await bench.cli(['cat', image, 's'])).stdout, 'linux');
  assert.ok((await bench.lines(['ls', image, '--json'])).every((line) => !('windowsPath' in line)));
});
