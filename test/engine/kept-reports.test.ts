import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type ArchiveReader, createReader, type FetchableBlob } from '#archive';
import { inspectArchive } from '#engine';
import { type ArchiveReport, LayerscopeError, type SourceReport } from '#model';
import { type BuiltDescriptor, Files, json, ociImage } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const TARS = [tar(file('etc/motd', 'hello')), tar(file('etc/motd', 'hello, world'), file('.wh.gone', ''))];
const SOURCE: SourceReport = { kind: 'registry', host: 'x', reference: 'x', digest: null, fetchedBytes: 0, requests: 0, verified: true };

interface Given {
  /** What the source has answered by the time of the report. */
  readonly source?: Partial<SourceReport>;
  /** Makes fetching a layer fail. */
  readonly fails?: boolean;
}

interface Inspected {
  readonly report: ArchiveReport;
  /** Whether layers were requested. */
  readonly read: boolean;
}

const files = new Files();
const image = ociImage(files, { layers: TARS.map((each) => ({ tar: each, packed: 'gzip' })) });
const bytesOf = ({ digest }: BuiltDescriptor): Uint8Array => files.map.get(`blobs/${digest.replace(':', '/')}`) ?? new Uint8Array(0);

/** Inspects an image whose blobs are fetched, with a new reader, as each run of the program does. */
async function inspect(cacheFolder: string, { source = {}, fails = false }: Given = {}): Promise<Inspected> {
  await using reader = createReader({ cacheFolder, workers: 0 });
  const blobs = image.layers.map(
    (layer): FetchableBlob => ({
      ...{ digest: layer.digest, length: layer.size, compression: 'gzip' },
      pieces: async function* () {
        if (fails) throw new LayerscopeError('IO', 'the network is down');
        yield bytesOf(layer);
      },
    }),
  );
  await using archive = await reader.openFetched({
    ...{ title: 'x', format: 'registry', source: { ...SOURCE, ...source }, blobs },
    index: json({ manifests: [{ digest: image.digest, mediaType: image.mediaType, size: image.size }] }),
    documents: new Map([image, image.config].map((document) => [document.digest, bytesOf(document)])),
  });
  let read = false;
  const watched = {
    indexLayers: (...given: Parameters<ArchiveReader['indexLayers']>) => {
      read = true;
      return reader.indexLayers(...given);
    },
    keptReport: (key: string) => reader.keptReport(key),
    keepReport: (key: string, text: string) => reader.keepReport(key, text),
  };
  return { report: await inspectArchive(watched as unknown as ArchiveReader, archive, { build: 'one' }), read };
}

function keptFiles(cache: string): string[] {
  return readdirSync(path.join(cache, 'index')).filter((name) => name.endsWith('.rep'));
}

test('a fetched image’s report is cached under its digests, without the source’s statistics', async (t) => {
  const cache = testFolder(t);
  const first = await inspect(cache, { source: { requests: 4, fetchedBytes: 1000 } });
  const again = await inspect(cache, { source: { requests: 1, fetchedBytes: 20 } });
  assert.deepEqual([first.read, again.read], [true, false]);
  const { format, source, ...rest } = first.report;
  assert.equal(source?.fetchedBytes, 1000);
  assert.equal(JSON.stringify(again.report), JSON.stringify({ format, source: { ...source, requests: 1, fetchedBytes: 20 }, ...rest }));
});

test('reports are not kept if a fetch failed or no digest verifies the content', async (t) => {
  const cache = testFolder(t);
  const failed = await inspect(cache, { fails: true }).catch((error: unknown) => error);
  assert.ok(failed instanceof LayerscopeError || (failed as Inspected).report.findings.some(({ severity }) => severity === 'error'));
  const unverified = await inspect(cache, { source: { verified: false } });
  assert.equal(unverified.read, true);
  assert.deepEqual(keptFiles(cache), []);
  const whole = await inspect(cache);
  assert.equal(whole.read, true);
  assert.equal(keptFiles(cache).length, 1);
  assert.deepEqual(whole.report.images, unverified.report.images);
});
