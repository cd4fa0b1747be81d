import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areSmall, MOST_PIXELS, pictureSize } from '../../renderer/state/details/picture-size.ts';
import { previewKind } from '../../renderer/state/details/preview.ts';

const be16 = (value: number) => [(value >> 8) & 255, value & 255];
const le16 = (value: number) => [value & 255, (value >> 8) & 255];
const le24 = (value: number) => [...le16(value), (value >> 16) & 255];
const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const webp = (chunk: string, body: readonly number[]) => [
  ...ascii('RIFF'),
  0,
  0,
  0,
  0,
  ...ascii('WEBP'),
  ...ascii(chunk),
  0,
  0,
  0,
  0,
  ...body,
];

const png = (width: number, height: number) => [
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
  0,
  0,
  0,
  13,
  ...ascii('IHDR'),
  0,
  0,
  ...be16(width),
  0,
  0,
  ...be16(height),
  8,
  6,
  0,
  0,
  0,
];
const GIF_COMMENT = [0x21, 0xfe, 3, 1, 2, 3, 0];
const gif = (screen: readonly number[], frame: readonly number[]) => [
  ...ascii('GIF89a'),
  ...screen.flatMap(le16),
  0x80,
  0,
  0, // followed by a table of two colours
  ...[0, 0, 0, 255, 255, 255],
  ...GIF_COMMENT,
  0x2c,
  ...frame.flatMap(le16),
  0,
];
const jpeg = (...segments: readonly (readonly number[])[]) => [0xff, 0xd8, ...segments.flat()];
const APP1 = [0xff, 0xe1, ...be16(6), 1, 2, 3, 4];
const frame = (marker: number, width: number, height: number) => [
  0xff,
  marker,
  ...be16(17),
  8,
  ...be16(height),
  ...be16(width),
  3,
  ...Array<number>(9).fill(0x11),
];
const LARGE_FRAME = frame(0xc0, 30_000, 30_000);
/** Returns a segment that contains a small frame. */
const hidden = (marker: number) => [0xff, marker, ...be16(21), ...frame(0xc0, 8, 8)];
const TABLE = [0xff, 0xc4, ...be16(4), 0, 0];
const SCAN = [0xff, 0xda, ...be16(8), 1, 1, 0, 0, 63, 0];

const CASES: readonly (readonly [name: string, bytes: readonly number[], size: readonly [number, number, number?] | null])[] = [
  ['PNG', png(16_000, 16_000), [16_000, 16_000]],
  ['GIF: its screen', gif([640, 480], [0, 0, 10, 10]), [640, 480, 4]],
  ['GIF: a first frame that is larger than the screen', gif([1, 1], [0, 0, 30_000, 30_000]), [30_000, 30_000, 4]],
  ['WebP, lossy', webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, ...le16(1_920), ...le16(1_080)]), [1_920, 1_080]],
  ['WebP, lossless', webp('VP8L', [0x2f, ...le16((99 & 0x3fff) | ((49 & 3) << 14)), ...le16(49 >> 2)]), [100, 50]],
  ['PNG with 16 bits per channel', png(8, 8).toSpliced(24, 1, 16), [8, 8, 2]],
  ['PNG, animated', [...png(8, 8), 0, 0, 0, 0, 0, 0, 0, 8, ...ascii('acTL')], [8, 8, 4]],
  ['WebP, animated', webp('VP8X', [0x02, 0, 0, 0, ...le24(7), ...le24(7)]), [8, 8, 4]],
  ['WebP, extended', webp('VP8X', [0, 0, 0, 0, ...le24(15_999), ...le24(11_999)]), [16_000, 12_000]],
  ['JPEG, baseline', jpeg(APP1, frame(0xc0, 4_000, 3_000)), [4_000, 3_000]],
  ['JPEG, progressive, with fill bytes', jpeg(APP1, [0xff, 0xff], frame(0xc2, 400, 300)), [400, 300]],
  ['JPEG without a frame before its scan', jpeg(APP1, [0xff, 0xda, 0, 8]), null],
  ['JPEG cut off in its header', jpeg(APP1, [0xff, 0xc0, 0]), null],
  ['JPEG with tables between its frame and its scan', jpeg(frame(0xc0, 400, 300), TABLE, SCAN), [400, 300]],
  ['JPEG with a frame inside an application’s data', jpeg(hidden(0xef), frame(0xc0, 400, 300), SCAN), [400, 300]],
  ['JPEG whose FF 00 is no segment', jpeg([0xff, 0], be16(2 + LARGE_FRAME.length + 4), LARGE_FRAME, hidden(0xef), SCAN), null],
  ['JPEG with bytes between its segments', jpeg(APP1, [0], frame(0xc0, 400, 300), SCAN), null],
  ['JPEG with a marker that decoders do not know', jpeg(hidden(0x02), frame(0xc0, 8, 8), SCAN), null],
  ['JPEG with restart markers before its frame', jpeg([0xff, 0xd0], frame(0xc0, 8, 8), SCAN), null],
  ['JPEG that begins again', jpeg([0xff, 0xd8], frame(0xc0, 8, 8), SCAN), null],
  ['JPEG with two frames', jpeg(frame(0xc0, 8, 8), LARGE_FRAME, SCAN), null],
  ['JPEG with a frame shorter than its fields', jpeg([0xff, 0xc0, ...be16(2)], LARGE_FRAME, SCAN), null],
  ['JPEG with a segment shorter than its length', jpeg([0xff, 0xe1, ...be16(0)], frame(0xc0, 8, 8), SCAN), null],
  ['JPEG whose height comes after its scan', jpeg(frame(0xc0, 400, 0), SCAN), null],
  ['PNG with another chunk first', [...png(8, 8).slice(0, 12), ...ascii('tEXt'), ...png(8, 8).slice(16)], null],
  ['PNG with a header of another length', [...png(8, 8).slice(0, 11), 14, ...png(8, 8).slice(12)], null],
  ['GIF with other bytes before its first frame', gif([8, 8], [0, 0, 30_000, 30_000]).toSpliced(19, 0, 0), null],
  ['WebP, lossy, without its start code', webp('VP8 ', [0, 0, 0, 0, 0, 0, ...le16(8), ...le16(8)]), null],
  ['WebP, lossless, without its signature', webp('VP8L', [0, 0, 0, 0, 0]), null],
  ['PNG cut off in its header', png(16_000, 16_000).slice(0, 20), null],
];

for (const [name, bytes, size] of CASES) {
  test(`the size of a picture is read from its header: ${name}`, () => {
    const picture = Uint8Array.from(bytes);
    const found = pictureSize(picture, previewKind(picture, true));
    assert.deepEqual(found, size === null ? null : { width: size[0], height: size[1], weight: size[2] ?? 1 });
  });
}

test('a photo is drawn without asking; larger pictures, and pictures of unknown size, are not', () => {
  assert.ok(areSmall([{ width: 8_000, height: 6_000, weight: 1 }]));
  assert.ok(!areSmall([{ width: 16_000, height: 16_000, weight: 1 }]));
  assert.ok(!areSmall([null]));
});

test('an animation as large as a photo is drawn only on request, because a browser keeps several of its frames', () => {
  assert.ok(!areSmall([{ width: 7_000, height: 7_000, weight: 4 }]));
});

test('the sizes of two pictures drawn together are added', () => {
  const half = { width: 1_000, height: MOST_PIXELS / 2_000, weight: 1 };
  assert.ok(areSmall([half, half]));
  assert.ok(!areSmall([half, half, { width: 1, height: 1, weight: 1 }]));
});
