import assert from 'node:assert/strict';
import test from 'node:test';
import type { Archive, ArchiveImage } from '#archive';
import { type Finding, finding } from '#model';
import { archiveSummary, MAX_SUMMARY_FINDINGS, MAX_SUMMARY_SECRETS } from '../../src/engine/library/archive-summary.ts';

const image: ArchiveImage = {
  index: 0,
  names: ['web:1'],
  tags: ['web:1'],
  configSource: null,
  platform: 'linux/amd64',
  os: 'linux',
  configDigest: null,
  manifestDigest: null,
  layers: [
    {
      index: 0,
      digest: null,
      diffId: null,
      mediaType: null,
      createdBy: 'RUN x',
      status: 'missing',
      compression: 'gzip',
      blobBytes: 7,
      urls: ['https://example.org/layer'],
      blob: null,
    },
  ],
  history: [],
  attestations: [],
  config: null,
};

function stateWith(findings: readonly Finding[]) {
  const archive: Archive = {
    format: 'oci-layout',
    title: 'x',
    images: [image],
    artifacts: [],
    findings,
    roots: () => [],
    async [Symbol.asyncDispose]() {},
  };
  return { archiveId: 'a1', title: 'x', sizeBytes: 1, archive, loaded: [null], arrived: [[]] };
}

test('an image is summarized from its manifest until its layers are read', () => {
  const [summary] = archiveSummary(stateWith([])).images;
  assert.equal(summary?.loaded, false);
  assert.deepEqual(summary?.chainIds, [null]);
  assert.deepEqual(summary?.totals, { files: 0, fileBytes: 0, finalBytes: 0, wastedBytes: 0, efficiency: 1 });
  const [layer] = summary?.layers ?? [];
  assert.deepEqual([layer?.status, layer?.blobBytes, layer?.entries, layer?.urls], ['missing', 7, 0, ['https://example.org/layer']]);
});

test('a summary with too many findings keeps the most severe and states the total', () => {
  const notes = Array.from({ length: MAX_SUMMARY_FINDINGS }, (_, i) => finding('duplicate-path', `again ${i}`));
  const summary = archiveSummary(stateWith([...notes, finding('foreign-layer', 'elsewhere'), finding('truncated', 'cut off')]));
  assert.equal(summary.findings.length, MAX_SUMMARY_FINDINGS);
  assert.equal(summary.findingsTotal, MAX_SUMMARY_FINDINGS + 2);
  assert.deepEqual(
    summary.findings.slice(0, 3).map(({ code }) => code),
    ['truncated', 'foreign-layer', 'duplicate-path'],
  );
});

test('secrets don’t displace other findings from a summary', () => {
  const notes = Array.from({ length: MAX_SUMMARY_FINDINGS }, (_, i) => finding('duplicate-path', `again ${i}`));
  const secrets = Array.from({ length: MAX_SUMMARY_SECRETS + 1 }, (_, i) => finding('secret-npm-token', `token ${i}`));
  const { findings } = archiveSummary(stateWith([...notes, ...secrets]));
  assert.equal(findings.filter(({ code }) => code === 'duplicate-path').length, MAX_SUMMARY_FINDINGS);
  assert.equal(findings.filter(({ code }) => code === 'secret-npm-token').length, MAX_SUMMARY_SECRETS);
});
