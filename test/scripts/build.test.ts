import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { before, test } from 'node:test';
import { buildIfStale, outFolder } from '../../scripts/stale.ts';

const out = outFolder('current');
const built = (pattern: string): string[] => globSync(pattern, { cwd: out }).sort();
const read = (file: string): string => readFileSync(path.join(out, file), 'utf8');

/** Whether a chunk has sources. A chunk has none if it only loads and re-exports other chunks or if the bundler wrote it. */
function hasSources(name: string): boolean {
  return !/^(?:import "[^"]*";\n|export [^;]*;\n)+$/.test(read(name)) && !/^(?:rolldown-runtime|usingCtx)-/.test(path.basename(name));
}

before(() => buildIfStale('current'));

test('every bundle has a source map with existing sources', () => {
  const bundles = built('**/*.{js,cjs}').filter(hasSources);
  for (const name of [
    'cli.js',
    'store-worker.js',
    'catalog-worker.js',
    'electron/main.cjs',
    'electron/preload.cjs',
    'electron/index-worker.cjs',
    'electron/catalog-worker.cjs',
  ])
    assert.ok(bundles.includes(name), name);
  assert.ok(bundles.some((name) => name.startsWith('renderer/assets/')));
  for (const bundle of bundles) {
    assert.match(read(bundle), /\n\/\/# sourceMappingURL=\S+\.map\s*$/, bundle);
    const { sources } = JSON.parse(read(`${bundle}.map`)) as { sources: string[] };
    const own = sources.filter((source) => /\.tsx?$/.test(source) && !source.includes('node_modules'));
    const missing = own.filter((source) => !existsSync(path.resolve(path.dirname(path.join(out, bundle)), source)));
    assert.deepEqual(missing, [], bundle);
  }
});

test('the build contains nothing from npm run dev', () => {
  for (const file of built('**/*.{js,cjs,html,css}'))
    for (const word of ['@vite/client', 'layerscope:host', 'LAYERSCOPE_DEV', "'nonce-", "'unsafe-", 'ws://'])
      assert.ok(!read(file).includes(word), `${file} has ${word}`);
});

test('the built page has no inline script or style, and both hosts send the strict policy', () => {
  const page = read('renderer/index.html');
  assert.doesNotMatch(page, /<style|\sstyle=|<script(?![^>]*\ssrc=)/);
  for (const file of ['electron/main.cjs', ...built('chunks/*.js').filter((name) => read(name).includes('default-src'))]) {
    assert.match(read(file), /"default-src 'none'",\s+"script-src 'self'",\s+"style-src 'self'",/, file);
    assert.match(read(file), /"connect-src 'self'",/, file);
  }
});

/** ajv contains code, as strings, for modules that it can generate; the generated modules would load these packages. */
const IN_TEXTS = /^ajv(-formats)?\//;

test('the build doesn’t load any package by name, which Node would look for in every folder above', () => {
  for (const file of built('**/*.{js,cjs}').filter((name) => !name.startsWith('renderer/'))) {
    for (const [, name = ''] of read(file).matchAll(/\b(?:require|import)\("([^"./][^"]*)"\)/g))
      assert.ok(isBuiltin(name) || name === 'electron' || IN_TEXTS.test(name), `${file} loads ${name}`);
  }
});
