import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Archive, ArchiveImage } from '#archive';
import { chooseImage, hostPlatform } from '#engine';
import { finding } from '#model';

function archiveOf(platforms: readonly string[], more: Partial<Archive> = {}): Archive {
  const images = platforms.map(
    (platform, index): ArchiveImage => ({
      index,
      names: [],
      tags: [],
      platform,
      os: 'linux',
      configDigest: null,
      manifestDigest: null,
      layers: [],
      history: [],
      attestations: [],
      config: null,
      configSource: null,
    }),
  );
  return {
    format: 'oci-layout',
    title: 'x',
    images,
    artifacts: [],
    findings: [],
    roots: () => [],
    async [Symbol.asyncDispose]() {},
    ...more,
  };
}

const MULTI = ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7', 'linux/arm64/v8', 'linux/386', 'windows/amd64', 'linux/s390x'];

/** Returns the platform chosen from the list; null if none matches. */
function chosen(platforms: readonly string[], platform: string): string | null {
  try {
    return chooseImage(archiveOf(platforms), { platform }).platform;
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'NOT_FOUND');
    return null;
  }
}

test('for a platform without a variant, the usual variant is chosen, or else the best one that runs, whatever the order of the images', () => {
  for (const platforms of [MULTI, [...MULTI].reverse()]) {
    assert.equal(chosen(platforms, 'linux/arm'), 'linux/arm/v7');
    assert.equal(
      chosen(
        platforms.filter((each) => each !== 'linux/arm/v7'),
        'linux/arm',
      ),
      'linux/arm/v6',
    );
    assert.equal(chosen(['linux/arm/v5', 'linux/s390x'], 'linux/arm'), 'linux/arm/v5');
    assert.equal(chosen(platforms, 'linux/arm64'), 'linux/arm64/v8');
  }
  assert.equal(chosen(['linux/arm/v8'], 'linux/arm'), null);
});

test('for a requested variant, the best image that runs on it is chosen, never one for a newer variant', () => {
  assert.equal(chosen(MULTI, 'linux/arm/v6'), 'linux/arm/v6');
  assert.equal(chosen(['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v6'), 'linux/arm/v5');
  assert.equal(chosen(['linux/arm/v7'], 'linux/arm/v6'), null);
  assert.equal(chosen(['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v3'), 'linux/amd64/v2');
  assert.equal(chosen(['linux/amd64/v2', 'linux/amd64'], 'linux/amd64'), 'linux/amd64');
  assert.equal(chosen(['linux/arm64'], 'linux/arm64/v8'), 'linux/arm64');
  assert.equal(chosen(['linux/arm64/v8'], 'linux/arm64'), 'linux/arm64/v8');
});

test('an image for another architecture never matches, and architecture names from other tools are understood', () => {
  assert.equal(chosen(['linux/386'], 'linux/amd64'), null);
  assert.equal(chosen(['linux/arm/v7'], 'linux/arm64'), null);
  assert.equal(chosen(MULTI, 'linux/aarch64'), 'linux/arm64/v8');
  assert.equal(chosen(MULTI, 'Linux/i386'), 'linux/386');
  assert.equal(chosen(MULTI, 'linux/armhf'), 'linux/arm/v7');
  assert.equal(chosen(MULTI, 'linux/armel'), 'linux/arm/v6');
  assert.equal(chosen(MULTI, 'windows'), 'windows/amd64');
});

test('an image whose config states no platform can be chosen by "unknown"', () => {
  assert.equal(chosen(['unknown', 'linux/amd64'], 'unknown'), 'unknown');
});

test('without a platform, the host’s is chosen, or else the first image', () => {
  const [os = '', architecture = ''] = hostPlatform().split('/');
  const other = architecture === 's390x' ? 'riscv64' : 's390x';
  assert.equal(chooseImage(archiveOf([`${os}/${other}`, hostPlatform()])).platform, hostPlatform());
  assert.equal(chooseImage(archiveOf([`${os}/${other}`])).platform, `${os}/${other}`);
  assert.equal(hostPlatform('linux', 'arm'), 'linux/arm');
});

test('the error for an archive without images says what the archive contains instead, or why it can’t be read', () => {
  const artifact = {
    index: 0,
    digest: `sha256:${'a'.repeat(64)}`,
    artifactType: 'a/b',
    kind: 'other' as const,
    predicateTypes: [],
    files: [],
    isSubjectIntact: false,
    mediaTypes: [],
    subject: null,
    bytes: 1,
    names: ['chart:1'],
  };
  assert.throws(() => chooseImage(archiveOf([], { artifacts: [artifact] })), {
    code: 'NOT_AN_IMAGE',
    message: 'x holds only artifacts, no image: chart:1 (a/b)',
  });
  const findings = [finding('index-entry-skipped', 'a note'), finding('missing-blob', 'the manifest is gone')];
  assert.throws(() => chooseImage(archiveOf([], { findings })), { code: 'NOT_FOUND', message: 'x holds no image: the manifest is gone' });
  assert.throws(() => chooseImage(archiveOf([])), { code: 'NOT_FOUND', message: 'x holds no image' });
});
