// What `ls`, `cat` and `export` report for dangling links, loops of links, and links to something that is not a file.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { directory, file, hardlink, member, symlink, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const chain = Array.from({ length: 12 }, (_, at) => symlink(`chain${at}`, `chain${at + 1}`));
const row = Array.from({ length: 41 }, (_, at) => symlink(`row${at}`, `row${at + 1}`));
const LAYER = tar(
  symlink('a', 'b'),
  symlink('b', '/opt/c'),
  symlink('up', '../../etc/passwd'),
  directory('usr/lib/'),
  symlink('lib', 'usr/lib'),
  symlink('usr/lib/libx.so', '../libx.so.1'),
  file('usr/file', 'text'),
  symlink('through', 'usr/file/below'),
  symlink('folder', '/usr/lib'),
  symlink('top', '/'),
  symlink('one', 'two'),
  symlink('two', './three'),
  symlink('three', 'one'),
  symlink('into-loop', 'one/x'),
  symlink('self', 'self/deeper'),
  symlink('nowhere', ''),
  symlink('odd\u202e', 'x\u202ey'),
  hardlink('gone', 'never-was'),
  hardlink('second', 'b'),
  member({ name: 'null', typeflag: '3', devMajor: 1, devMinor: 3 }),
  hardlink('zero', 'null'),
  ...chain,
  ...row,
  file('row41', 'too far'),
);

/** Returns the one-line message with which the command fails. */
async function complaint(t: TestContext, command: 'cat' | 'ls' | 'export', typed: string): Promise<string> {
  const folder = testFolder(t);
  const image = path.join(folder, 'layer.tar');
  writeFileSync(image, LAYER);
  const { code, stderr } = await runCommand([command, image, typed, ...(command === 'export' ? ['--to', path.join(folder, 'out')] : [])]);
  assert.equal(code, 3, stderr);
  return stderr.replace(/^layerscope: NOT_FOUND: /, '').trimEnd();
}

const OF_CAT: Readonly<Record<string, string>> = {
  missing: 'no missing in the image as seen at layer 0',
  'lib/missing': 'no lib/missing in the image as seen at layer 0: it leads to usr/lib/missing',
  'usr/file/below': 'no usr/file/below in the image as seen at layer 0: usr/file is a file, not a directory',
  b: "b is a link to /opt/c, which isn't in the image as seen at layer 0",
  a: "a is a link to b, b is a link to /opt/c, which isn't in the image as seen at layer 0",
  up: "up is a link to ../../etc/passwd, and etc/passwd isn't in the image as seen at layer 0",
  'lib/libx.so': "lib/libx.so: usr/lib/libx.so is a link to ../libx.so.1, and usr/libx.so.1 isn't in the image as seen at layer 0",
  'a/deeper': "a/deeper: a is a link to b, b is a link to /opt/c, which isn't in the image as seen at layer 0",
  through: 'through is a link to usr/file/below, but usr/file is a file, not a directory',
  folder: 'folder is a link to /usr/lib, and usr/lib is a directory, not a file',
  top: 'top is a link to /: the root of the image is a directory, not a file',
  '/': 'the root of the image is a directory, not a file',
  usr: 'usr is a directory, not a file',
  one: 'one: a loop of links: one is a link to two, two is a link to ./three, three is a link to one',
  'into-loop': 'into-loop: a loop of links: one is a link to two, two is a link to ./three, three is a link to one',
  self: 'self: a loop of links: self is a link to self/deeper',
  nowhere: 'nowhere is a link with an empty target',
  'odd\\u202e': "odd\\u202E is a link to x\\u202Ey, which isn't in the image as seen at layer 0",
  gone: 'gone is a broken hard link',
  second: "second is a link to /opt/c, which isn't in the image as seen at layer 0",
  zero: 'zero is a character device, not a file',
  'zero/x': 'no zero/x in the image as seen at layer 0: zero is a character device, not a directory',
  chain0: `${[0, 1, 2, 3, 4, 5].map((at) => `chain${at} is a link to chain${at + 1}`).join(', ')}, 3 more links, ${[9, 10, 11]
    .map((at) => `chain${at} is a link to chain${at + 1}`)
    .join(', ')}, which isn't in the image as seen at layer 0`,
  row0: 'row0: more than 40 symbolic links on the way, which is more than Linux follows',
};

test('cat of anything but a file reports what it is, and which links led there', async (t) => {
  for (const [typed, said] of Object.entries(OF_CAT))
    assert.equal(await complaint(t, 'cat', typed), said.replace('odd\\u202e', 'odd\\u202E'));
});

test('following a link twice is not a loop', async (t) => {
  const image = path.join(testFolder(t), 'layer.tar');
  writeFileSync(image, tar(directory('usr/lib/'), symlink('lib', 'usr/lib'), symlink('usr/lib/x', '/lib/y'), file('usr/lib/y', 'found')));
  const { code, stdout, stderr } = await runCommand(['cat', image, 'lib/x']);
  assert.deepEqual([code, stdout, stderr], [0, 'found', '']);
});

test('ls and export follow links within the path, but treat a link at its end as the link itself', async (t) => {
  for (const command of ['ls', 'export'] as const) {
    assert.equal(await complaint(t, command, 'a/'), OF_CAT.a);
    assert.equal(await complaint(t, command, 'a/deeper'), OF_CAT['a/deeper']);
    assert.equal(await complaint(t, command, 'one/'), OF_CAT.one);
    assert.equal(await complaint(t, command, 'through/'), OF_CAT.through);
  }
  const image = path.join(testFolder(t), 'layer.tar');
  writeFileSync(image, LAYER);
  const { code, stdout } = await runCommand(['ls', image, 'a']);
  assert.match(stdout, /a -> b\n$/);
  assert.equal(code, 0);
});
