// GNU tar's, bsdtar's and Python's tars of a folder, in each of their formats, read as the folder on disk. Debian: tar, libarchive-tools,
// python3.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { loadImage } from '#engine';
import { commandLines } from '../support/command-line.ts';
import { diskTree, imageTree, type Tree, type TreeEntry } from '../support/disk-tree.ts';
import { writeOddFolder } from '../support/odd-folder.ts';
import { runTool } from '../support/tools.ts';
import { readAll, testFolder, testReader } from '../support/workbench.ts';

interface Writer {
  readonly command: string;
  readonly options: readonly string[];
  /** Whether the format can store long names, and fractions of seconds. */
  readonly longNames: boolean;
  readonly exactTimes: boolean;
  /** The formats that `raw` reports for these members. */
  readonly formats: readonly string[];
  /** Whether holes are stored as holes. */
  readonly sparse: boolean;
}

const short = { longNames: false, exactTimes: false, sparse: false };
const long = { longNames: true, exactTimes: false, sparse: false };
const exact = { longNames: true, exactTimes: true, sparse: false };
const WRITERS: readonly Writer[] = [
  { command: 'tar', options: ['--format=v7', '--exclude=./pipe'], ...short, formats: ['v7'] },
  { command: 'tar', options: ['--format=ustar'], ...short, formats: ['ustar'] },
  { command: 'tar', options: ['--format=oldgnu'], ...long, formats: ['gnu'] },
  { command: 'tar', options: ['--format=gnu'], ...long, formats: ['gnu'] },
  { command: 'tar', options: ['--format=gnu', '--sparse'], ...long, sparse: true, formats: ['gnu'] },
  { command: 'tar', options: ['--format=pax'], ...exact, formats: ['pax'] },
  { command: 'tar', options: ['--format=posix', '--xattrs', '--acls', '--numeric-owner'], ...exact, formats: ['pax'] },
  ...['0.0', '0.1', '1.0'].map((version) => ({
    command: 'tar',
    options: ['--format=posix', '--sparse', `--sparse-version=${version}`],
    ...exact,
    sparse: true,
    formats: ['pax'],
  })),
  { command: 'bsdtar', options: ['--format=v7', '--exclude=./pipe'], ...short, formats: ['v7'] },
  { command: 'bsdtar', options: ['--format=ustar'], ...short, formats: ['ustar'] },
  { command: 'bsdtar', options: ['--format=gnutar'], ...long, formats: ['gnu'] },
  { command: 'bsdtar', options: ['--format=pax'], ...exact, sparse: true, formats: ['pax'] },
  { command: 'bsdtar', options: ['--format=pax', '--no-read-sparse'], ...exact, formats: ['pax'] },
];

const PYTHON = `
import sys, tarfile
with tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[3] + '_FORMAT'), errors='surrogateescape') as t:
    t.add(sys.argv[2], '.')
`;

/** Returns the folder on disk as a tar can describe it: without whiteouts, which a view doesn't have, and with numeric owners. */
function expectedTree(folder: string): Tree {
  return new Map([...diskTree(folder)].filter(([name]) => !name.startsWith('.wh.')));
}

function assertReads(actual: Tree, expected: Tree, what: string, exactTimes: boolean): void {
  const shape = (entry: TreeEntry) => ({
    ...entry,
    mode: entry.type === 'symlink' ? null : entry.mode.toString(8),
    mtime: exactTimes || entry.mtime === null ? entry.mtime : entry.mtime / 1_000_000_000n,
  });
  assert.deepEqual([...actual.keys()], [...expected.keys()], `${what}: paths`);
  for (const [name, entry] of expected) {
    const other = actual.get(name);
    assert.ok(other);
    assert.deepEqual(shape(other), shape(entry), `${what}: ${JSON.stringify(name)}`);
  }
}

test('tars from GNU tar and bsdtar in every format read as the folder on disk', async (t) => {
  const outer = testFolder(t);
  const folders = new Map([false, true].map((longNames) => [longNames, path.join(outer, longNames ? 'long' : 'short')]));
  for (const [longNames, folder] of folders) writeOddFolder(folder, { longNames, sparse: true });
  const reader = testReader(t);
  for (const [number, { command, options, longNames, exactTimes, sparse, formats }] of WRITERS.entries()) {
    const what = `${command} ${options.join(' ')}`;
    const folder = folders.get(longNames) ?? '';
    const file = path.join(outer, `${number}.tar`);
    runTool(command, ['-c', '-f', file, ...options, '-C', folder, '.']);
    const { archive, findings } = await readAll(reader, file);
    assert.equal(archive.format, 'layer', what);
    assert.deepEqual(
      findings.filter(({ code }) => code !== 'invalid-utf8-name' && code !== 'odd-name'),
      [],
      what,
    );
    const expected = new Map(expectedTree(folder));
    if (options.includes('--exclude=./pipe')) expected.delete('pipe'); // V7 has no pipes
    assertReads(await imageTree(await loadImage(reader, archive, 0), 0), expected, what, exactTimes);
    const raw = await commandLines(['raw', file, '--layer', '0', '--json']);
    for (const { format, type } of raw) if (type !== 'global') assert.ok(formats.includes(String(format)), `${what}: ${format}`);
    assert.equal(
      raw.some((line) => 'sparse' in line),
      sparse,
      what,
    );
  }
});

test('tars from Python in every format read as the folder on disk', async (t) => {
  const outer = testFolder(t);
  const reader = testReader(t);
  for (const format of ['USTAR', 'GNU', 'PAX']) {
    const folder = path.join(outer, format);
    writeOddFolder(folder, { longNames: format !== 'USTAR', sparse: false });
    const file = `${folder}.tar`;
    runTool('python3', ['-c', PYTHON, file, folder, format]);
    const { archive } = await readAll(reader, file);
    assertReads(await imageTree(await loadImage(reader, archive, 0), 0), expectedTree(folder), format, format === 'PAX');
  }
});

test("members with GNU tar's own types are in raw but not in any view", async (t) => {
  const folder = testFolder(t);
  writeOddFolder(path.join(folder, 'root'), { longNames: true, sparse: false });
  const file = path.join(folder, 'labelled');
  runTool('tar', [
    '-c',
    '-f',
    file,
    '--format=gnu',
    '--label=a label',
    `--listed-incremental=${file}.list`,
    '-C',
    path.join(folder, 'root'),
    '.',
  ]);
  const raw = await commandLines(['raw', file, '--layer', '0', '--json']);
  const flags = new Set(raw.filter(({ type }) => type === 'other').map(({ typeflag }) => typeflag));
  assert.deepEqual([...flags].sort(), ['D', 'V']);
  assert.equal(raw[0]?.name, 'a label');
  const listed = (await commandLines(['ls', file, '--json'])).map((line) => line.path);
  assert.ok(listed.includes('plain/file') && !listed.includes('a label'));
});

test('extended attributes written by GNU tar and by bsdtar are read identically, without duplicates', async (t) => {
  const folder = testFolder(t);
  const root = path.join(folder, 'root');
  writeOddFolder(root, { longNames: false, sparse: false });
  const set = 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))';
  runTool('python3', ['-c', set, path.join(root, 'plain', 'sub', 'more'), 'user.note', '00ff3d0a']);
  runTool('python3', ['-c', set, path.join(root, 'plain'), 'user.text', '6162']);
  // bsdtar repeats a body's attributes at each of its names, GNU tar doesn't.
  runTool('python3', ['-c', set, path.join(root, 'plain', 'file'), 'user.linked', '6162']);
  runTool('tar', ['-c', '-f', 'gnu', '--format=posix', '--xattrs', '-C', 'root', '.'], { cwd: folder });
  runTool('bsdtar', ['-c', '-f', 'bsd', '--format=pax', '-C', 'root', '.'], { cwd: folder });
  runTool('tar', ['-c', '-f', 'without', '--format=posix', '--no-xattrs', '-C', 'root', '.'], { cwd: folder });
  const at = (name: string): string => path.join(folder, name);
  const raw = await commandLines(['raw', at('bsd'), '--layer', '0', '--json']);
  const pax = raw.find(({ name }) => name === './plain/sub/more')?.pax;
  assert.deepEqual((pax as Record<string, unknown>)['SCHILY.xattr.user.note'], { hex: '00ff3d0a' });
  assert.deepEqual(await commandLines(['diff', at('gnu'), at('bsd'), '--json']), []);
  const lost = await commandLines(['diff', at('bsd'), at('without'), '--json']);
  assert.deepEqual(
    lost.map(({ kind, path: name, differs }) => [kind, name, differs]),
    [
      ['modified', 'plain', ['attributes']],
      ['modified', 'plain/again', ['attributes']],
      ['modified', 'plain/file', ['attributes']],
      ['modified', 'plain/sub/more', ['attributes']],
      ['modified', 'zz-third', ['attributes']],
    ],
  );
});

test('a folder packed in another order is the same file system, including its hard links', async (t) => {
  const folder = testFolder(t);
  const root = path.join(folder, 'root');
  writeOddFolder(root, { longNames: true, sparse: true });
  for (const [name, order] of [
    ['there', ''],
    ['back', '-r'],
  ] as const) {
    const list = runTool('sh', ['-c', `find . -mindepth 1 -print0 | sort -z ${order}`], { cwd: root });
    runTool('tar', ['-c', '-f', path.join(folder, name), '--format=gnu', '-C', root, '--no-recursion', '--null', '-T', '-'], {
      stdin: list,
    });
  }
  const [there, back] = [path.join(folder, 'there'), path.join(folder, 'back')];
  const links = async (file: string) =>
    (await commandLines(['ls', file, '--json'])).filter(({ type }) => type === 'hardlink').map((line) => line.path);
  assert.notDeepEqual(await links(there), await links(back), 'different names are the links');
  assert.deepEqual(await commandLines(['diff', there, back, '--json', '--exit-code']), []);
});
