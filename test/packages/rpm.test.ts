import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { LayerscopeError } from '#model';
import { FIXED_SITES, readSite, type SeenFiles, type Site } from '#packages';
import { INFLATERS } from '../../src/engine/packages/inflaters.ts';
import { parseAzureManifest, parseAzureNames } from '../../src/packages/rpm/azure.ts';
import { rpmPackages } from '../../src/packages/rpm/database.ts';
import { parseRpmHeader, sourceOfFile } from '../../src/packages/rpm/header.ts';
import { hasCode } from '../support/asserts.ts';
import { bdbDatabase, ndbDatabase, numbers, rpmHeader, sqliteDatabase } from '../support/package-databases.ts';
import { latin1, listed, seenFiles, told, utf8 } from '../support/seen-fixture.ts';
import { concat } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

function parsed(bytes: Uint8Array): Record<string, unknown> | null {
  const found = parseRpmHeader(bytes);
  return found === null ? null : told(found);
}

describe('an rpm header', () => {
  test('an rpm header gives name, version with epoch, source, size and paths', () => {
    const header = rpmHeader({
      name: 'bash',
      version: '5.2',
      release: '3.el9',
      epoch: 2,
      arch: 'x86_64',
      license: 'GPLv3+',
      size: 7_000_000,
      source: 'bash-src-5.2-3.el9.src.rpm',
      files: ['/usr/bin/bash', '/usr/bin/sh', '/etc/bashrc'],
    });
    assert.deepEqual(parsed(header), {
      type: 'rpm',
      name: 'bash',
      arch: 'x86_64',
      version: '2:5.2-3.el9',
      source: 'bash-src',
      sourceVersion: '5.2-3.el9',
      license: 'GPLv3+',
      statedBytes: 7_000_000,
      paths: ['/usr/bin/bash', '/usr/bin/sh', '/etc/bashrc'],
    });
  });

  test('an rpm header may have whole paths and an epoch of 0; the header of a key is not a package', () => {
    const old = parsed(rpmHeader({ name: 'a', epoch: 0, files: ['/b'], oldPaths: true }));
    assert.deepEqual([old?.version, old?.paths], ['1-1', ['/b']]);
    assert.equal(parsed(rpmHeader({ name: 'gpg-pubkey' })), null);
  });

  test('an rpm header that states more than it has is refused', () => {
    const header = rpmHeader({ name: 'a', files: ['/usr/bin/a'] });
    for (const cut of [0, 4, 20, header.length - 1]) assert.throws(() => parseRpmHeader(header.subarray(0, cut)), hasCode('DAMAGED'));
    const many = header.slice();
    many.set([0xff, 0xff, 0xff, 0xff]);
    assert.throws(() => parseRpmHeader(many), hasCode('DAMAGED'));
    // The last tag's string without the NUL that ends it.
    const endless = header.slice();
    endless[endless.length - 1] = 0x61;
    assert.throws(() => parseRpmHeader(endless), hasCode('DAMAGED'));
  });

  test('an rpm header may not expand without limit: a long folder repeated for many files', () => {
    const folder = `/${'x'.repeat(4000)}`;
    const data = concat(utf8('a\0'), utf8(`${folder}/\0`), utf8('f\0'.repeat(20_000)));
    const indexes = new Uint8Array(4 * 20_000);
    const tags = [
      [1000, 6, 0, 1],
      [1001, 6, 0, 1],
      [1002, 6, 0, 1],
      [1118, 8, 2, 1],
      [1117, 8, 2 + folder.length + 2, 20_000],
      [1116, 4, data.length, 20_000],
    ] as const;
    const index = tags.map((tag) => numbers(false, ...tag.map((field) => [field, 4] as const)));
    const header = concat(numbers(false, [tags.length, 4], [data.length + indexes.length, 4]), ...index, data, indexes);
    assert.throws(() => parseRpmHeader(header), hasCode('TOO_LARGE'));
  });

  test('an rpm header names its source package by its file', () => {
    assert.deepEqual(sourceOfFile('gcc-c++-12.1-3.fc40.src.rpm'), { name: 'gcc-c++', version: '12.1-3.fc40' });
    for (const none of [null, '(none)', 'a.rpm', 'a-1.src.rpm', '-1-1.src.rpm']) assert.equal(sourceOfFile(none), null);
  });
});

const HEADERS = [
  rpmHeader({ name: 'one', files: ['/one'] }),
  rpmHeader({ name: 'many', files: Array.from({ length: 500 }, (_, index) => `/usr/share/many/file-${index}`) }),
  rpmHeader({ name: 'three' }),
];

/** Returns the packages' names and their numbers of files. */
function names(database: Uint8Array, log: Uint8Array | null = null): string[] {
  return Array.from(rpmPackages(database, log), ({ name, files }) => `${name} ${listed(files.paths).length}`);
}

const ALL = ['one 1', 'many 500', 'three 0'];

describe('an rpm database', () => {
  test('an rpm database may be SQLite, with overflow pages', (t: TestContext) => {
    const { database } = sqliteDatabase(testFolder(t), HEADERS);
    assert.deepEqual(names(database), ALL);
  });

  test('an rpm database may be SQLite with interior pages', (t: TestContext) => {
    const rows = Array.from({ length: 400 }, (_, index) => rpmHeader({ name: `p${index}`, files: [`/f${index}`] }));
    const { database } = sqliteDatabase(testFolder(t), rows);
    assert.deepEqual(
      names(database),
      rows.map((_, index) => `p${index} 1`),
    );
  });

  test('an rpm database shows what its log has committed, and nothing after a damaged frame', (t: TestContext) => {
    const { database, log } = sqliteDatabase(testFolder(t), HEADERS.slice(0, 1), HEADERS.slice(1));
    assert.ok(log);
    assert.deepEqual(names(database), ['one 1']);
    assert.deepEqual(names(database, log), ALL);
    // Without the frame that ends the last transaction, that transaction never happened.
    assert.deepEqual(names(database, log.subarray(0, log.length - 1)), ALL.slice(0, 2));
    const damaged = log.slice();
    damaged[32 + 24 + 100] = (damaged[32 + 24 + 100] as number) ^ 1;
    assert.deepEqual(names(database, damaged), ['one 1']);
  });

  test('an rpm database may be ndb', () => {
    const database = ndbDatabase(HEADERS);
    assert.deepEqual(names(database), ALL);
    const free = database.slice();
    free.fill(0, 32 + 4, 32 + 8);
    assert.deepEqual(names(free), ALL.slice(1));
  });

  test('an rpm database may be a Berkeley DB of either byte order', () => {
    assert.deepEqual(names(bdbDatabase(HEADERS)), ALL);
    assert.deepEqual(names(bdbDatabase(HEADERS, false)), ALL);
  });

  test('an rpm database that is neither SQLite, ndb nor Berkeley DB is refused', () => {
    assert.throws(() => names(latin1('something else, long enough to be anything'.repeat(10))), hasCode('UNSUPPORTED'));
  });

  test('an rpm database is refused if it ends early or points outside itself', (t: TestContext) => {
    const { database } = sqliteDatabase(testFolder(t), HEADERS);
    assert.throws(() => names(database.subarray(0, database.length - 1500)), hasCode('DAMAGED'));
    const ndb = ndbDatabase(HEADERS);
    assert.throws(() => names(ndb.subarray(0, ndb.length - 20)), hasCode('DAMAGED'));
    const far = ndb.slice();
    far.fill(0xff, 32 + 8, 32 + 12);
    assert.throws(() => names(far), hasCode('DAMAGED'));
    const bdb = bdbDatabase(HEADERS);
    // The first overflow page of the second value continues outside the file.
    bdb.set(numbers(true, [999, 4]), 3 * 512 + 16);
    assert.throws(() => names(bdb), hasCode('DAMAGED'));
  });

  test('an rpm database is refused if its pages form a loop or are used twice', (t: TestContext) => {
    const rows = Array.from({ length: 400 }, (_, index) => rpmHeader({ name: `p${index}`, files: [`/f${index}`] }));
    const { database } = sqliteDatabase(testFolder(t), rows);
    const size = 1024;
    // The table's root is an interior page; let its rightmost child be itself, then its first child.
    const root = Array.from({ length: database.length / size }, (_, index) => index).find(
      (index) => index > 0 && database[index * size] === 5,
    );
    assert.ok(root !== undefined);
    database.set(numbers(false, [root + 1, 4]), root * size + 8);
    assert.throws(() => names(database), hasCode('DAMAGED'));
    const firstCell = (database[root * size + 12] as number) * 256 + (database[root * size + 13] as number);
    database.copyWithin(root * size + 8, root * size + firstCell, root * size + firstCell + 4);
    assert.throws(() => names(database), hasCode('DAMAGED'));
  });
});

describe('a database’s size', () => {
  const MIB = 1024 * 1024;
  const site = FIXED_SITES.find(({ location }) => location === 'var/lib/rpm/rpmdb.sqlite') as Site;

  /** Files with stated sizes; reading one of them fails the test. */
  const sized = (sizes: Readonly<Record<string, number>>): SeenFiles => ({
    ...seenFiles({}),
    bytes: () => assert.fail('read although it is too large'),
    open(path) {
      const size = sizes[String.fromCharCode(...path)];
      return size === undefined ? null : { size, read: () => assert.fail('read although it is too large') };
    },
  });

  test('a database’s size is limited before anything is read, together with its log', async () => {
    for (const sizes of [{ '': 96 * MIB + 1 }, { '': 70 * MIB, '-wal': 27 * MIB }]) {
      const files = Object.fromEntries(Object.entries(sizes).map(([end, size]) => [`${site.location}${end}`, size]));
      await assert.rejects(readSite(site, sized(files), INFLATERS), (error: unknown) => {
        assert.ok(error instanceof LayerscopeError);
        assert.deepEqual(
          [error.code, /^the rpm database has 1\d\d\.\d MB; up to 100\.7 MB are read$/.test(error.message)],
          ['TOO_LARGE', true],
        );
        return true;
      });
    }
  });

  test('a database at the size limit is read, without looking for another kind of database’s log', async () => {
    let asked = '';
    const at = (size: number): SeenFiles => ({
      ...sized({ [site.location]: size }),
      bytes: async (path) => {
        asked += `${String.fromCharCode(...(path as Uint8Array))} `;
        return null;
      },
    });
    assert.deepEqual(await readSite(site, at(96 * MIB), INFLATERS), []);
    const old = FIXED_SITES.find(({ location }) => location === 'var/lib/rpm/Packages') as Site;
    assert.deepEqual(await readSite(old, at(0), INFLATERS), []);
    assert.equal(asked, 'var/lib/rpm/rpmdb.sqlite var/lib/rpm/Packages ');
  });
});

describe('Azure Linux', () => {
  test('Azure Linux packages are read from the tab-separated lines of container-manifest-2', () => {
    const lines =
      'bash\t5.2-1.azl3\t1700\t1690\tMicrosoft\t(none)\t9000\tx86_64\t0\tbash-5.2-1.azl3.src.rpm\ntz\t2-1\t1\t1\tv\t3\t1\t(none)\t3\tx\ngpg-pubkey\t1-1\t\t\t\t\t\t\t\t\n';
    assert.deepEqual(parseAzureManifest(utf8(lines)).map(told), [
      {
        type: 'rpm',
        name: 'bash',
        arch: 'x86_64',
        version: '5.2-1.azl3',
        source: 'bash',
        sourceVersion: '5.2-1.azl3',
        statedBytes: 9000,
      },
      { type: 'rpm', name: 'tz', version: '3:2-1', statedBytes: 1 },
    ]);
  });

  test('Azure Linux names and versions are read from container-manifest-1', () => {
    assert.deepEqual(parseAzureNames(utf8('ca-certs-3.0-8.azl3.noarch\nodd\n')).map(told), [
      { type: 'rpm', name: 'ca-certs', arch: 'noarch', version: '3.0-8.azl3' },
    ]);
  });
});
