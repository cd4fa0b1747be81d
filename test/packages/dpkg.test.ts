import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { INFLATERS } from '../../src/engine/packages/inflaters.ts';
import { parseChiselManifest } from '../../src/packages/dpkg/chisel.ts';
import { readDpkg, readStatusFolder } from '../../src/packages/dpkg/debian.ts';
import { readOpkg } from '../../src/packages/dpkg/opkg.ts';
import { parseDpkgStatus } from '../../src/packages/dpkg/status.ts';
import { hasCode } from '../support/asserts.ts';
import { seenFiles, told } from '../support/seen-fixture.ts';

const STATUS = `Package: plain
Status: install ok installed
Installed-Size: 3
Architecture: all
Version: 0:1.0-1
Description: text
 Package: not-a-field
 .

Package: lib
Status: install ok triggers-pending
Architecture: i386
Source: libsource (2:9-1)
Version: 1:2.0~rc1+dfsg-3

Package: gone
Status: deinstall ok config-files
Version: 3

Package: nameless-version
Status: install ok installed
`;

describe('dpkg', () => {
  test('dpkg’s stanzas give name, version without an epoch of 0, state, source and size in bytes', async () => {
    const found = await readDpkg(seenFiles({ 'd/status': STATUS }), 'd');
    assert.deepEqual(found.map(told), [
      {
        type: 'deb',
        name: 'plain',
        arch: 'all',
        version: '1.0-1',
        status: 'installed',
        source: 'plain',
        sourceVersion: '1.0-1',
        statedBytes: 3072,
      },
      {
        type: 'deb',
        name: 'lib',
        arch: 'i386',
        version: '1:2.0~rc1+dfsg-3',
        status: 'triggers-pending',
        source: 'libsource',
        sourceVersion: '2:9-1',
      },
      { type: 'deb', name: 'gone', version: '3', status: 'config-files', source: 'gone', sourceVersion: '3' },
    ]);
  });

  test('a package’s files come from the list for its name and architecture, or else for its name, or else from its checksums', async () => {
    const seen = seenFiles({
      'd/status':
        'Package: a\nArchitecture: amd64\nVersion: 1\n\nPackage: b\nArchitecture: all\nVersion: 1\n\nPackage: c\nVersion: 1\n\nPackage: ../e\nVersion: 1\n',
      'd/info/a:amd64.list': '/.\n/usr\n/usr/a\n',
      'd/info/a.list': '/wrong\n',
      'd/info/b.list': '/b with spaces',
      'd/info/c.md5sums': 'd41d8cd98f00b204e9800998ecf8427e  usr/c\n',
      'd/e.list': '/outside\n',
    });
    const found = await readDpkg(seen, 'd');
    assert.deepEqual(
      found.map((each) => told(each).paths),
      [['/.', '/usr', '/usr/a'], ['/b with spaces'], ['usr/c'], undefined],
    );
  });

  test('a diverted path is listed where it was moved, except for the package that diverted it', async () => {
    const seen = seenFiles({
      'd/status': 'Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n',
      'd/info/a.list': '/bin/x\n/bin/y\n',
      'd/info/b.list': '/bin/x\n',
      'd/diversions': '/bin/x\n/bin/x.real\nb\n',
    });
    const found = await readDpkg(seen, 'd');
    assert.deepEqual(
      found.map((each) => told(each).paths),
      [['/bin/x.real', '/bin/y'], ['/bin/x']],
    );
  });

  test('status.d has a file per package, whose checksums serve as its file list', async () => {
    const seen = seenFiles({
      's/zlib1g': 'Package: zlib1g\nVersion: 1\n',
      's/zlib1g.md5sums': 'd41d8cd98f00b204e9800998ecf8427e  lib/z.so\n',
      's/tz': 'Package: tzdata\nVersion: 2026\n',
    });
    const found = await readStatusFolder(seen, 's');
    assert.deepEqual(
      found.map((each) => [each.name, each.status, told(each).paths]),
      [
        ['zlib1g', 'installed', ['lib/z.so']],
        ['tzdata', 'installed', undefined],
      ],
    );
  });
});

test('opkg states sizes in bytes and may add modes to its lists', async () => {
  const seen = seenFiles({
    'o/status':
      'Package: busybox\nVersion: 1.36-1\nStatus: install user installed\nInstalled-Size: 500\nArchitecture: mips\nSource: feeds/x\nSourceName: bb\nLicense: GPL-2.0\n',
    'o/info/busybox.list': '/bin/busybox\t0100755\n/etc/x\n',
  });
  const [found] = await readOpkg(seen, 'o');
  assert.ok(found);
  assert.deepEqual(told(found), {
    type: 'opkg',
    name: 'busybox',
    arch: 'mips',
    version: '1.36-1',
    status: 'installed',
    source: 'bb',
    sourceVersion: '1.36-1',
    license: 'GPL-2.0',
    statedBytes: 500,
    paths: ['/bin/busybox', '/etc/x'],
  });
});

describe('Chisel', () => {
  const manifest = (...lines: readonly object[]): Uint8Array =>
    new Uint8Array(zlib.zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));

  test('Chisel’s manifest gives packages, and paths by slice', () => {
    const bytes = manifest(
      { jsonwall: '1.0', schema: '1.0', count: 4 },
      { kind: 'content', slice: 'early_x', path: '/before/its/package' },
      { kind: 'package', name: 'libc6', version: '2.39-0', sha256: 'x', arch: 'amd64' },
      { kind: 'slice', name: 'libc6_libs' },
      { kind: 'content', slice: 'libc6_libs', path: '/lib/libc.so.6' },
      { kind: 'content', slice: 'libc6_config', path: '/lib/libc.so.6' },
      { kind: 'path', path: '/lib/libc.so.6', mode: '0644', slices: ['libc6_libs'] },
    );
    assert.deepEqual(parseChiselManifest(bytes, INFLATERS)?.map(told), [
      {
        type: 'deb',
        name: 'libc6',
        arch: 'amd64',
        version: '2.39-0',
        status: 'installed',
        source: 'libc6',
        sourceVersion: '2.39-0',
        paths: ['/lib/libc.so.6'],
      },
    ]);
  });

  test('a Chisel manifest with damaged bytes or lines is refused', () => {
    assert.equal(parseChiselManifest(Uint8Array.of(1, 2, 3), INFLATERS), null);
    const broken = new Uint8Array(zlib.zstdCompressSync('{"kind":'));
    assert.throws(() => parseChiselManifest(broken, INFLATERS), hasCode('BAD_MANIFEST'));
  });
});

test('a database with more packages than any real one is refused', () => {
  const stanzas = Array.from({ length: 200_001 }, (_, at) => `Package: p${at}\nVersion: 1\n\n`).join('');
  assert.throws(() => parseDpkgStatus(Buffer.from(stanzas)), hasCode('TOO_LARGE'));
});
