import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveSummary } from '#contract';
import {
  apartFrom,
  archiveLabel,
  choiceDetail,
  differsInPlatform,
  distinctFrom,
  isTitleOfSeveral,
} from '../../renderer/state/same-names.ts';

type Image = ArchiveSummary['images'][number];

const image = (name: string, index = 0, platform = 'linux/amd64') =>
  ({ index, names: [name], platform, configDigest: null }) as unknown as Image;

const archive = (archiveId: string, title: string, images: readonly Image[] = [], folder?: string) =>
  ({ archiveId, title, images, format: 'docker-archive', ...(folder === undefined ? {} : { folder }) }) as unknown as ArchiveSummary;

test('archives with the same name are shown with their folders, or with numbers if the folders are also the same', () => {
  const labels = (...archives: readonly ArchiveSummary[]) => archives.map((each) => archiveLabel(archives, each));
  assert.deepEqual(labels(archive('1', 'a.tar', [], 'x'), archive('2', 'b.tar', [], 'x')), ['a.tar', 'b.tar']);
  assert.deepEqual(labels(archive('1', 'a.tar', [], 'x'), archive('2', 'a.tar', [], 'y')), ['x/a.tar', 'y/a.tar']);
  assert.deepEqual(labels(archive('1', 'a.tar', [], 'x'), archive('2', 'a.tar', [], 'x')), ['a.tar (1)', 'a.tar (2)']);
  assert.deepEqual(labels(archive('1', 'a.tar', [], 'x'), archive('2', 'a.tar')), ['x/a.tar', 'a.tar']);
  assert.deepEqual(labels(archive('1', 'a.tar'), archive('2', 'a.tar'), archive('3', 'a.tar', [], 'x')), [
    'a.tar (1)',
    'a.tar (2)',
    'x/a.tar',
  ]);
});

test('images that are shown under one name are told apart by file, platform or number', () => {
  const [one, many] = [
    archive('1', 'img.tar', [image('acme/web:1')]),
    archive('2', 'all.tar', [image('web:1'), image('web:1', 1, 'linux/arm64'), image('web:1', 2), image('other:1', 3)]),
  ];
  const all = [one, many];
  const of = (at: ArchiveSummary, index: number) => ({ archive: at, image: at.images[index] as Image });
  assert.equal(apartFrom(all, of(one, 0), of(many, 0)), 'img.tar');
  assert.equal(apartFrom(all, of(many, 0), of(one, 0)), 'all.tar');
  assert.equal(apartFrom(all, of(many, 1), of(many, 0)), 'linux/arm64');
  assert.equal(apartFrom(all, of(many, 2), of(many, 0)), 'image 3');
  assert.equal(apartFrom(all, of(many, 0), of(many, 0)), null);
  assert.equal(apartFrom(all, of(one, 0), of(many, 3)), null);
  assert.equal(choiceDetail(all, of(one, 0)), 'img.tar · linux/amd64');
  assert.equal(choiceDetail(all, of(many, 3)), 'linux/amd64');
});

test('names are counted once, however many images look them up', () => {
  let asked = 0;
  const counting = (index: number) => {
    const names = [`web:${index % 5_000}`];
    const get = () => {
      asked++;
      return names;
    };
    return Object.defineProperty({ index, platform: 'linux/amd64', configDigest: null }, 'names', { get });
  };
  const many = archive(
    '1',
    'many.tar',
    Array.from({ length: 6_000 }, (_, index) => counting(index) as unknown as Image),
  );
  const archives = [many];
  for (const each of many.images) {
    assert.equal(differsInPlatform(archives, { archive: many, image: each }), false);
    assert.equal(choiceDetail(archives, { archive: many, image: each })?.startsWith('many.tar'), each.index % 5_000 < 1_000);
    assert.equal(isTitleOfSeveral(archives, `web:${each.index % 5_000}`), each.index % 5_000 < 1_000);
  }
  assert.ok(asked <= 3 * 6_000, `${asked}`);
});

test('an image shows its platform if another image with the same name has a different one', () => {
  const two = archive('1', 'two.tar', [image('web:1'), image('web:1', 1, 'linux/arm64'), image('other:1', 2, 'linux/arm64')]);
  const differs = (index: number) => differsInPlatform([two], { archive: two, image: two.images[index] as Image });
  assert.deepEqual([differs(0), differs(1), differs(2)], [true, true, false]);
});

test('the part that distinguishes a name from another begins at a word, and versions aren’t split', () => {
  const tail = (name: string, other: string) => {
    const at = distinctFrom(name, other);
    return at === undefined ? null : name.slice(at);
  };
  assert.equal(tail('test-dive-image:latest', 'test-kaniko-image:latest'), 'dive-image:latest');
  assert.equal(tail('web-api:1.8', 'web-api:1.9'), '1.8');
  assert.equal(tail('web-api:1.8', 'web-api:1.8.1'), null, 'all of it is shared');
  assert.equal(tail('dive:latest', 'kaniko:latest'), null, 'nothing is shared');
  assert.equal(tail('app (linux/arm64)', 'app (linux/amd64)'), 'arm64)');
  assert.equal(tail(`a-${'x'.repeat(30)}`, `a-${'y'.repeat(30)}`), null, 'too long');
});
