// A catalog's images at the host: what is opened from the places that a catalog names, and what is refused.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { CatalogList } from '#catalog/browse';
import type { CatalogImage } from '#contract';
import type { NamedImages } from '#engine';
import { fakeHost } from '../support/fake-services.ts';
import { testFolder } from '../support/workbench.ts';

/** Returns a list with one catalog that has one image in these places. */
function catalogOf(...sources: string[]): CatalogList & { readonly opened: string[] } {
  const places = sources.map((source) => ({ source, reference: null, repository: null, tag: null }));
  const opened: string[] = [];
  const list = {
    opened,
    open: (request: { readonly path: string }) => {
      opened.push(request.path);
      return 'j9';
    },
    image: () => ({ places, platform: 'linux/arm64' }) as unknown as CatalogImage,
    subscribe: () => () => {},
  };
  return list as unknown as CatalogList & { readonly opened: string[] };
}

test('an image is opened from the file or folder where it was indexed', async (t) => {
  const folder = testFolder(t);
  const file = path.join(folder, 'app.tar');
  writeFileSync(file, '');
  const { host, library } = fakeHost({ catalogs: catalogOf(file, folder, path.join(folder, 'gone.tar')) });
  const sender = host.admit();
  const open = (place: number) => host.handle(sender, 'catalog.open', { catalogId: 'c1', image: 0, place });
  assert.ok((await open(0)).ok && (await open(1)).ok);
  assert.deepEqual(
    library.opened.map((request) => request.path),
    [file, folder],
  );
  const gone = await open(2);
  assert.ok(!gone.ok && gone.error.code === 'NOT_FOUND' && /gone\.tar is not there any more/.test(gone.error.message));
  const none = await open(3);
  assert.ok(!none.ok && none.error.code === 'NOT_FOUND');
  assert.equal(library.opened.length, 2);
});

test('a path on another machine is never touched, and another system’s path doesn’t exist here', async () => {
  const { host, library } = fakeHost({
    catalogs: catalogOf('//server/share/app.tar', 'C:\\images\\app.tar', '\\\\server\\share\\app.tar'),
  });
  const sender = host.admit();
  const codes: string[] = [];
  for (const place of [0, 1, 2]) {
    const answer = await host.handle(sender, 'catalog.open', { catalogId: 'c1', image: 0, place });
    codes.push(answer.ok ? 'ok' : answer.error.code);
  }
  assert.deepEqual(codes, process.platform === 'win32' ? ['FORBIDDEN', 'NOT_FOUND', 'FORBIDDEN'] : ['FORBIDDEN', 'NOT_FOUND', 'NOT_FOUND']);
  assert.equal(library.opened.length, 0);
});

test('an image that was indexed by name is requested only where names are allowed', async () => {
  const catalogs = catalogOf('registry.example.com/app:1');
  const refused = fakeHost({ catalogs });
  const input = { catalogId: 'c1', image: 0, place: 0 };
  const answer = await refused.host.handle(refused.host.admit(), 'catalog.open', input);
  assert.ok(!answer.ok && answer.error.code === 'FORBIDDEN' && answer.error.message.includes('--allow-sources'));
  const asked: unknown[] = [];
  const open = (...what: unknown[]): string => {
    asked.push(what);
    return 'j1';
  };
  const names = { open } as unknown as NamedImages;
  const { host } = fakeHost({ catalogs, names });
  assert.ok((await host.handle(host.admit(), 'catalog.open', input)).ok);
  assert.deepEqual(asked, [['registry.example.com/app:1', 'linux/arm64']]);
});

test('a granted folder that is a catalog is opened as a catalog, any other folder as an archive', async (t) => {
  const folder = testFolder(t);
  const [catalog, layout] = [path.join(folder, 'catalog'), path.join(folder, 'layout')];
  for (const each of [catalog, layout]) mkdirSync(each);
  writeFileSync(path.join(catalog, 'catalog.json'), '{"kind":"layerscope-catalog","version":3}');
  const catalogs = catalogOf();
  const { host, library } = fakeHost({ catalogs });
  const sender = host.admit();
  for (const each of [catalog, layout]) {
    const { grant } = host.grants.give(sender, { path: each, name: path.basename(each) });
    assert.ok((await host.handle(sender, 'archive.open', { grant })).ok);
  }
  assert.deepEqual(catalogs.opened, [catalog]);
  assert.deepEqual(
    library.opened.map((request) => request.path),
    [layout],
  );
});
