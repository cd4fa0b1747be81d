// rpm databases of every kind, with a write-ahead log after the marker if there is one: each is read or refused, and the paths that it
// lists stay within a limit.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rpmPackages } from '../../../src/packages/rpm/database.ts';
import { bdbDatabase, ndbDatabase, rpmHeader, sqliteDatabase } from '../../support/package-databases.ts';
import { expectRefusal } from '../engine/finding.ts';
import { joined, textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

const MARKER = Buffer.from('--wal--');

function run(input: Uint8Array): void {
  const at = Buffer.from(input.buffer, input.byteOffset, input.length).indexOf(MARKER);
  const database = at < 0 ? input : input.subarray(0, at);
  const log = at < 0 ? null : input.subarray(at + MARKER.length);
  let paths = 0;
  try {
    for (const { name, version, files } of rpmPackages(database, log)) {
      assert.ok(name.length > 0 && version.length > 0);
      paths += files.paths.length;
    }
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TOO_LARGE', 'UNSUPPORTED']);
  }
  // A folder's name is repeated for each of its files, so the paths may be larger than the database, but not without limit.
  assert.ok(paths <= 256 * 1024 * 1024);
}

const HEADERS = [
  rpmHeader({
    name: 'a',
    epoch: 1,
    arch: 'noarch',
    license: 'MIT',
    source: 'a-1-1.src.rpm',
    files: ['/usr/bin/a', '/usr/bin/b', '/etc/c'],
  }),
  rpmHeader({ name: 'old', files: ['/x'], oldPaths: true }),
  rpmHeader({ name: 'large', files: Array.from({ length: 60 }, (_, index) => `/usr/share/large/file-${index}`) }),
];

function seeds(): Uint8Array[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-fuzz-'));
  const second = mkdtempSync(path.join(tmpdir(), 'layerscope-fuzz-'));
  try {
    const plain = sqliteDatabase(folder, HEADERS);
    const logged = sqliteDatabase(second, HEADERS.slice(0, 1), HEADERS.slice(1));
    return [
      plain.database,
      joined(logged.database, MARKER, logged.log ?? new Uint8Array(0)),
      ndbDatabase(HEADERS),
      bdbDatabase(HEADERS),
      bdbDatabase(HEADERS, false),
    ];
  } finally {
    for (const each of [folder, second]) rmSync(each, { recursive: true });
  }
}

export const target: Target = {
  name: 'rpmdb',
  seeds,
  tokens: textTokens(
    '\0\0\x03\xe8',
    '\0\0\x04\x5c',
    '\0\0\x04\x5d',
    '\0\0\x04\x5e',
    '\xff\xff\xff\xff',
    '\x7f\xff\xff\xff',
    '\x0d',
    '\x05',
    'Slot',
  ),
  batch: 64,
  open: () => session(run),
};
