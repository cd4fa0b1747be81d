// Optional packages are loaded from the program's own folders and nowhere else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lchownSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { loadOwnPackage } from '#files';
import { buildIfStale, outFolder } from '../../scripts/stale.ts';
import { hasCode } from '../support/asserts.ts';
import { testFolder } from '../support/workbench.ts';

const WANTED = { name: '@test/one', parts: [['@test/native', '@test/native-musl'], ['two']] } as const;

function pack(modules: string, name: string, script: string): void {
  const folder = path.join(modules, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'main.js' }));
  writeFileSync(path.join(folder, 'main.js'), script);
}

function packAll(modules: string): void {
  pack(modules, '@test/one', "exports.said = require('@test/native-musl').said + require('two').said");
  pack(modules, '@test/native-musl', "exports.said = 'native '");
  pack(modules, 'two', "exports.said = 'two'");
}

test('a package in the data folder is loaded if all its parts are there', (t) => {
  const data = path.join(testFolder(t), 'data');
  const modules = path.join(data, 'node_modules');
  assert.equal(loadOwnPackage(WANTED, data), null);
  pack(modules, '@test/one', 'throw new Error("loaded without its parts")');
  assert.equal(loadOwnPackage(WANTED, data), null);
  packAll(modules);
  assert.deepEqual(loadOwnPackage(WANTED, data), { said: 'native two' });
});

test('nothing is loaded that another user can change', { skip: process.getuid?.() !== 0 && 'needs root, to be another user' }, (t) => {
  const change: Readonly<Record<string, (data: string) => void>> = {
    'the folder belongs to another user': (data) => lchownSync(data, 54_321, 54_321),
    'the scope’s folder belongs to another user': (data) => lchownSync(path.join(data, 'node_modules', '@test'), 54_321, 54_321),
    'a part belongs to another user': (data) => lchownSync(path.join(data, 'node_modules', 'two'), 54_321, 54_321),
    'everyone may write': (data) => chmodSync(path.join(data, 'node_modules'), 0o777),
    'a group may write': (data) => {
      lchownSync(path.join(data, 'node_modules', '@test', 'one'), 0, 54_321);
      chmodSync(path.join(data, 'node_modules', '@test', 'one'), 0o775);
    },
  };
  for (const [what, make] of Object.entries(change)) {
    const data = path.join(testFolder(t), 'data');
    packAll(path.join(data, 'node_modules'));
    make(data);
    assert.throws(() => loadOwnPackage(WANTED, data), hasCode('UNSUPPORTED'), what);
  }
});

before(() => buildIfStale('current'));

test('the built program loads nothing from folders above its own', (t) => {
  const folder = testFolder(t);
  const program = path.join(folder, 'tool');
  mkdirSync(program);
  cpSync(outFolder('current'), path.join(program, 'dist'), { recursive: true });
  writeFileSync(path.join(program, 'package.json'), '{"name":"layerscope"}');
  const trap = `require('fs').writeFileSync(${JSON.stringify(path.join(folder, 'loaded'))}, '')`;
  for (const modules of [path.join(folder, 'node_modules'), path.join(program, 'dist', 'node_modules')]) {
    for (const name of ['koffi', '@duckdb/node-api', '@duckdb/node-bindings', 'detect-libc']) pack(modules, name, trap);
    pack(modules, `@duckdb/node-bindings-${process.platform}-${process.arch}`, trap);
    pack(modules, `@koromix/koffi-${process.platform}-${process.arch}`, trap);
  }
  const env = { PATH: process.env.PATH ?? '', HOME: folder, LAYERSCOPE_CACHE: path.join(folder, 'cache') };
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(program, 'dist', 'cli.js'), ...args], { cwd: folder, env, encoding: 'utf8' });
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);
  assert.equal(run('catalog', 'index', empty, '--to', path.join(folder, 'catalog')).status, 0);
  const { status, stderr } = run('catalog', 'query', 'SELECT 1', '--from', path.join(folder, 'catalog'));
  assert.deepEqual([status, /DuckDB, which is not installed/.test(stderr)], [3, true], stderr);
  assert.ok(!existsSync(path.join(folder, 'loaded')));
});
