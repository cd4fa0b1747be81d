import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attestationOf, statement } from '../support/attestation-builder.ts';
import { archiveOf, type BuiltDescriptor, Files, json, ociImage, ociIndex, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { codesOf, openAll } from '../support/workbench.ts';

const SPDX = 'https://spdx.dev/Document';
const BASE = tar(file('a', 'x'));
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

function imageIn(files: Files): BuiltDescriptor {
  return ociImage(files, { layers: [{ tar: BASE }] });
}

test('a statement over the document size limit is listed as present, with the type and subject that its beginning contains', async (t) => {
  const files = new Files();
  const image = imageIn(files);
  const large = statement(image.digest, SPDX, { files: 'x'.repeat(5_000_000) });
  // Here the statement's type and subject come after the predicate, so they aren't read.
  const { predicate, ...rest } = large as { predicate: object };
  const turned = { predicate, ...rest };
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [image, attestationOf(files, image, [large, turned])])));
  assert.deepEqual(
    archive.images[0]?.attestations.map(({ predicateType, matches, status }) => [predicateType, matches, status]),
    [
      [SPDX, true, 'present'],
      [null, false, 'present'],
    ],
  );
  assert.deepEqual(findings, []);
});

test('an attestation manifest that is missing, unreadable or an index is listed as missing or damaged', async (t) => {
  const files = new Files();
  const image = imageIn(files);
  const attached = (entry: BuiltDescriptor) => ({
    ...entry,
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  });
  const missing = files.add(json({ gone: 1 }), MANIFEST);
  files.remove(missing);
  const broken = files.add(Buffer.from('{cut'), MANIFEST);
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [image, attached(missing), attached(broken)])));
  assert.deepEqual(
    archive.images[0]?.attestations.map(({ manifestDigest, digest, status }) => [manifestDigest, digest, status]),
    [
      [missing.digest, null, 'missing'],
      [broken.digest, null, 'damaged'],
    ],
  );
  assert.deepEqual(codesOf(findings), ['missing-blob', 'manifest-unreadable']);
});

test('a missing statement is listed as missing, and a repeated entry is listed once', async (t) => {
  const files = new Files();
  const image = imageIn(files);
  const attached = attestationOf(files, image, [statement(image.digest, SPDX, {})]);
  const [stated] = [...files.map].find(([, bytes]) => Buffer.from(bytes).includes(SPDX)) ?? [''];
  files.map.delete(stated);
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [image, attached, attached])));
  assert.deepEqual(
    archive.images[0]?.attestations.map(({ status, source }) => [status, source]),
    [['missing', null]],
  );
  assert.deepEqual(codesOf(findings), ['missing-blob', 'attestation-unreadable']);
});

test('an image that is marked as an attestation stays an image', async (t) => {
  const files = new Files();
  const image = imageIn(files);
  const hidden = {
    ...ociImage(files, { layers: [{ tar: tar(file('b', 'y')) }] }),
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  };
  const { archive } = await openAll(t, archiveOf(ociLayout(files, [image, hidden])));
  assert.deepEqual([archive.images.length, archive.images[0]?.attestations, archive.artifacts], [2, [], []]);
});

test('attestations shared by many images are read only up to the limit that all blobs share', async (t) => {
  const files = new Files();
  const image = imageIn(files);
  const layer = files.add(json(statement(image.digest, SPDX, {})), 'application/vnd.in-toto+json');
  const config = files.add(json({}), 'application/vnd.oci.empty.v1+json');
  const manifest = files.add(json({ mediaType: MANIFEST, config, layers: Array(10_000).fill(layer) }), MANIFEST);
  const entries = Array.from({ length: 15 }, (_, at) => ({
    ...manifest,
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': at === 0 ? image.digest : `sha256:${String(at).padStart(64, '0')}`,
    },
  }));
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [image, ...entries])));
  assert.deepEqual([archive.images[0]?.attestations.length, [...new Set(codesOf(findings))]], [10_000, ['too-large']]);
});

test('artifacts in an index of referrers take their names from their own annotations, and their subject may be an index', async (t) => {
  const files = new Files();
  const image = imageIn(files);
  const index = ociIndex(files, [image]);
  const config = files.add(json({}), 'application/vnd.oci.empty.v1+json');
  const about = (digest: string) => ({ mediaType: MANIFEST, digest, size: 1 });
  const artifact = (subject: string) =>
    files.add(json({ mediaType: MANIFEST, artifactType: 'a/b', config, layers: [config], subject: about(subject) }), MANIFEST);
  const absent = `sha256:${'3'.repeat(64)}`;
  const referrers = {
    ...ociIndex(files, [artifact(index.digest), artifact(absent)]),
    annotations: { 'org.opencontainers.image.ref.name': index.digest.replace(':', '-') },
  };
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [index, referrers])));
  assert.deepEqual(
    archive.artifacts.map(({ names, subject, subjectHere }) => [names, subject, subjectHere]),
    [
      [[], index.digest, true],
      [[], absent, false],
    ],
  );
  assert.deepEqual(findings, []);
});
