// The third-party contents of packages: the list, the SBOM and the licences.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { bundledPackages, type Component, listComponents } from '../../scripts/dist/components.ts';
import { licencesPage } from '../../scripts/dist/licences.ts';
import { sbom } from '../../scripts/dist/sbom.ts';
import { ROOMS } from '../../scripts/rooms/table.ts';
import { buildIfStale, outFolder } from '../../scripts/stale.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
let components: readonly Component[] = [];

before(() => {
  buildIfStale('current');
  // Node stands in for Electron, which may not be there; both state their parts in the same way.
  components = listComponents(process.execPath, outFolder('current'));
});

test('every package that a room may import is in the list, with its destination', () => {
  const bundled = bundledPackages(outFolder('current'));
  // Electron is the runtime, koffi lies next to the bundles, Podman Desktop's extension is a separate package, and users who query catalogs
  // install DuckDB.
  const elsewhere = ['electron', 'koffi', '@podman-desktop/api', '@duckdb/node-api'];
  const wanted = new Set(ROOMS.flatMap(({ packages = [] }) => packages).filter((name) => !elsewhere.includes(name)));
  assert.ok(wanted.size > 8, [...wanted].join());
  assert.deepEqual(
    [...wanted].filter((name) => !bundled.has(name)),
    [],
  );
  assert.deepEqual(bundled.get('react-dom')?.where, ['window']);
  assert.deepEqual(bundled.get('zod')?.where, ['command line', 'main process']);
  assert.ok(components.some(({ name }) => name === 'koffi'));
});

test('every package has its version, its licence and the licence’s text', () => {
  const npm = components.filter(({ kind }) => kind === 'npm');
  assert.ok(npm.length > 15, `${npm.length}`);
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; license?: string }>;
  };
  for (const { name, version, licence, text, sha512 } of npm) {
    const locked = lock.packages[`node_modules/${name}`];
    if (locked?.version === version) assert.equal(licence, locked.license, name);
    assert.match(sha512 ?? '', /^[0-9a-f]{128}$/, name);
    assert.ok((text ?? '').length > 200, `${name} has no licence text`);
  }
  const node = components.find(({ name, kind }) => name === 'node' && kind === 'runtime');
  assert.match(node?.text ?? '', /OpenSSL/);
  assert.ok(components.some(({ name, within }) => name === 'openssl' && within === 'node'));
});

interface Bom {
  readonly serialNumber: string;
  readonly components: readonly { readonly 'bom-ref': string; readonly name: string; readonly purl: string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

test('the SBOM has each component once, refers only to them, and is the same for the same contents', () => {
  const program = { name: 'layerscope', version: '1.2.3', licence: 'Apache-2.0' };
  const text = sbom(program, components);
  assert.equal(sbom(program, components), text);
  const bom = JSON.parse(text) as Bom;
  assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const refs = bom.components.map((each) => each['bom-ref']);
  assert.equal(new Set(refs).size, components.length);
  const known = new Set([...refs, 'pkg:generic/layerscope@1.2.3']);
  for (const { ref, dependsOn } of bom.dependencies) for (const each of [ref, ...dependsOn]) assert.ok(known.has(each), each);
  // Every component is reachable from the program.
  const reached = new Set(['pkg:generic/layerscope@1.2.3', ...bom.dependencies.flatMap(({ dependsOn }) => dependsOn)]);
  assert.deepEqual(
    refs.filter((ref) => !reached.has(ref)),
    [],
  );
  assert.ok(bom.components.some(({ purl }) => purl.startsWith('pkg:npm/%40tanstack/react-virtual@')));
});

test('the licence page has every licence’s text, escaped', () => {
  const odd: Component = {
    ...{ name: 'odd', version: '1', kind: 'npm', licence: 'MIT', where: ['window'], sha512: null, within: null },
    text: '<script>alert("&")</script>',
  };
  const page = licencesPage('1.2.3', 'Apache <2>', [...components, odd]);
  assert.doesNotMatch(page, /<script|Apache <2>/);
  assert.match(page, /&lt;script&gt;alert\("&amp;"\)/);
  for (const { name, version, within } of components) if (within === null) assert.ok(page.includes(`>${name} ${version}</h2>`), name);
});

test('a package is found in a bundle even if it is nested in another’s folder', () => {
  assert.ok(existsSync(path.join(root, 'node_modules', 'zod', 'package.json')));
  for (const [name, { folder }] of bundledPackages(outFolder('current')))
    assert.equal((JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name: string }).name, name);
});
