// A process that is restricted to folders reads images only there, on all its threads. This holds even if a path that was checked has since
// been replaced by a link.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { restrictReading } from '#files';
import { entriesOf, nameFolders } from '../../src/cli/mcp/named-folders.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { pathsOf, readAll, testReader } from '../support/workbench.ts';

const place = realpathSync(mkdtempSync(path.join(tmpdir(), 'layerscope-bounds-')));
after(() => rmSync(place, { recursive: true, force: true }));
const [inside, outside] = [path.join(place, 'inside'), path.join(place, 'outside')] as const;
const files = new Files();
// Large enough to be read on a worker.
const layers = ['a', 'b', 'c'].map((name) => ({ tar: tar(file(name, randomBytes(2_500_000))), packed: 'gzip' as const }));
const layout = ociLayout(files, [ociImage(files, { layers })]);
for (const folder of [inside, outside]) {
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'image.tar'), archiveOf(layout));
  for (const [name, bytes] of layout) {
    mkdirSync(path.dirname(path.join(folder, 'layout', name)), { recursive: true });
    writeFileSync(path.join(folder, 'layout', name), bytes);
  }
}
symlinkSync(path.join(outside, 'image.tar'), path.join(inside, 'link.tar'));
symlinkSync(path.join(outside, 'layout'), path.join(inside, 'linked'));
restrictReading(nameFolders([inside]).folders);

test('archives and layouts in the folder are read, on workers and through the program’s own files', async (t) => {
  for (const name of ['image.tar', 'layout']) {
    const { layers: read } = await readAll(testReader(t, { workers: 2 }), path.join(inside, name));
    assert.deepEqual(read[0]?.map(pathsOf), [['a'], ['b'], ['c']], name);
    const { archive, reader } = await readAll(testReader(t, { cacheFolder: path.join(place, 'cache') }), path.join(inside, name));
    const [layer] = archive.images[0]?.layers ?? [];
    assert.ok(layer);
    const [indexed] = await reader.indexLayers([layer]);
    assert.ok(indexed);
  }
});

for (const name of ['link.tar', 'linked', '../outside/image.tar']) {
  test(`an image outside the folder is refused, even if a path inside leads there: ${name}`, async (t) => {
    await assert.rejects(testReader(t).open(path.join(inside, name)), { code: 'PERMISSION', message: /is outside the named folders/ });
  });
}

test('a folder replaced by a link isn’t listed', () => {
  assert.deepEqual(
    entriesOf(path.join(inside, 'layout'))
      .map(({ name }) => name)
      .sort(),
    ['blobs', 'index.json', 'oci-layout'],
  );
  assert.throws(() => entriesOf(path.join(inside, 'linked')), { code: 'PERMISSION' });
});

test('a thread that is started later is restricted to the same folders', async () => {
  const script = `
    import { parentPort } from 'node:worker_threads';
    const { openFile } = await import(${JSON.stringify(new URL('../../src/archive/blob/source-file.ts', import.meta.url).href)});
    const said = [${JSON.stringify(path.join(inside, 'image.tar'))}, ${JSON.stringify(path.join(inside, 'link.tar'))}].map((file) => {
      try {
        openFile(file);
        return 'read';
      } catch (error) {
        return error.code;
      }
    });
    parentPort.postMessage(said);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  const said = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  assert.deepEqual(said, ['read', 'PERMISSION']);
  await worker.terminate();
});
