import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INFLATERS } from '../../src/engine/packages/inflaters.ts';
import { nixPackage } from '../../src/packages/languages/nix.ts';
import { normalizedName, parseRecord } from '../../src/packages/languages/pypi.ts';
import { readSite } from '../../src/packages/read-site.ts';
import { mayBeSite, SITE_ENDS, type Site, siteOfFile } from '../../src/packages/site.ts';
import { hasCode } from '../support/asserts.ts';
import { seenFiles, told, utf8 } from '../support/seen-fixture.ts';

function siteOf(path: string): Site {
  const bytes = utf8(path);
  const start = path.lastIndexOf('/') + 1;
  const site = siteOfFile(bytes);
  assert.ok(site, path);
  // Every language's site passes the quick test, or is in a conda folder.
  const isLikely = SITE_ENDS[bytes.at(-1) ?? 0] === 1 && mayBeSite(bytes, start, bytes.length);
  assert.ok(isLikely || site.kind === 'conda', `${path} doesn’t pass the quick test`);
  return site;
}

/** Reads the site of the first file. */
async function read(files: Readonly<Record<string, string>>): Promise<Record<string, unknown>[]> {
  const site = siteOf(Object.keys(files)[0] ?? '');
  const found = await readSite(site, seenFiles(files), INFLATERS);
  return found.map((each) => ({ ...told(each), location: site.location }));
}

describe('npm', () => {
  test('a package.json directly below a node_modules is a package, which owns its folder', async () => {
    assert.deepEqual(await read({ 'app/node_modules/ms/package.json': '{"name":"ms","version":"2.1.2","license":"MIT"}' }), [
      { type: 'npm', name: 'ms', version: '2.1.2', license: 'MIT', folders: ['app/node_modules/ms'], location: 'app/node_modules' },
    ]);
    const [scoped] = await read({ 'node_modules/@a/b/package.json': '{"name":"@a/b","version":"1","license":{"type":"X"}}' });
    assert.deepEqual([scoped?.name, scoped?.license, scoped?.location], ['@a/b', 'X', 'node_modules']);
    const nested = siteOf('node_modules/.pnpm/ms@2/node_modules/ms/package.json');
    assert.equal(nested.location, 'node_modules/.pnpm/ms@2/node_modules');
  });

  test('other package.json files are not packages', () => {
    for (const path of [
      'package.json',
      'app/package.json',
      'node_modules/a/lib/package.json',
      'node_modules/@a/package.json',
      'node_modules/.x/package.json',
    ])
      assert.equal(siteOfFile(utf8(path)), null, path);
  });

  test('a package.json without a version is not a package, and is refused if it is not JSON', async () => {
    assert.deepEqual(await read({ 'node_modules/a/package.json': '{"name":"a"}' }), []);
    assert.deepEqual(await read({ 'node_modules/a/package.json': '{"name":["a"],"version":1}' }), []);
    await assert.rejects(read({ 'node_modules/a/package.json': '{' }), hasCode('BAD_MANIFEST'));
    await assert.rejects(read({ 'node_modules/a/package.json': '['.repeat(10_000) }), hasCode('TOO_LARGE'));
  });
});

describe('Python', () => {
  test('RECORD lists the files; a path may be quoted and may leave the folder', async () => {
    const [found] = await read({
      's/site-packages/Foo_Bar-1.0.dist-info/METADATA':
        'Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\nLicense: UNKNOWN\n\nName: text\n',
      's/site-packages/Foo_Bar-1.0.dist-info/RECORD': 'foo/__init__.py,sha256=x,1\n"a,""b"".py",,\n../../bin/foo,,\n',
    });
    assert.deepEqual(found, {
      type: 'pypi',
      name: 'Foo_Bar',
      version: '1.0',
      paths: ['s/site-packages/foo/__init__.py', 's/site-packages/a,"b".py', 's/site-packages/../../bin/foo'],
      location: 's/site-packages',
    });
    assert.equal(normalizedName('Foo_.Bar'), 'foo-bar');
  });

  test('a RECORD of millions of lines is refused before they are in memory', () => {
    const lines = Buffer.from('a\n'.repeat(2_000_000));
    assert.throws(() => parseRecord(lines), hasCode('TOO_LARGE'));
  });

  test('without RECORD, a package owns its metadata folder and what top_level.txt names', async () => {
    const [found] = await read({
      's/six-1.egg-info/PKG-INFO': 'Name: six\nVersion: 1\nLicense-Expression: MIT\n',
      's/six-1.egg-info/top_level.txt': 'six\n../../etc\n',
    });
    assert.deepEqual(found, {
      type: 'pypi',
      name: 'six',
      version: '1',
      license: 'MIT',
      paths: ['s/six-1.egg-info', 's/six.py'],
      folders: ['s/six-1.egg-info', 's/six'],
      location: 's',
    });
    const [file] = await read({ 's/six-1.egg-info': 'Name: six\nVersion: 1\n' });
    assert.deepEqual([file?.paths, file?.location], [['s/six-1.egg-info'], 's']);
  });

  test('installed-files.txt is relative to its folder', async () => {
    const [found] = await read({
      's/a.egg-info/PKG-INFO': 'Name: a\nVersion: 1\n',
      's/a.egg-info/installed-files.txt': '../a.py\nPKG-INFO\n',
    });
    assert.deepEqual(found?.paths, ['s/a.egg-info/../a.py', 's/a.egg-info/PKG-INFO']);
  });
});

test('a gemspec is read by its assignments, and never run', async () => {
  const text = `Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "3.0.8"
  s.licenses = ["MIT".freeze, "Ruby"]
  s.name = "again"
end
`;
  assert.deepEqual(await read({ 'g/3.1/specifications/rack-3.0.8.gemspec': text }), [
    {
      type: 'gem',
      name: 'rack',
      version: '3.0.8',
      license: 'MIT, Ruby',
      paths: ['g/3.1/specifications/rack-3.0.8.gemspec'],
      folders: ['g/3.1/gems/rack-3.0.8'],
      location: 'g/3.1/specifications',
    },
  ]);
  assert.deepEqual(await read({ 'specifications/default/x.gemspec': 's.name = NAME\ns.version = `id`\n' }), []);
  assert.equal(siteOfFile(utf8('gems/x/x.gemspec')), null);
});

test('deps.json lists packages, with the files next to it, but not projects', async () => {
  const document = {
    targets: {
      net8: {
        'App/1.0.0': { runtime: { 'App.dll': {} } },
        'N/13': {
          runtime: { 'lib/net6.0/N.dll': {} },
          resources: { 'lib/net6.0/de/N.resources.dll': {} },
          runtimeTargets: { 'runtimes/win/N.dll': {} },
        },
      },
    },
    libraries: { 'App/1.0.0': { type: 'project' }, 'N/13': { type: 'package' }, odd: { type: 'package' } },
  };
  assert.deepEqual(await read({ 'app/App.deps.json': JSON.stringify(document) }), [
    {
      type: 'nuget',
      name: 'N',
      version: '13',
      paths: ['app/N.dll', 'app/runtimes/win/N.dll', 'app/de/N.resources.dll'],
      location: 'app/App.deps.json',
    },
  ]);
});

test('conda lists files relative to its prefix', async () => {
  const document = { name: 'zlib', version: '1.2.13', subdir: 'linux-64', license: 'Zlib', files: ['lib/libz.so'] };
  assert.deepEqual(await read({ 'opt/conda/conda-meta/zlib-1.2.13-h1.json': JSON.stringify(document) }), [
    {
      type: 'conda',
      name: 'zlib',
      arch: 'linux-64',
      version: '1.2.13',
      license: 'Zlib',
      paths: ['opt/conda/lib/libz.so'],
      location: 'opt/conda/conda-meta',
    },
  ]);
});

test('nix: the version begins after the first hyphen before a digit, without the name of an output', () => {
  const hash = '0c9lkmq4v6kq2m0b1k8hjq3f1w2zqj9a';
  const read = (name: string): string | null => {
    const found = nixPackage('nix/store', `${hash}-${name}`);
    return found === null ? null : `${found.name} ${found.version}`;
  };
  assert.equal(read('hello-2.12.1'), 'hello 2.12.1');
  assert.equal(read('glibc-2.38-44-bin'), 'glibc 2.38-44');
  assert.equal(read('python3.11-requests-2.31.0'), 'python3.11-requests 2.31.0');
  for (const none of ['source', 'hello-2.12.1.drv', 'x-1.patch', '-1']) assert.equal(read(none), null, none);
  assert.equal(nixPackage('nix/store', 'short-hello-1'), null);
});
