import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveSummary } from '#contract';
import { imagesPerArchive, withCurrent } from '../../renderer/state/library.ts';

const withImages = (count: number) => ({ images: Array.from({ length: count }) }) as unknown as ArchiveSummary;

test('the library draws up to 500 images of an archive, and fewer of each if there are many archives', () => {
  assert.equal(imagesPerArchive([withImages(10_000)]), 500);
  assert.equal(imagesPerArchive([withImages(300), ...Array.from({ length: 300 }, () => withImages(1))]), 500);
  const per = imagesPerArchive(Array.from({ length: 40 }, () => withImages(10_000)));
  assert.ok(per >= 10 && per * 40 <= 1_000, `${per}`);
  assert.equal(imagesPerArchive(Array.from({ length: 5_000 }, () => withImages(9))), 1);
});

test('the current item is drawn even if it is not among the first', () => {
  assert.deepEqual(withCurrent([1, 2], 9), [1, 2, 9]);
  assert.deepEqual(withCurrent([1, 2], 2), [1, 2]);
  assert.deepEqual(withCurrent([1, 2], undefined), [1, 2]);
});
