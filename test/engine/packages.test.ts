import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { listView, loadImage } from '#engine';
import { type ImagePackages, ownersOf, packageLines, packagesOf } from '#engine/packages';
import { entryTypeName, rowPath } from '#model';
import { dockerArchive } from '../support/docker-archive.ts';
import { elfProgram, goBuildInfo, ndbDatabase, rpmHeader } from '../support/package-databases.ts';
import { concat, directory, file, hardlink, latin1, symlink, tar, utf8, zeros } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

async function packages(t: TestContext, layers: readonly Uint8Array[], layer?: number): Promise<ImagePackages> {
  const reader = testReader(t);
  await using archive = await reader.open(testFile(t, dockerArchive({ name: 'x:1', layers })));
  const loaded = await loadImage(reader, archive, 0);
  const found = await packagesOf(loaded, layer === undefined ? {} : { layer });
  for (const { bytes, ownedBytes, unownedBytes, changes, layer: at } of found.layers) {
    assert.equal(bytes, loaded.report.layers[at]?.fileBytes);
    assert.equal(bytes, ownedBytes + unownedBytes);
    assert.equal(
      ownedBytes,
      changes.reduce((sum, change) => sum + (change.kind === 'removed' ? 0 : change.bytes), 0),
    );
  }
  return found;
}

/** Returns a line for each change, such as `0 added deb a 1: 2 files, 30 bytes`. */
function told({ layers }: ImagePackages): string[] {
  return layers.flatMap(({ layer, changes }) =>
    changes.map(({ kind, type, name, version, status, files, bytes, previous }) => {
      const was = previous === undefined ? '' : `, was ${previous.version} ${previous.status}`;
      return `${layer} ${kind} ${type} ${name} ${version}${kind === 'removed' ? ` ${status}` : ''}: ${files} files, ${bytes} bytes${was}`;
    }),
  );
}

/** Returns a dpkg database with the name, version and state of each package. */
function dpkg(...packages: readonly (readonly [name: string, version: string, status?: string])[]): Uint8Array {
  const stanzas = packages.map(
    ([name, version, status = 'installed']) => `Package: ${name}\nStatus: install ok ${status}\nVersion: ${version}\n`,
  );
  return file('var/lib/dpkg/status', stanzas.join('\n'));
}

const list = (name: string, ...paths: readonly string[]): Uint8Array =>
  file(`var/lib/dpkg/info/${name}.list`, paths.map((path) => `${path}\n`).join(''));

describe('packages by layer', () => {
  test('lists packages as added, upgraded, removed and touched, each with the layer’s own files', async (t) => {
    const found = await packages(t, [
      tar(
        dpkg(['a', '1'], ['b', '1']),
        list('a', '/.', '/usr', '/usr/a', '/usr/a2'),
        list('b', '/etc/b', '/usr/b'),
        directory('usr'),
        file('usr/a', '12345'),
        hardlink('usr/a2', 'usr/a'),
        file('etc/b', '1'),
        file('usr/b', '22'),
      ),
      tar(dpkg(['a', '2'], ['b', '1', 'half-configured']), file('usr/a', '1234567'), file('etc/b', '1')),
      tar(file('usr/a', 'xyz'), file('nobody', '1')),
      tar(dpkg(['a', '2'], ['b', '1', 'config-files']), file('usr/.wh.b')),
      tar(dpkg(['a', '2']), file('etc/.wh.b'), file('var/lib/dpkg/info/.wh.b.list')),
    ]);
    assert.deepEqual(told(found), [
      '0 added deb a 1: 2 files, 5 bytes',
      '0 added deb b 1: 2 files, 3 bytes',
      '1 modified deb a 2: 1 files, 7 bytes, was 1 installed',
      '1 modified deb b 1: 1 files, 1 bytes, was 1 installed',
      '2 touched deb a 2: 1 files, 3 bytes',
      '3 removed deb b 1 config-files: 1 files, 2 bytes',
    ]);
    assert.deepEqual(
      found.layers.map((each) => each.packages),
      [2, 2, 2, 1, 1],
    );
    assert.deepEqual(
      found.installed().map(({ layer, name, version, files, bytes }) => [layer, name, version, files, bytes]),
      [[1, 'a', '2', 2, 3]],
    );
  });

  test('packages own the paths that their listed paths resolve to through the layer’s links', async (t) => {
    const found = await packages(t, [
      tar(dpkg(['a', '1']), list('a', '/bin/x', '/lib/y'), file('bin/x', '1'), file('usr/bin/x', '22'), file('lib/y', '333')),
      tar(file('.wh.bin'), symlink('bin', 'usr/bin'), file('usr/bin/x', '4444')),
    ]);
    assert.deepEqual(told(found), ['0 added deb a 1: 2 files, 4 bytes', '1 touched deb a 1: 1 files, 4 bytes']);
    assert.equal(found.ownerOf(utf8('usr/bin/x'))?.name, 'a');
    assert.equal(found.ownerOf(utf8('bin/x')), null);
    assert.equal(found.ownerOf(utf8('no/such/path')), null);
  });

  test('if two packages list a path, the first in order owns it, a system package before a language’s', async (t) => {
    const record = 'six.py,,\nsix-1.dist-info/METADATA,,\nown.py,,\n';
    const layer = tar(
      dpkg(['zz', '1'], ['python3-six', '1']),
      list('python3-six', '/usr/lib/python3/dist-packages/six.py', '/shared'),
      list('zz', '/shared'),
      file('shared', '1'),
      file('usr/lib/python3/dist-packages/six.py', '22'),
      file('usr/lib/python3/dist-packages/own.py', '4444'),
      file('usr/lib/python3/dist-packages/six-1.dist-info/METADATA', 'Name: six\nVersion: 1\n'),
      file('usr/lib/python3/dist-packages/six-1.dist-info/RECORD', record),
    );
    const found = await packages(t, [layer]);
    assert.deepEqual(told(found), [
      '0 added deb python3-six 1: 2 files, 3 bytes',
      '0 added deb zz 1: 0 files, 0 bytes',
      '0 added pypi six 1: 2 files, 25 bytes',
    ]);
    assert.deepEqual(found.ownerOf(utf8('usr/lib/python3/dist-packages/six.py')), {
      type: 'deb',
      name: 'python3-six',
      arch: null,
      version: '1',
      location: 'var/lib/dpkg/status',
    });
  });

  test('an npm package owns its folder, but not the packages nested in it', async (t) => {
    const json = (name: string, version: string): string => JSON.stringify({ name, version });
    const found = await packages(t, [
      tar(
        file('app/node_modules/a/package.json', json('a', '1')),
        file('app/node_modules/a/lib/x.js', '12345'),
        file('app/node_modules/a/node_modules/.bin/b', '1'),
        file('app/node_modules/a/node_modules/b/package.json', json('b', '1')),
        file('app/node_modules/a/node_modules/b/y.js', '123'),
        file('app/node_modules/b/package.json', json('b', '2')),
        file('app/node_modules/.package-lock.json', '1'),
      ),
      tar(file('app/node_modules/b/.wh..wh..opq'), file('app/node_modules/b/package.json', json('b', '3'))),
      tar(file('app/node_modules/a/.wh.node_modules')),
    ]);
    const own = json('a', '1').length;
    assert.deepEqual(told(found), [
      `0 added npm a 1: 2 files, ${own + 5} bytes`,
      `0 added npm b 1: 2 files, ${own + 3} bytes`,
      `0 added npm b 2: 1 files, ${own} bytes`,
      `1 modified npm b 3: 1 files, ${own} bytes, was 2 null`,
      `2 removed npm b 1 null: 2 files, ${own + 3} bytes`,
    ]);
    assert.equal(found.ownerOf(utf8('app/node_modules/a/node_modules/.bin/b')), null);
  });

  test('a package that lists a path in another’s folder owns it if it comes first in order', async (t) => {
    const program = elfProgram([
      { name: '.go.buildinfo', data: goBuildInfo(['mod\tx.test/main\tv1\t']) },
      { name: '.text', data: zeros(70_000), isWritable: false },
    ]);
    const modules = 's/lab/node_modules/a';
    const found = await packages(t, [
      tar(
        file('s/lab-1.dist-info/METADATA', 'Name: lab\nVersion: 1\n'),
        file('s/lab-1.dist-info/RECORD', `${modules.slice(2)}/x.js,,\nlab/y.py,,\n`),
        file(`${modules}/package.json`, '{"name":"a","version":"1"}'),
        file(`${modules}/x.js`, '1'),
        file(`${modules}/bin/tool`, program, { mode: 0o755 }),
        file('s/lab/y.py', '1'),
      ),
    ]);
    const owner = (path: string): string | undefined => found.ownerOf(utf8(path))?.type;
    assert.deepEqual([owner(`${modules}/x.js`), owner(`${modules}/bin/tool`), owner('s/lab/y.py')], ['npm', 'golang', 'pypi']);
  });

  test('several versions installed side by side are paired by version', async (t) => {
    const kernels = (...versions: readonly string[]): Uint8Array =>
      file(
        'var/lib/rpm/Packages.db',
        ndbDatabase(versions.map((version) => rpmHeader({ name: 'kernel', version, files: [`/boot/${version}`] }))),
      );
    const found = await packages(t, [
      tar(kernels('1', '2'), file('boot/1', '1'), file('boot/2', '22')),
      tar(kernels('2', '3'), file('boot/.wh.1'), file('boot/3', '333')),
      tar(kernels('3'), file('boot/.wh.2')),
    ]);
    assert.deepEqual(told(found), [
      '0 added rpm kernel 1-1: 1 files, 1 bytes',
      '0 added rpm kernel 2-1: 1 files, 2 bytes',
      '1 modified rpm kernel 3-1: 1 files, 3 bytes, was 1-1 null',
      '2 removed rpm kernel 2-1 null: 1 files, 2 bytes',
    ]);
  });

  test('a package whose folder is renamed in the database, as pip does, is upgraded', async (t) => {
    const metadata = (name: string, version: string): Uint8Array =>
      file(`s/${name}-${version}.dist-info/METADATA`, `Name: ${name}\nVersion: ${version}\n`);
    const found = await packages(t, [tar(metadata('Foo_Bar', '1')), tar(file('s/.wh.Foo_Bar-1.dist-info'), metadata('foo-bar', '2'))]);
    assert.deepEqual(told(found), [
      '0 added pypi Foo_Bar 1: 1 files, 25 bytes',
      '1 modified pypi foo-bar 2: 1 files, 25 bytes, was 1 null',
    ]);
  });

  test('a program’s packages are its modules; the program belongs to the main one', async (t) => {
    const program = elfProgram([
      { name: '.go.buildinfo', data: goBuildInfo(['mod\tx.test/main\tv1\t', 'dep\tx.test/a\tv2\t']) },
      { name: '.text', data: zeros(70_000), isWritable: false },
    ]);
    const found = await packages(t, [tar(file('bin/tool', program, { mode: 0o755 }), file('bin/data', program, { mode: 0o644 }))]);
    assert.deepEqual(told(found), [
      '0 added golang x.test/a v2: 0 files, 0 bytes',
      `0 added golang x.test/main v1: 1 files, ${program.length} bytes`,
    ]);
    assert.equal(found.ownerOf(utf8('bin/tool'))?.location, 'bin/tool');
  });

  test('a damaged database yields the packages before the damage, and is reported as a problem', async (t) => {
    const database = ndbDatabase([rpmHeader({ name: 'whole' }), rpmHeader({ name: 'cut' })]);
    const found = await packages(t, [
      tar(file('var/lib/rpm/Packages.db', database.subarray(0, database.length - 40)), file('x/node_modules/a/package.json', '{')),
    ]);
    assert.deepEqual(told(found), ['0 added rpm whole 1-1: 0 files, 0 bytes']);
    assert.deepEqual(
      found.problems.map(({ layer, path, message }) => [layer, path, message]),
      [
        [0, 'var/lib/rpm/Packages.db', 'ndb database: its blobs are larger than the file'],
        [0, 'x/node_modules/a/package.json', found.problems[1]?.message],
      ],
    );
  });

  test('finds packages at paths that are not UTF-8', async (t) => {
    const path = latin1('d\u00e9/node_modules/a/package.json');
    const found = await packages(t, [tar(file(path, '{"name":"a","version":"1"}'))]);
    assert.deepEqual(
      found.installed().map(({ name, location, files }) => [name, location, files]),
      [['a', 'd\\xE9/node_modules', 1]],
    );
  });

  test('listing the packages up to a layer gives the lines that the command prints', async (t) => {
    const layers = [tar(dpkg(['a', '1']), list('a', '/x'), file('x', '1')), tar(dpkg(['a', '2'])), tar(dpkg(['a', '3']))];
    const found = await packages(t, layers, 1);
    const facts =
      '"type":"deb","name":"a","arch":null,"version":"2","status":"installed","source":"a","sourceVersion":"2","license":null,"statedBytes":null';
    const place = '"location":"var/lib/dpkg/status"';
    assert.equal(found.layers.length, 2);
    assert.equal(
      [...packageLines(found, { view: true })].join(''),
      `{"kind":"installed","layer":1,${facts},${place},"files":1,"bytes":1,"filesKnown":true}\n`,
    );
    assert.equal(
      [...packageLines(found, { view: false })].at(-1),
      `{"kind":"modified","layer":1,${facts},${place},"files":0,"bytes":0,"filesKnown":true,"hiddenBytes":0,"previous":{"version":"1","status":"installed"}}\n`,
    );
  });

  test('the text of packages is limited, in a view and over all layers, and a problem says where reading ended', async (t) => {
    const text = (letter: string): string => letter.repeat(990);
    const long = (name: number, version: number): string =>
      `Package: ${name}${text('n')}\nVersion: ${version}${text('v')}\nArchitecture: ${text('a')}\nSource: ${text('s')} (${text('w')})\n`;
    const status = (count: number, version: number): Uint8Array =>
      file('var/lib/dpkg/status', Array.from({ length: count }, (_, at) => long(at, version)).join('\n'));
    const opkg = file('usr/lib/opkg/status', 'Package: a\nVersion: 1\n');
    const wide = await packages(t, [tar(status(4_500, 1), opkg), tar(opkg)]);
    const shown = wide.layers[0]?.packages ?? 0;
    assert.ok(shown > 3_000 && shown < 4_500, `${shown} packages at a time`);
    assert.deepEqual(wide.problems, [
      {
        layer: 0,
        path: '',
        code: 'TOO_LARGE',
        message: 'the image has too many packages at once: this layer and those above are not read further',
      },
    ]);
    const often = await packages(
      t,
      [1, 2, 3, 4].map((version) => tar(status(2_000, version))),
    );
    const counts = often.layers.map(({ changes }) => changes.length);
    assert.ok(counts[0] === 2_000 && (counts[1] ?? 0) < 2_000 && counts[2] === 0 && counts[3] === 0, `${counts}`);
    const [problem] = often.problems;
    assert.deepEqual([often.problems.length, problem?.layer, problem?.code], [1, 1, 'TOO_LARGE']);
    assert.match(
      problem?.message ?? '',
      /^the layers change too many packages: [\d,]+ changes of this one are left out: this layer and those above/,
    );
  });

  test('pairs any number of packages with the same name, version and state', async (t) => {
    const many = (count: number) => tar(dpkg(...Array.from({ length: count }, () => ['a', '1'] as const)));
    const found = await packages(t, [many(20_000), many(20_001)]);
    assert.deepEqual(
      found.layers.map(({ changes }) => changes.length),
      [20_000, 1],
    );
  });

  test('ownersOf returns a path’s owner as seen at a layer', async (t) => {
    const layers = [tar(dpkg(['a', '1']), list('a', '/x'), file('x', '1')), tar(dpkg(), file('.wh.x'))];
    const reader = testReader(t);
    await using archive = await reader.open(testFile(t, dockerArchive({ name: 'x:1', layers })));
    const loaded = await loadImage(reader, archive, 0);
    const owner = { type: 'deb', name: 'a', arch: null, version: '1', location: 'var/lib/dpkg/status' };
    assert.deepEqual(await ownersOf(loaded, utf8('x'), 0), { owner, inFolder: null });
    for (const layer of [-1, 1]) assert.deepEqual(await ownersOf(loaded, utf8('x'), layer), { owner: null, inFolder: null });
    assert.deepEqual(await ownersOf(loaded, utf8('nowhere'), 1), { owner: null, inFolder: null });
  });

  test('ownersOf, which reads one view and few paths, agrees with a walk through all layers', async (t) => {
    const program = elfProgram([
      { name: '.go.buildinfo', data: goBuildInfo(['mod\tx.test/p\tv1\t']) },
      { name: '.text', data: zeros(70_000) },
    ]);
    const npm = (path: string, name: string): Uint8Array => file(`${path}/package.json`, `{"name":"${name}","version":"1"}`);
    const layers = [
      tar(
        dpkg(['a', '1'], ['b', '1']),
        list('a', '/bin/x', '/usr', '/usr/y', '/opt/app/p'),
        list('b', '/usr', '/usr/z', '/srv/node_modules/m/lib/of-b'),
        directory('usr'),
        file('bin/x', '1'),
        file('usr/y', '22'),
        file('usr/z', '333'),
        file('usr/own', '4444'),
        file('opt/app/p', program, { mode: 0o755 }),
        file('opt/app/q', program, { mode: 0o755 }),
        npm('srv/node_modules/m', 'm'),
        npm('srv/node_modules/m/node_modules/n', 'n'),
        file('srv/node_modules/m/lib/x', '55555'),
        file('srv/node_modules/m/lib/of-b', '7777777'),
        file('srv/node_modules/m/node_modules/n/x', '666666'),
        file('srv/node_modules/m/node_modules/.bin/x', '1'),
      ),
      tar(dpkg(['a', '2'], ['b', '1']), file('usr/.wh.z'), file('.wh.bin'), symlink('bin', 'usr/bin'), file('usr/bin/x', '1')),
      tar(dpkg(['b', '1']), file('srv/node_modules/m/.wh.node_modules'), file('opt/app/q', 'text')),
    ];
    const reader = testReader(t);
    await using archive = await reader.open(testFile(t, dockerArchive({ name: 'x:1', layers })));
    const loaded = await loadImage(reader, archive, 0);
    for (let layer = 0; layer < layers.length; layer++) {
      const walked = await packagesOf(loaded, { layer });
      const rows = listView(loaded.stack, layer);
      const shown = Array.from({ length: rows.length }, (_, row) => ({
        path: Buffer.from(rowPath(rows, row)).toString(),
        type: entryTypeName(rows.type[row] as number),
        size: rows.size[row] as number,
      }));
      for (const { path, type } of shown) {
        const { owner, inFolder } = await ownersOf(loaded, utf8(path), layer);
        assert.deepEqual(owner, walked.ownerOf(utf8(path)), `${path} at ${layer}`);
        assert.equal(inFolder !== null, type === 'directory', path);
        if (inFolder === null) continue;
        const below = shown.filter((each) => each.path.startsWith(`${path}/`) && each.type !== 'directory');
        const sums = new Map<string, { files: number; bytes: number }>();
        for (const each of below) {
          const key = JSON.stringify(walked.ownerOf(utf8(each.path)));
          const { files, bytes } = sums.get(key) ?? { files: 0, bytes: 0 };
          sums.set(key, { files: files + 1, bytes: bytes + (each.type === 'file' ? each.size : 0) });
        }
        const { files: unownedFiles, bytes: unownedBytes } = sums.get('null') ?? { files: 0, bytes: 0 };
        sums.delete('null');
        assert.deepEqual([inFolder.count, inFolder.unownedFiles, inFolder.unownedBytes], [sums.size, unownedFiles, unownedBytes], path);
        for (const { files, bytes, ...each } of inFolder.packages) assert.deepEqual({ files, bytes }, sums.get(JSON.stringify(each)), path);
      }
    }
  });

  test('an entry that a layer repeats is one file, but its bytes count twice', async (t) => {
    const found = await packages(t, [tar(dpkg(['a', '1']), list('a', '/x'), file('x', '123'), file('x', '12345'))]);
    assert.deepEqual(told(found), ['0 added deb a 1: 1 files, 8 bytes']);
  });

  test('an image without packages, or without layers, gives empty lists', async (t) => {
    const found = await packages(t, [tar(file('x', '1')), concat(zeros(1024))]);
    assert.deepEqual([told(found), found.installed()], [[], []]);
    assert.deepEqual((await packages(t, [])).layers, []);
  });
});
