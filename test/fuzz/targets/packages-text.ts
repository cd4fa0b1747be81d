// Text package databases, chosen by the first byte: read, or refused. Paths are never longer than the text allows.
import assert from 'node:assert/strict';
import { readSite, type Site } from '#packages';
import { INFLATERS } from '../../../src/engine/packages/inflaters.ts';
import { seenFiles } from '../../support/seen-fixture.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

/** A kind of site, its path and its files. Each file's content is one part of the input. */
const KINDS: readonly { readonly kind: Site['kind']; readonly path: string; readonly files: readonly string[]; readonly seed: string }[] = [
  {
    kind: 'dpkg',
    path: 'var/lib/dpkg',
    files: ['var/lib/dpkg/status', 'var/lib/dpkg/info/a.list', 'var/lib/dpkg/diversions', 'var/lib/dpkg/info/b:amd64.md5sums'],
    seed: 'Package: a\nStatus: install ok installed\nVersion: 0:1-1\nSource: s (2)\nInstalled-Size: 3\n\nPackage: b\nArchitecture: amd64\nVersion: 1\n\f/.\n/usr/bin/a\n\f/usr/bin/a\n/usr/bin/a.real\nb\n\fd41d8cd98f00b204e9800998ecf8427e  usr/bin/b\n',
  },
  {
    kind: 'apk',
    path: 'i',
    files: ['i'],
    seed: 'P:a\nV:1-r0\nA:x\nI:9\nL:MIT\no:s\nF:usr/bin\nR:a\nZ:Q1\nF:\nR:root\n\nP:.virtual\nV:1\n\n',
  },
  {
    kind: 'pacman',
    path: 'l',
    files: ['l/a-1/desc', 'l/a-1/files'],
    seed: '%NAME%\na\n\n%VERSION%\n1-1\n\n%LICENSE%\nMIT\nGPL\n\f%FILES%\nusr/\nusr/bin/a\n\n%BACKUP%\nx\n',
  },
  {
    kind: 'opkg',
    path: 'o',
    files: ['o/status', 'o/info/a.list'],
    seed: 'Package: a\nVersion: 1\nStatus: install user installed\n\f/bin/a\t0100755\n',
  },
  { kind: 'azure', path: 'm2', files: ['m2'], seed: 'a\t1-1\t0\t0\tv\t(none)\t9\tnoarch\t0\ta-1-1.src.rpm\n' },
  { kind: 'azure', path: 'm1', files: ['m1'], seed: 'a-1-1.noarch\n' },
  {
    kind: 'npm',
    path: 'node_modules/a/package.json',
    files: ['node_modules/a/package.json'],
    seed: '{"name":"a","version":"1","license":{"type":"MIT"}}',
  },
  {
    kind: 'python',
    path: 's/a-1.dist-info/METADATA',
    files: ['s/a-1.dist-info/METADATA', 's/a-1.dist-info/RECORD'],
    seed: 'Name: a\nVersion: 1\nLicense: MIT\n\nText\n\f"a/b,""c"".py",sha256=x,1\n../../bin/a,,\n',
  },
  {
    kind: 'gem',
    path: 'g/specifications/a-1.gemspec',
    files: ['g/specifications/a-1.gemspec'],
    seed: 's.name = "a".freeze\n s.version = "1"\n s.licenses = ["MIT".freeze]\n',
  },
  {
    kind: 'nuget',
    path: 'a.deps.json',
    files: ['a.deps.json'],
    seed: '{"targets":{"t":{"a/1":{"runtime":{"lib/a.dll":{}},"resources":{"lib/de/r.dll":{}}}}},"libraries":{"a/1":{"type":"package"}}}',
  },
  {
    kind: 'conda',
    path: 'c/conda-meta/a.json',
    files: ['c/conda-meta/a.json'],
    seed: '{"name":"a","version":"1","subdir":"linux-64","files":["lib/a"]}',
  },
];

async function run(input: Uint8Array): Promise<void> {
  const kind = KINDS[(input[0] ?? 0) % KINDS.length];
  if (kind === undefined) return;
  const parts: Uint8Array[] = [];
  for (let start = 1; start <= input.length; ) {
    const found = input.indexOf(0x0c, start);
    const end = found < 0 ? input.length : found;
    parts.push(input.subarray(start, end));
    start = end + 1;
  }
  const files = Object.fromEntries(kind.files.map((file, index) => [file, parts[index] ?? new Uint8Array(0)]));
  const site: Site = { kind: kind.kind, path: Buffer.from(kind.path), location: kind.path, also: [] };
  try {
    for (const { name, version, files: own } of await readSite(site, seenFiles(files), INFLATERS)) {
      assert.ok(name !== '' && version !== '' && name.length <= 1000 && version.length <= 1000);
      for (const list of [own.paths, own.folders]) assert.ok(list.length === 0 || list.at(-1) === 0, 'a list that does not end');
    }
  } catch (error) {
    expectRefusal(error, ['BAD_MANIFEST', 'DAMAGED', 'TOO_LARGE', 'UNSUPPORTED']);
  }
}

export const target: Target = {
  name: 'packages-text',
  seeds: () => KINDS.map(({ seed }, index) => Buffer.concat([Uint8Array.of(index), Buffer.from(seed)])),
  tokens: textTokens('\n\n', '\f', '%FILES%\n', 'F:', 'R:', '\t', '""', '../', 'Package: ', 'Status: x x config-files\n'),
  maxBytes: 8192,
  batch: 64,
  open: () => session(run),
};
