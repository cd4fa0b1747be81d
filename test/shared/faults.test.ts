// Inputs in ../shared/faults with archives, manifests and artifacts that were once reported wrongly.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { chooseImage, inspectArchive } from '#engine';
import { FINDING_HINTS } from '#model';
import { faultsIn } from '../support/asserts.ts';
import { runTool, tryTool } from '../support/tools.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const faults = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'faults');

/** Returns the input's path: a tar, or a layout folder that was extracted from one. */
function faulty(t: TestContext, name: string): string {
  if (!name.endsWith('.layout')) return testFile(t, gunzipSync(readFileSync(path.join(faults, `${name}.tar.gz`))), `${name}.tar`);
  const folder = testFolder(t);
  execFileSync('tar', ['-xzf', path.join(faults, `${name}.tar.gz`), '-C', folder]);
  return path.join(folder, name.replace('.layout', ''));
}

async function inspect(t: TestContext, input: string, options: { verify?: boolean; followLinks?: boolean } = {}) {
  const reader = testReader(t);
  const archive = await reader.open(input, { followLinks: options.followLinks ?? false });
  return { archive, report: await inspectArchive(reader, archive, { verify: options.verify ?? true }) };
}

/** Returns all codes except history-mismatch, which all of these inputs have. */
const codesBut = (findings: readonly { readonly code: string }[]): string[] =>
  findings.map(({ code }) => code).filter((code) => code !== 'history-mismatch');

test('charts, modules and files are artifacts without findings', async (t) => {
  for (const [name, type] of [
    ['helm', 'application/vnd.cncf.helm.config.v1+json'],
    ['wasm', 'application/vnd.wasm.config.v0+json'],
    ['orastext', 'application/vnd.eda.banner'],
  ] as const) {
    const { report } = await inspect(t, faulty(t, `${name}.layout`));
    assert.deepEqual([report.images, report.artifacts.map(({ artifactType }) => artifactType), report.findings], [[], [type], []], name);
  }
});

test('a layout from cosign save has an image and a signature', async (t) => {
  const { report } = await inspect(t, faulty(t, 'cosignsave.layout'));
  assert.deepEqual(
    report.images.map(({ names, layers }) => [names, layers.length]),
    [[['x:1'], 2]],
  );
  assert.deepEqual(
    report.artifacts.map(({ mediaTypes }) => mediaTypes.at(-1)),
    ['application/vnd.dev.cosign.simplesigning.v1+json'],
  );
  assert.deepEqual(codesBut(report.findings), []);
});

test('layers packed with xz and bzip2, stored sparse, or embedded in their descriptors are read', async (t) => {
  for (const name of ['xzlayer', 'sparse-gnu', 'data.layout']) {
    const { report } = await inspect(t, faulty(t, name));
    const [image] = report.images;
    assert.deepEqual([image?.layers.map(({ status }) => status), image?.platform], [['present', 'present'], 'linux/amd64'], name);
    assert.ok((image?.totals.files ?? 0) >= 2, name);
    assert.deepEqual(codesBut(report.findings), [], name);
  }
});

test('an invalid digest keeps its text', async (t) => {
  const { report } = await inspect(t, faulty(t, 'upper.layout'));
  assert.match(report.images[0]?.layers[0]?.digest ?? '', /^sha256:D4D56788[0-9A-F]{56}$/);
  assert.deepEqual(codesBut(report.findings), ['bad-digest']);
});

test('the newest of several CPU variants is chosen', async (t) => {
  const { archive } = await inspect(t, faulty(t, 'multi.layout'));
  const chosen = ['linux/arm', 'linux/arm/v6', 'linux/arm64', 'linux/386', 'windows/amd64'].map(
    (platform) => chooseImage(archive, { platform }).platform,
  );
  assert.deepEqual(chosen, ['linux/arm/v7', 'linux/arm/v6', 'linux/arm64/v8', 'linux/386', 'windows/amd64']);
  assert.throws(() => chooseImage(archive, { platform: 'linux/amd64' }), { code: 'NOT_FOUND' });
});

test('blobs that are links out of their folder are reported as such, with advice', async (t) => {
  const input = faulty(t, 'bz.layout');
  const { report } = await inspect(t, input);
  assert.deepEqual(codesBut(report.findings), ['link-outside']);
  assert.match(FINDING_HINTS['link-outside'].hint, /--follow-links/);
  const followed = await inspect(t, input, { followLinks: true });
  assert.match(followed.report.findings[0]?.message ?? '', /which does not exist$/);
});

test('summaries agree with their details, and the image can be browsed', async (t) => {
  for (const [name, codes, layers] of [
    ['notjson', ['config-unreadable'], ['present']],
    ['cfg-nocfg', ['diffid-count'], ['present']],
    ['esc', ['path-escape', 'path-escape'], ['missing']],
  ] as const) {
    const { report } = await inspect(t, faulty(t, name));
    assert.deepEqual([codesBut(report.findings), report.images[0]?.layers.map(({ status }) => status)], [codes, layers], name);
  }
});

test('a dir: folder written by skopeo contains the same image as the archive', async (t) => {
  tryTool('skopeo', ['--version']);
  const archive = path.join(faults, '..', 'corpus', 'dive', 'test-docker-image.tar');
  const folder = path.join(testFolder(t), 'dir');
  runTool('skopeo', ['--insecure-policy', 'copy', '-q', `docker-archive:${archive}`, `dir:${folder}`]);
  const [one, other] = [await inspect(t, archive), await inspect(t, folder)];
  assert.equal(other.report.format, 'dir');
  // skopeo keeps the blobs uncompressed but still calls them gzip.
  assert.deepEqual(new Set(faultsIn(other.report.findings).map(({ code }) => code)), new Set(['media-type-mismatch']));
  assert.deepEqual(
    other.report.images.map(({ layers, totals }) => [layers.map(({ diffId }) => diffId), totals]),
    one.report.images.map(({ layers, totals }) => [layers.map(({ diffId }) => diffId), totals]),
  );
});
