// The command line with an image's name and a registry: output and exit codes.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { ociImage } from '../support/image-builder.ts';
import { standInRegistry } from '../support/registry.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';
import { sampleImage } from './registry/bench.ts';

test('commands accept a registry’s image by name, and report its source', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('team/app', files, { '1': image.digest });
  const cache = testFolder(t);
  const name = `${registry.host}/team/app:1`;
  const inspected = await runCommand(['inspect', name, '--json'], cache);
  assert.equal(inspected.code, 0, inspected.stderr);
  const report = JSON.parse(inspected.stdout) as { format: string; source: Record<string, unknown>; findings: unknown[] };
  assert.deepEqual([report.format, report.findings], ['registry', []]);
  const { fetchedBytes, requests, ...source } = report.source;
  assert.deepEqual(source, { kind: 'registry', host: registry.host, reference: name, digest: image.digest, verified: true });
  assert.ok(Number(fetchedBytes) > image.size && Number(requests) > 0);
  assert.match(inspected.stderr, /team\/app:1 comes from its registry/);
  assert.equal((await runCommand(['cat', name, 'etc/passwd'], cache)).stdout, 'root');
  assert.equal((await runCommand(['ls', `registry:${name}`, 'app'], cache)).code, 0);
  assert.equal((await runCommand(['changes', name, '--layer', '1'], cache)).code, 0);
});

test('a registry’s image is imported into a store unchanged, and two images are compared by name', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  const other = ociImage(files, { layers: [{ tar: tar(file('app/run', 'other')), packed: 'gzip' }] });
  registry.add('app', files, { '1': image.digest, '2': other.digest });
  const home = path.join(testFolder(t), 'store');
  const name = `registry:${registry.host}/app:1`;
  const imported = await runCommand(['store', 'import', name, '--home', home], testFolder(t));
  assert.equal(imported.code, 0, imported.stderr);
  const kept = readdirSync(path.join(home, 'blobs/sha256')).map((hex) => `sha256:${hex}`);
  assert.deepEqual(kept.sort(), [image, image.config, ...image.layers].map(({ digest }) => digest).sort());
  assert.equal((await runCommand(['store', 'verify', '--home', home])).code, 0);
  const compared = await runCommand(['diff', name, `registry:${registry.host}/app:2`, '--no-config', '--exit-code'], testFolder(t));
  assert.equal(compared.code, 1, compared.stderr);
});

test('with --offline, or if no source has the image, one line says why, and the code is 3', async (t) => {
  const registry = await standInRegistry(t);
  const name = `registry:${registry.host}/none:1`;
  const missing = await runCommand(['inspect', name]);
  assert.deepEqual([missing.code, missing.error?.code], [3, 'NOT_FOUND']);
  assert.match(missing.stderr, /^layerscope: NOT_FOUND: registry:.*: registry: 127\.0\.0\.1:\d+: no such image\n$/);
  registry.log.length = 0;
  const offline = await runCommand(['inspect', name, '--offline']);
  assert.deepEqual([offline.code, offline.error?.code, registry.log], [3, 'UNREACHABLE', []]);
});
