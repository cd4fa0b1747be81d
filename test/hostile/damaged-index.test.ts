// A store whose index.json names a manifest that isn't there: what the manifest referred to is unknown, so nothing is removed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

/** Returns a store of two images. */
async function store(t: TestContext): Promise<{ readonly home: string; readonly index: string }> {
  const folder = testFolder(t);
  const home = path.join(folder, 'store');
  for (const name of ['one', 'two']) {
    const image = path.join(folder, `${name}.tar`);
    writeFileSync(image, dockerArchive({ name: `${name}:1`, layers: [tar(file(name, name))] }));
    const { code, stderr } = await runCommand(['store', 'import', image, '--home', home]);
    assert.equal(code, 0, stderr);
  }
  return { home, index: path.join(home, 'index.json') };
}

const blobs = (home: string): string[] => readdirSync(path.join(home, 'blobs'), { recursive: true, encoding: 'utf8' }).sort();

const DAMAGES: Readonly<Record<string, (digest: string) => string>> = {
  'another digit': (digest) => digest.slice(0, -1) + (digest.endsWith('0') ? '1' : '0'),
  'a capital letter': (digest) => digest.replace(/[a-f]/, (letter) => letter.toUpperCase()),
  'one digit less': (digest) => digest.slice(0, -1),
  'another algorithm': (digest) => digest.replace('sha256', 'sha512'),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`a digest with ${what} in index.json makes no blob removable`, async (t) => {
    const { home, index } = await store(t);
    const text = readFileSync(index, 'utf8');
    const { manifests } = JSON.parse(text) as { manifests: { digest: string }[] };
    const [{ digest = '' } = {}] = manifests;
    assert.equal(manifests.length, 2);
    const before = blobs(home);
    writeFileSync(index, text.replace(digest, damage(digest)));
    await runCommand(['store', 'cleanup', '--home', home]);
    assert.deepEqual(blobs(home), before);
    await runCommand(['store', 'remove', 'two:1', '--home', home]);
    assert.deepEqual(blobs(home), before);
    // Repairs index.json and leaves only the first image in it: nothing is missing then, and cleanup removes the other image's blobs.
    writeFileSync(index, JSON.stringify({ ...JSON.parse(text), manifests: manifests.slice(0, 1) }));
    const { code, stderr } = await runCommand(['store', 'verify', '--home', home]);
    assert.equal(code, 0, stderr);
    await runCommand(['store', 'cleanup', '--home', home]);
    assert.ok(blobs(home).length < before.length);
  });
}

test('a store from another version is refused, even an older one', async (t) => {
  const { home } = await store(t);
  for (const version of [0, 2, '1']) {
    writeFileSync(path.join(home, 'layerscope-store.json'), JSON.stringify({ version, foreign: false }));
    assert.equal((await runCommand(['store', 'cleanup', '--home', home])).error?.code, 'UNSUPPORTED', `${version}`);
  }
});

test('an index with 130,000 entries of an unknown type is listed without an internal error', async (t) => {
  const { home, index } = await store(t);
  const manifests = Array.from({ length: 130_000 }, (_, at) => ({
    mediaType: 'x/y',
    digest: `sha256:${at.toString(16).padStart(64, '0')}`,
    size: 1,
  }));
  writeFileSync(index, JSON.stringify({ schemaVersion: 2, manifests }));
  for (const verb of ['list', 'cleanup', 'verify']) {
    const { error } = await runCommand(['store', verb, '--home', home]);
    assert.notEqual(error?.code, 'INTERNAL', `${verb}: ${error?.stack}`);
  }
});
