import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BuiltLayer, FLAG, linkName, NO_NODE, nodePath } from '#format/layer';
import { entryTypeName, type Finding } from '#model';
import { directory, file, gnuLongName, hardlink, latin1, member, pax, paxGlobal, symlink, tar, zeros } from '../support/tar-builder.ts';
import { asLatin1, buildLayer } from '../support/tar-collect.ts';

const names = (flags: number) =>
  Object.entries(FLAG)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name);

/** Returns a line for each member: `path` or `-`, and its flags. */
function rows({ table }: BuiltLayer): string[] {
  return Array.from({ length: table.memberCount }, (_, row) => {
    const node = table.node[row] as number;
    return [node === NO_NODE ? '-' : asLatin1(nodePath(table, node)), ...names(table.flags[row] as number)].join(' ');
  });
}

const reported = (findings: readonly Finding[]) => findings.map(({ code, path }) => `${code} ${path}`);

const layer = (...parts: Uint8Array[]) => buildLayer(tar(...parts));

describe('names in normal form', () => {
  test("a leading ./, a folder's trailing slash and the root's own ./ are accepted without a finding", () => {
    const built = layer(directory('./'), directory('./d/'), file('./d/f'), symlink('./l', 'd'));
    assert.deepEqual(rows(built), ['', 'd', 'd/f', 'l']);
    assert.deepEqual(reported(built.findings), ['odd-name ./d/']);
    assert.match(built.findings[0]?.message ?? '', /begins with .\/, and 2 more/);
    assert.equal(built.table.node[0], 0);
  });

  test('a layer with only a ./ entry is empty, without findings', () => {
    const built = layer(directory('./'));
    assert.deepEqual([rows(built), built.findings, built.entries, built.fileBytes], [[''], [], 1, 0]);
  });

  test('double slashes, inner dots and slashes after a file name are removed and reported', () => {
    const built = layer(file('a//b'), file('a/./c'), file('././d'), file('e/'), directory('f//'), symlink('g/', 'x'), file('a/h/.'));
    assert.deepEqual(rows(built), ['a/b', 'a/c', 'd', 'e', 'f', 'g', 'a/h']);
    assert.deepEqual(
      reported(built.findings),
      ['a//b', 'a/./c', '././d', 'e/', 'f//', 'g/', 'a/h/.'].map((name) => `odd-name ${name}`),
    );
  });

  test('only a folder may have the root’s name; anything else with such a name is in the raw list only', () => {
    for (const name of ['', '/', '.', '//', './/', './.']) {
      assert.deepEqual(rows(layer(directory(name))), [''], name);
      assert.deepEqual(reported(layer(directory(name)).findings), [`odd-name ${name}`]);
      const built = layer(file(name, 'body'));
      assert.deepEqual(rows(built), ['- rawOnly'], name);
      assert.deepEqual(reported(built.findings), [`odd-name ${name}`]);
      assert.deepEqual([built.entries, built.fileBytes], [1, 0]);
    }
    assert.deepEqual(rows(layer(file('./'))), ['- rawOnly']);
    assert.deepEqual(reported(layer(file('./')).findings), ['odd-name ./']);
  });

  test('Latin-1 names are distinguished and keep their bytes', () => {
    const built = layer(file(latin1('\xE4')), file(latin1('\xF6')), pax({ path: latin1('dir/\xFF\xFE') }), file('x'), file('ä'));
    assert.deepEqual(rows(built), ['\xE4 nameNotUtf8', '\xF6 nameNotUtf8', 'dir/\xFF\xFE nameNotUtf8', '\xC3\xA4']);
    assert.deepEqual(reported(built.findings), ['invalid-utf8-name \\xE4', 'invalid-utf8-name \\xF6', 'invalid-utf8-name dir/\\xFF\\xFE']);
  });

  test('if a folder’s name is not UTF-8, no name below it is', () => {
    const built = layer(file(latin1('\xE4/a')), file(latin1('\xE4/b')), file('c'));
    assert.deepEqual(rows(built), ['\xE4/a nameNotUtf8', '\xE4/b nameNotUtf8', 'c']);
  });

  test('overlong, surrogate, too high and truncated sequences are not UTF-8', () => {
    for (const bad of [
      '\xC0\x80',
      '\xE0\x80\x80',
      '\xED\xA0\x80',
      '\xF4\x90\x80\x80',
      '\xF0\x82\x82\xAC',
      '\xE2\x82',
      '\x80',
      '\xF5\x80\x80\x80',
    ]) {
      assert.deepEqual(names(layer(file(latin1(`n${bad}`))).table.flags[0] as number), ['nameNotUtf8'], JSON.stringify(bad));
    }
    for (const good of ['é', '€', '😀', '\uFFFD', '\u{10FFFF}', '\uD7FF', '\uE000']) assert.deepEqual(layer(file(good)).findings, [], good);
  });

  test('if two members have the same path, the last wins, the first is marked, and fileBytes counts both', () => {
    const built = layer(file('a', 'one'), file('./a', 'three'), directory('d/'), file('d', 'x'), directory('a/'));
    assert.deepEqual(rows(built), ['a superseded', 'a superseded', 'd superseded', 'd', 'a']);
    assert.deepEqual(reported(built.findings).slice(0, 3), ['duplicate-path ./a', 'duplicate-path d', 'duplicate-path a/']);
    assert.deepEqual([built.entries, built.fileBytes], [5, 9]);
  });

  test('folders without an entry exist only as paths', () => {
    const { table, entries } = layer(file('a/b/c/d'));
    assert.equal(table.nodeCount, 5);
    assert.equal(entries, 1);
    assert.deepEqual([...table.nodeParent], [0, 0, 1, 2, 3]);
  });

  test('a name with a thousand folders is read; one with more than any system allows is in the raw list only', () => {
    assert.equal(asLatin1(nodePath(layer(gnuLongName('d/'.repeat(2000)), directory('x')).table, 2000)), 'd/'.repeat(2000).slice(0, -1));
    const built = layer(gnuLongName('d/'.repeat(5000)), directory('x'));
    assert.deepEqual([rows(built), built.findings[0]?.code], [['- rawOnly'], 'odd-name']);
  });

  test('folders are distinguished by their full names, in any order', () => {
    const paths = ['a/b/c', 'a/b', 'ab/c', 'a/bc', 'a/b/c/d', 'a/b/cd', 'ab', 'a/b/c/d/e', 'a', 'a/b/e', 'ab/c/d'];
    const built = layer(...paths.map((path) => directory(path)));
    assert.deepEqual(rows(built), paths);
    assert.deepEqual(built.findings, []);
    assert.equal(built.table.nodeCount, paths.length + 1);
  });
});

describe('names that point outside', () => {
  test('a .. that climbs out of the root puts a name in the raw list only, and is reported', () => {
    const built = layer(file('../x', 'body'), file('a/../../x'), directory('..'), file('/../x'), file('./../x'));
    assert.deepEqual(rows(built), Array(5).fill('- rawOnly escapes'));
    assert.deepEqual(
      reported(built.findings),
      ['../x', 'a/../../x', '..', '/../x', './../x'].map((name) => `path-escape ${name}`),
    );
    assert.deepEqual([built.entries, built.fileBytes], [5, 0]);
  });

  test('a .. that stays inside is resolved in the text of the name, as in Go', () => {
    const built = layer(
      file('a/../b', 'body'),
      file('x/y/../../z/./w'),
      directory('a/..'),
      file('.wh.a/../c/.wh.d'),
      symlink('l', '/q'),
      file('l/../e'),
    );
    assert.deepEqual(rows(built), ['b', 'z/w', '', 'c/d whiteout', 'l', 'e']);
    assert.deepEqual(
      reported(built.findings),
      ['a/../b', 'x/y/../../z/./w', 'a/..', '.wh.a/../c/.wh.d', 'l/../e'].map((name) => `odd-name ${name}`),
    );
  });

  test('an absolute name is relative to the root, with a note', () => {
    const built = layer(file('/abs', 'body'), directory('//d/'), file('/.wh.gone'));
    assert.deepEqual([rows(built), built.fileBytes], [['abs', 'd', 'gone whiteout'], 4]);
    assert.deepEqual(reported(built.findings), ['odd-name /abs', 'odd-name //d/', 'odd-name /.wh.gone']);
  });

  test('names that are absolute or climb out on Windows are shown and marked', () => {
    const bad = ['.. /x', 'C:\\x', 'c:/x', 'C:', 'a\\..\\..\\x', '\\\\host\\share\\x', '\\x', 'a/.. ./x', 'd/..\\x', './C:\\x', 'x/..  '];
    for (const name of bad) {
      const built = layer(file(name));
      assert.deepEqual(names(built.table.flags[0] as number), ['escapes'], name);
      assert.equal(built.findings[0]?.code, 'path-escape', name);
      assert.notEqual(built.table.node[0], NO_NODE);
    }
  });

  test('names that only look as if they pointed outside are not marked', () => {
    const good = ['..a', 'a/...', '..a/b', 'a:b', 'ab:c', 'dir/C:x', 'dev-disk-by\\x2dlabel', 'a\\b', 'x..', '. ', 'a/.b', '1:2'];
    for (const name of good) assert.deepEqual(layer(file(name)).findings, [], name);
  });

  test('a hard link whose target points outside is shown and marked', () => {
    const bad = ['../x', 'a/../../x', '/../etc/passwd', 'C:\\x', 'a\\..\\..\\x'];
    for (const target of bad) assert.deepEqual(rows(layer(hardlink('h', target))), ['h escapes'], target);
    for (const target of ['a/../x', './x', 'x', '..x', 'a/./b', '/etc/passwd'])
      assert.deepEqual(rows(layer(hardlink('h', target))), ['h'], target);
  });

  test('a symbolic link may point anywhere', () => {
    for (const target of ['/etc/passwd', '../../../x', 'C:\\x']) {
      const built = layer(symlink('l', target));
      assert.deepEqual([rows(built), built.findings], [['l'], []], target);
    }
  });

  test('a name that goes through a symbolic link climbing out of the root is marked, at the path where a container has it', () => {
    const built = layer(symlink('out', '../../etc'), file('out/passwd'), file('out/a/b'), file('other/x'));
    assert.deepEqual(rows(built), ['out', 'etc/passwd escapes', 'etc/a/b escapes', 'other/x']);
    assert.deepEqual(reported(built.findings), ['path-escape out/passwd', 'path-escape out/a/b']);
  });

  test('a hard link is marked if its target goes through a link that climbs out, not if that link is absolute', () => {
    const built = layer(symlink('out', '../etc'), hardlink('h', 'out/shadow'), symlink('in', '/etc'), hardlink('i', 'in/shadow'));
    assert.deepEqual(rows(built), ['out', 'h escapes', 'in', 'i']);
  });
});

describe('effects of a layer’s members on each other', () => {
  test('a symbolic link in a name is followed inside the root, with a note', () => {
    const built = layer(
      directory('data/'),
      symlink('s', '/data'),
      file('s/R', 'x'),
      file('s/d/e'),
      symlink('d/in', '../usr'),
      file('d/in/y'),
    );
    assert.deepEqual(rows(built), ['data', 's', 'data/R', 'data/d/e', 'd/in', 'usr/y']);
    assert.deepEqual(
      built.findings.map(({ code, path, message }) => [code, path, message.split(': ')[1]]),
      [
        ['name-through-link', 's/R', 'it is in data'],
        ['name-through-link', 's/d/e', 'it is in data/d'],
        ['name-through-link', 'd/in/y', 'it is in usr'],
      ],
    );
  });

  test('a link’s missing target is created as a folder; whiteouts and opaque markers follow links too', () => {
    const built = layer(symlink('s', 'nowhere/at'), file('s/x'), file('s/.wh.gone'), file('s/t/.wh..wh..opq'), directory('s/'));
    assert.deepEqual(rows(built), ['s superseded', 'nowhere/at/x', 'nowhere/at/gone whiteout', 'nowhere/at/t opaque', 's']);
  });

  test('links to links are followed; targets are joined as text', () => {
    const chain = layer(symlink('a', 'b'), symlink('b', 'c/up'), symlink('c/up', '../..'), file('a/x'));
    assert.equal(rows(chain).at(-1), 'x escapes');
    assert.equal(rows(layer(symlink('a', 'nowhere/../..'), file('a/x'))).at(-1), 'x escapes');
    assert.equal(rows(layer(symlink('a', 'b/../c'), symlink('b', 'd/e'), file('a/x'))).at(-1), 'c/x');
    assert.equal(rows(layer(symlink('a', '/b/../c'), symlink('b', '/d/e'), file('a/x'))).at(-1), 'd/c/x');
    const long = Array.from({ length: 300 }, (_, at) => symlink(`l${at}`, `l${at + 1}`));
    assert.equal(rows(layer(...long, file('l100/x'))).at(-1), 'l300/x');
  });

  test('a name through a loop of links, or through too many links, is in the raw list only', () => {
    const long = Array.from({ length: 300 }, (_, at) => symlink(`l${at}`, `l${at + 1}`));
    for (const links of [[symlink('a', 'b'), symlink('b', 'a')], [symlink('a', 'a')], [...long, symlink('a', 'l0')]]) {
      const built = layer(...links, file('a/x'));
      assert.equal(rows(built).at(-1), '- rawOnly');
      assert.deepEqual(reported(built.findings), ['symlink-loop a/x']);
    }
  });

  test('a hard link to a symbolic link is followed like that link', () => {
    const built = layer(symlink('s', 'd'), hardlink('h', 's'), file('h/x'));
    assert.deepEqual(rows(built), ['s', 'h', 'd/x']);
    assert.deepEqual([...built.table.linkTarget], [0, 1]);
  });

  test('an entry that replaces a folder removes what the layer previously added below it', () => {
    const built = layer(directory('v/'), file('v/R', 'x'), file('v/d/.wh.w'), file('v/.wh..wh..opq'), file('v', 'ten bytes.'));
    assert.deepEqual(rows(built), ['v superseded', 'v/R superseded', 'v/d/w whiteout superseded', 'v opaque superseded', 'v']);
    assert.deepEqual(reported(built.findings), ['folder-replaced v', 'duplicate-path v']);
    assert.match(built.findings[0]?.message ?? '', /and the entry already in it/);
    assert.equal(built.fileBytes, 11);
  });

  test('a folder can be replaced and filled again repeatedly', () => {
    const turn = [directory('v/'), file('v/a'), file('v/b/c'), symlink('v', 'w')];
    const built = layer(...turn, ...turn, directory('v/'), file('v/a'));
    const standing = rows(built).filter((row) => !row.includes('superseded'));
    assert.deepEqual(standing, ['v', 'v/a']);
    assert.deepEqual(rows(layer(directory('v/'), symlink('v', 'w'), file('v/a'))), ['v superseded', 'v', 'w/a']);
  });

  test('a folder remembered from the previous name is not used once it has been replaced', () => {
    const built = layer(file('p/q/one'), symlink('p', 'z'), file('p/q/two'));
    assert.deepEqual(rows(built), ['p/q/one superseded', 'p', 'z/q/two']);
  });

  test('an entry below a file turns the file into a folder, so that nothing is hidden, and is reported as an error', () => {
    const built = layer(file('f', 'x'), file('f/below', 'y'));
    assert.deepEqual(rows(built), ['f superseded', 'f/below']);
    assert.deepEqual(reported(built.findings), ['entry-below-file f/below']);
    assert.equal(built.findings[0]?.severity, 'error');
  });

  test('a marker below a file is not applied: the file stays', () => {
    const built = layer(file('d', 'x'), file('d/.wh.inner'), file('d/e/.wh..wh..opq'));
    assert.deepEqual(rows(built), ['d', '- rawOnly', '- rawOnly']);
    assert.deepEqual(reported(built.findings), ['entry-below-file d/.wh.inner', 'entry-below-file d/e/.wh..wh..opq']);
  });

  test('files that are replaced by folders and back are superseded once', () => {
    const built = layer(file('v/f'), file('v', ''), file('v/f'), file('v/f/g'), file('v', ''), file('v/f'), symlink('v', 'w'));
    assert.deepEqual(
      rows(built).filter((row) => !row.includes('superseded')),
      ['v'],
    );
  });

  test('a hard link is another name for the file that its target was when the link was added', () => {
    const built = layer(
      file('f', 'old'),
      hardlink('h', 'f'),
      hardlink('i', './h'),
      file('f', 'newer'),
      hardlink('early', 'late'),
      file('late'),
    );
    assert.deepEqual([...built.table.linkTarget], [1, 1, 0]);
    const through = layer(symlink('s', 'd'), file('d/f', 'x'), hardlink('h', 's/f'), hardlink('abs', '/d/f'));
    assert.deepEqual([...through.table.linkTarget], [0, 2, 2]);
    assert.deepEqual([...layer(file('f'), hardlink('f', 'f')).table.linkTarget], [0]);
  });

  test('all of a file’s names have the last hard link’s mode, owner and time', () => {
    const { table } = layer(
      file('f', 'x', { mode: 0o600, uid: 1, mtime: 5 }),
      hardlink('h', 'f', { mode: 0o640, uid: 2, mtime: 6 }),
      hardlink('i', 'h', { mode: 0o644, uid: 3, mtime: 7 }),
      file('g', 'x', { mode: 0o600, uid: 1, mtime: 5 }),
    );
    const facts = [0, 1, 2, 3].map((row) => [
      table.metas[table.meta[row] as number]?.mode,
      table.metas[table.meta[row] as number]?.uid,
      table.mtimeSeconds[row],
    ]);
    assert.deepEqual(facts, [
      [0o644, 3, 7],
      [0o644, 3, 7],
      [0o644, 3, 7],
      [0o600, 1, 5],
    ]);
  });
});

describe('whiteouts', () => {
  test('a whiteout is the path that it hides, an opaque marker its folder', () => {
    const built = layer(file('d/.wh.gone'), file('d/.wh..wh..opq'), file('.wh..wh..opq'), file('.wh.top'), directory('./e/.wh.dir/'));
    assert.deepEqual(rows(built), ['d/gone whiteout', 'd opaque', ' opaque', 'top whiteout', 'e/dir whiteout']);
    assert.deepEqual([built.entries, built.fileBytes], [5, 0]);
  });

  test('a whiteout and an entry with the same path don’t supersede each other', () => {
    const built = layer(file('.wh.a'), file('a', 'x'), file('.wh.a'), file('d/.wh..wh..opq'), directory('d/'));
    assert.deepEqual(rows(built), ['a whiteout', 'a', 'a whiteout', 'd opaque', 'd']);
    assert.deepEqual(built.findings, []);
  });

  test('a whiteout with a body adds no bytes', () => {
    assert.equal(layer(file('.wh.a', 'body'), file('d/.wh..wh..opq', 'body')).fileBytes, 0);
  });

  test('a bare whiteout is not applied, and is reported', () => {
    const built = layer(file('etc/.wh.'), file('etc/.wh..'));
    assert.deepEqual(
      [rows(built), reported(built.findings)],
      [
        ['- rawOnly', '- rawOnly'],
        ['bare-whiteout etc/.wh.', 'bare-whiteout etc/.wh..'],
      ],
    );
  });

  test('a whiteout of the parent folder is not applied, and is reported', () => {
    const built = layer(file('etc/.wh...'));
    assert.deepEqual([rows(built), reported(built.findings)], [['- rawOnly escapes'], ['path-escape etc/.wh...']]);
  });

  test("AUFS's own entries are in the raw list only, without a finding", () => {
    const built = layer(file('.wh..wh.plnk'), directory('.wh..wh.aufs'), file('.wh..wh.orph/x'), file('.wh..wh..opqx'), file('.wh..wh.'));
    assert.deepEqual(rows(built), ['- rawOnly', '- rawOnly', '.wh..wh.orph/x', '- rawOnly', '- rawOnly']);
    assert.deepEqual(built.findings, []);
  });

  test('names that only begin like a whiteout are ordinary names', () => {
    assert.deepEqual(rows(layer(file('.wh'), file('.whx'), file('a.wh.b'), file('.WH.a'), file('.wh.d/f'))), [
      '.wh',
      '.whx',
      'a.wh.b',
      '.WH.a',
      '.wh.d/f',
    ]);
  });
});

describe('columns of the table', () => {
  test('a row has all its member’s values', () => {
    const { table } = layer(
      file('f', 'hello', { mode: 0o100644, uid: 1, gid: 2, uname: 'u', gname: 'g', mtime: 99 }),
      pax({ mtime: '1.25' }),
      member({ name: 'dev', typeflag: '3', devMajor: 1, devMinor: 3 }),
      symlink('l', 'target'),
      hardlink('h', 'f', { mode: 0o100644, uid: 1, gid: 2, uname: 'u', gname: 'g', mtime: 99 }),
      directory('d/', { size: 77 }),
    );
    const types = [...table.type].map(entryTypeName);
    assert.deepEqual(types, ['file', 'character', 'symlink', 'hardlink', 'directory']);
    assert.deepEqual([...table.size], [5, 0, 0, 0, 0]);
    assert.deepEqual([...table.mtimeSeconds], [99, 1, 0, 99, 0]);
    assert.deepEqual([...table.mtimeNanos], [0, 250_000_000, 0, 0, 0]);
    assert.deepEqual([...table.headerBlock], [0, 2, 5, 6, 7]);
    assert.deepEqual([...table.headerBlocks], [1, 3, 1, 1, 1]);
    assert.deepEqual(table.metas[table.meta[0] as number], {
      mode: 0o100644,
      uid: 1,
      gid: 2,
      uname: 'u',
      gname: 'g',
      devMajor: 0,
      devMinor: 0,
      attributes: null,
    });
    assert.deepEqual([table.metas[table.meta[1] as number]?.devMajor, table.metas[table.meta[1] as number]?.devMinor], [1, 3]);
    const links = [0, 1, 2, 3, 4].map((row) => linkName(table, row)).map((link) => (link === null ? null : asLatin1(link)));
    assert.deepEqual(links, [null, null, 'target', 'f', null]);
  });

  test('nanoseconds take no memory if all are zero', () => {
    assert.equal(layer(file('a'), file('b')).table.mtimeNanos.length, 0);
  });

  test('members with the same metadata share a metadata record, even if not consecutive', () => {
    const mode = (value: number) => ({ mode: value, uname: 'root' });
    const { table } = layer(
      file('a', '', mode(1)),
      file('b', '', mode(2)),
      file('c', '', mode(1)),
      file('d', '', mode(2)),
      file('e', '', { mode: 1, uname: 'me' }),
    );
    assert.deepEqual([...table.meta], [0, 1, 0, 1, 2]);
  });

  test('thousands of different metadata records are distinguished', () => {
    const parts = Array.from({ length: 3000 }, (_, i) => file(`f${i}`, '', { uid: i % 1500, gid: i % 7 === 0 ? 1 : 0 }));
    const { table } = layer(...parts);
    for (let row = 0; row < 3000; row++) {
      const meta = table.metas[table.meta[row] as number];
      assert.deepEqual([meta?.uid, meta?.gid], [row % 1500, row % 7 === 0 ? 1 : 0]);
    }
  });

  test('an attribute in two forms is one attribute; binary values are kept', () => {
    const value = latin1('\0\x01\xFEbin');
    const both = layer(pax({ 'SCHILY.xattr.user.k': value, 'LIBARCHIVE.xattr.user.k': 'AAH+Ymlu' }), file('a'));
    assert.deepEqual({ ...both.table.metas[0]?.attributes }, { 'user.k': '\0\x01\xFEbin' });
    const alone = layer(pax({ 'LIBARCHIVE.xattr.user.%C3%A4%20%': 'AAH+Ymlu' }), file('a'));
    assert.deepEqual({ ...alone.table.metas[0]?.attributes }, { 'user.ä %': '\0\x01\xFEbin' });
  });

  test('attributes are sorted by name; Windows attributes keep their full names; __proto__ is a valid name', () => {
    const built = layer(
      pax([
        ['SCHILY.xattr.z', '1'],
        ['MSWINDOWS.fileattr', '32'],
        ['SCHILY.xattr.__proto__', 'p'],
        ['comment', 'none'],
      ]),
      file('a'),
      file('b'),
    );
    assert.deepEqual(Object.entries(built.table.metas[0]?.attributes ?? {}), [
      ['MSWINDOWS.fileattr', '32'],
      ['__proto__', 'p'],
      ['z', '1'],
    ]);
    assert.equal(built.table.metas[built.table.meta[1] as number]?.attributes, null);
  });

  test('members with the same attributes in any order share a metadata record, unless their owners differ', () => {
    const one: [string, string][] = [
      ['SCHILY.xattr.a', '1'],
      ['SCHILY.xattr.b', '2'],
    ];
    const other: [string, string][] = [
      ['SCHILY.xattr.b', '2'],
      ['comment', 'x'],
      ['SCHILY.xattr.a', '1'],
    ];
    const { table } = layer(
      pax(one),
      file('a'),
      pax(other),
      file('b'),
      pax(one),
      file('c', '', { uid: 5 }),
      pax(one),
      file('d'),
      file('e'),
    );
    assert.deepEqual([...table.meta], [0, 0, 1, 0, 2]);
  });

  test('thousands of different attributes are distinguished', () => {
    const parts = Array.from({ length: 2000 }, (_, i) => [pax({ 'SCHILY.xattr.n': String(i % 700) }), file(`f${i}`)]).flat();
    const { table } = layer(...parts);
    assert.equal(table.metas.length, 700);
    for (let row = 0; row < 2000; row++)
      assert.deepEqual({ ...table.metas[table.meta[row] as number]?.attributes }, { n: String(row % 700) });
  });

  test('members with the same attributes share one metadata record', () => {
    const parts = [1, 2, 3].flatMap((i) => [pax({ 'SCHILY.xattr.a': 'v', path: `p${i}` }), file('x')]);
    assert.deepEqual([...layer(...parts).table.meta], [0, 0, 0]);
  });

  test('globals and unknown types are in the raw list only; globals are not entries', () => {
    const built = layer(paxGlobal({ comment: 'c' }), member({ name: 'v', typeflag: 'V' }, 'body'), file('f', 'xy'));
    assert.deepEqual(rows(built), ['- rawOnly', '- rawOnly', 'f']);
    assert.deepEqual([built.entries, built.fileBytes], [2, 2]);
    assert.deepEqual(reported(built.findings), ['global-header pax_global_header', 'unknown-type v']);
  });

  test('a body that is cut off marks its entry, and the finding names it', () => {
    const built = buildLayer(tar(file('a', 'x'), file('d/cut', 'y'.repeat(600))).subarray(0, 1700));
    assert.deepEqual(rows(built), ['a', 'd/cut truncated']);
    assert.deepEqual(reported(built.findings), ['truncated d/cut']);
  });

  test('a thousand findings with the same code are kept, and the rest counted', () => {
    const built = layer(...Array.from({ length: 1203 }, () => file('same')), file('a//b'));
    assert.equal(built.findings.filter(({ code }) => code === 'duplicate-path').length, 1001);
    assert.match(built.findings.at(-1)?.message ?? '', /^202 more/);
    assert.ok(built.findings.some(({ code }) => code === 'odd-name'));
  });

  test('messages and paths contain no control characters from names', () => {
    const evil = '\x1b[2J\n..//x';
    for (const built of [layer(file(evil)), layer(hardlink('h', `../${evil}`)), layer(file(`../${evil}`))]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: asserts that there are none
      for (const { message } of built.findings) assert.doesNotMatch(message, /[\x00-\x1f]/);
    }
  });

  test('columns grow with the number of members', () => {
    const parts = Array.from({ length: 5000 }, (_, i) => file(`d${i % 37}/f${i}`, zeros(i % 3), { mtime: i }));
    const built = layer(...parts);
    assert.equal(built.table.memberCount, 5000);
    assert.deepEqual(
      rows(built),
      Array.from({ length: 5000 }, (_, i) => `d${i % 37}/f${i}`),
    );
    assert.deepEqual(
      [...built.table.mtimeSeconds],
      Array.from({ length: 5000 }, (_, i) => i),
    );
    assert.equal(built.fileBytes, 4999);
    for (const column of [built.table.node, built.table.size, built.table.headerBlock])
      assert.equal(column.buffer.byteLength, column.byteLength);
  });
});
