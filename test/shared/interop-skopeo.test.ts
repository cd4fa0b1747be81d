// skopeo reads our images, and images that skopeo writes in any format read back the same. Debian: skopeo.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type NewImage, packDockerArchive, packOciArchive } from '#archive';
import type { ArchiveReport } from '#model';
import { commandJson, commandLines, type JsonLine } from '../support/command-line.ts';
import {
  archiveOf,
  digestOf,
  dockerArchive,
  Files,
  ociImage,
  ociIndex,
  ociLayout,
  type Packing,
  writeFolder,
} from '../support/image-builder.ts';
import { interopLayers } from '../support/interop-image.ts';
import { runTool } from '../support/tools.ts';
import { collect, testFolder } from '../support/workbench.ts';

const LAYERS = interopLayers();
const DIFF_IDS = LAYERS.map(digestOf);

function skopeo(cwd: string, ...args: string[]): string {
  return runTool('skopeo', ['--insecure-policy', ...args], { cwd }).toString();
}

/** Writes the image in each of our formats; returns skopeo's names for them. */
async function writeSources(folder: string): Promise<string[]> {
  const image = (gzip: boolean): NewImage => ({
    name: 'example.com/made:1',
    os: 'linux',
    architecture: 'amd64',
    layers: LAYERS.map((tar, index) => ({ tar, createdBy: `step ${index}`, gzip })),
  });
  for (const gzip of [false, true]) {
    const packed = gzip ? 'gzip' : 'plain';
    writeFileSync(path.join(folder, `docker-${packed}`), await collect(packDockerArchive([image(gzip)])));
    writeFileSync(path.join(folder, `oci-${packed}`), await collect(packOciArchive([image(gzip)])));
  }
  writeFileSync(path.join(folder, 'docker-24'), archiveOf(dockerArchive([{ layers: LAYERS, tags: ['example.com/made:1'] }])));
  for (const packed of ['none', 'gzip', 'zstd'] satisfies Packing[]) {
    const files = new Files();
    const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
    const made = ociImage(files, { layers: LAYERS.map((tar) => ({ tar, packed })), annotations });
    writeFolder(path.join(folder, `layout-${packed}`), ociLayout(files, [made]));
  }
  return [
    'docker-archive:docker-plain',
    'docker-archive:docker-gzip',
    'docker-archive:docker-24',
    'oci-archive:oci-plain',
    'oci-archive:oci-gzip',
    'oci:layout-none:v1',
    'oci:layout-gzip:v1',
    'oci:layout-zstd:v1',
  ];
}

interface Seen {
  readonly format: string;
  readonly packing: readonly string[];
  /** Facts that must not depend on the format: totals, layers without their blobs, history, changes. */
  readonly same: unknown;
  readonly findings: readonly string[];
}

async function seen(file: string): Promise<Seen> {
  const { format, images, findings } = await commandJson<ArchiveReport>(['inspect', file, '--json', '--verify']);
  assert.equal(images.length, 1);
  const [image] = images;
  assert.ok(image);
  const changes: JsonLine[][] = [];
  for (const layer of image.layers) changes.push(await commandLines(['changes', file, '--layer', String(layer.index), '--json']));
  const layers = image.layers.map(({ digest: _digest, mediaType: _type, compression: _packing, blobBytes: _bytes, ...rest }) => rest);
  return {
    format,
    packing: [...new Set(image.layers.map(({ compression }) => compression))],
    same: { platform: image.platform, totals: image.totals, layers, changes },
    findings: findings.filter(({ severity }) => severity !== 'note').map(({ code, layer }) => `${code} of layer ${layer}`),
  };
}

test('skopeo reads each of our image formats, and we read its copies in each format as the same image', async (t) => {
  const folder = testFolder(t);
  const sources = await writeSources(folder);
  const at = (name: string): string => path.join(folder, name);
  const expected = await seen(at('docker-plain'));
  const stated = expected.same as { layers: { diffId: string; entries: number }[]; changes: JsonLine[][] };
  assert.deepEqual(
    stated.layers.map(({ diffId }) => diffId),
    DIFF_IDS,
  );
  assert.ok((stated.changes[0]?.length ?? 0) > 30 && (stated.changes[1]?.length ?? 0) > 8);

  // The image has whiteouts without a target on purpose; there must be no other finding in any format.
  const wanted = expected.findings;
  for (const [number, source] of sources.entries()) {
    const file = source.split(':')[1] ?? '';
    const ours = await seen(at(file));
    assert.deepEqual(ours.same, expected.same, source);
    assert.deepEqual(ours.findings, wanted, source);
    const inspected = JSON.parse(skopeo(folder, 'inspect', '--config', source)) as { rootfs: { diff_ids: string[] } };
    assert.deepEqual(inspected.rootfs.diff_ids, DIFF_IDS, source);

    const copies: [target: string, format: string, options: string[]][] = [
      [`docker-archive:copy-docker-${number}:example.com/copy:1`, 'docker-archive', []],
      [`oci:copy-oci-${number}:v1`, 'oci-layout', []],
      [`oci:copy-gzip-${number}:v1`, 'oci-layout', ['--dest-compress', '--dest-compress-format', 'gzip']],
      [`oci:copy-zstd-${number}:v1`, 'oci-layout', ['--dest-compress', '--dest-compress-format', 'zstd']],
      [`oci-archive:copy-archive-${number}:v1`, 'oci-archive', []],
    ];
    for (const [target, format, options] of copies) {
      // Docker's manifests have no media type for zstd, so skopeo refuses.
      if (source.includes('zstd') && format === 'docker-archive') continue;
      skopeo(folder, 'copy', ...options, source, target);
      const copy = await seen(at(target.split(':')[1] ?? ''));
      assert.equal(copy.format, format);
      const asked = options.at(-1);
      if (asked !== undefined) assert.deepEqual(copy.packing, [asked], `${source} copied to ${target}`);
      assert.deepEqual(copy.same, expected.same, `${source} copied to ${target}`);
      assert.deepEqual(copy.findings, wanted, `${source} copied to ${target}`);
    }
  }
});

test("skopeo's docker-archives name layers through links, which we follow", async (t) => {
  const folder = testFolder(t);
  // The same layer twice: skopeo writes it once and adds two folders with links to it.
  const layers = [LAYERS[0] ?? new Uint8Array(), LAYERS[5] ?? new Uint8Array(), LAYERS[0] ?? new Uint8Array()];
  writeFileSync(path.join(folder, 'two'), archiveOf(dockerArchive([{ layers, tags: ['example.com/two:1'] }])));
  skopeo(folder, 'copy', 'docker-archive:two', 'docker-archive:copy:example.com/copy:1');
  const listing = runTool('tar', ['-tvf', 'copy'], { cwd: folder }).toString();
  assert.match(listing, /^l\S+ .* \S+\/layer\.tar -> /m);
  assert.deepEqual((await seen(path.join(folder, 'copy'))).same, (await seen(path.join(folder, 'two'))).same);
});

test('skopeo’s complete copy of a multi-platform index has the same images', async (t) => {
  const folder = testFolder(t);
  const files = new Files();
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm', variant: 'v7' },
  ];
  const images = platforms.map((platform, number) => {
    const layers = LAYERS.slice(0, 3 - number).map((tar) => ({ tar, packed: 'gzip' as const }));
    return ociImage(files, { layers, config: platform, platform });
  });
  const nested = { ...ociIndex(files, images), annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  writeFolder(path.join(folder, 'source'), ociLayout(files, [nested]));
  skopeo(folder, 'copy', '--all', 'oci:source:v1', 'oci:copy:v1');
  skopeo(folder, 'copy', '--all', 'oci:source:v1', 'oci-archive:archive:v1');
  for (const form of ['source', 'copy', 'archive']) {
    const report = await commandJson<ArchiveReport>(['inspect', path.join(folder, form), '--json', '--verify']);
    assert.deepEqual(
      report.images.map(({ platform, layers }) => [platform, layers.map(({ diffId }) => diffId)]),
      [
        ['linux/amd64', DIFF_IDS.slice(0, 3)],
        ['linux/arm/v7', DIFF_IDS.slice(0, 2)],
      ],
      form,
    );
    const chosen = await commandLines(['ls', path.join(folder, form), '--platform', 'linux/arm', '--json']);
    assert.ok(chosen.some(({ path: name, layer }) => name === 'opaque/new/file' && layer === 1));
  }
});
