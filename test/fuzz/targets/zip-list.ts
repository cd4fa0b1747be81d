// The list at the end of a ZIP file. Whether or not it is found, and whether it is read or refused, reading stays within the file.
import assert from 'node:assert/strict';
import { findZipDirectory, ZIP_TAIL_BYTES, zip64Directory, zipEntries } from '#format/zip';
import { expectRefusal } from '../engine/finding.ts';
import { joined, textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

function little(...fields: readonly (readonly [value: number, bytes: number])[]): Uint8Array {
  const bytes: number[] = [];
  for (const [value, size] of fields) for (let i = 0, rest = value; i < size; i++, rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  return Uint8Array.from(bytes);
}

function entry(name: string, size = 5, extra: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = little(
    [0x02014b50, 4],
    [20, 2],
    [20, 2],
    [0, 2],
    [8, 2],
    [0, 4],
    [0, 4],
    [size, 4],
    [size, 4],
    [name.length, 2],
    [extra.length, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 4],
    [0, 4],
  );
  return joined(head, Buffer.from(name), extra);
}

function zip(entries: readonly Uint8Array[], comment = '', large = false): Uint8Array {
  const files = Buffer.from('PK\x03\x04 files');
  const list = joined(...entries);
  const end64 = joined(
    little(
      [0x06064b50, 4],
      [44, 8],
      [45, 2],
      [45, 2],
      [0, 4],
      [0, 4],
      [entries.length, 8],
      [entries.length, 8],
      [list.length, 8],
      [files.length, 8],
    ),
    little([0x07064b50, 4], [0, 4], [files.length + list.length, 8], [1, 4]),
  );
  const end = large
    ? little([0x06054b50, 4], [0, 4], [0xffff, 2], [0xffff, 2], [0xffff_ffff, 4], [0xffff_ffff, 4])
    : little([0x06054b50, 4], [0, 4], [entries.length, 2], [entries.length, 2], [list.length, 4], [files.length, 4]);
  return joined(files, list, large ? end64 : new Uint8Array(0), end, little([comment.length, 2]), Buffer.from(comment));
}

function read(input: Uint8Array): void {
  const found = findZipDirectory(input.subarray(Math.max(0, input.length - ZIP_TAIL_BYTES)), input.length);
  if (found === null) return;
  const place = found.end64 === null ? found : zip64Directory(input.subarray(found.end64, found.end64 + 56));
  if (found.end64 === null) assert.ok(place.offset + place.bytes <= input.length, 'a list outside the file');
  let count = 0;
  for (const { name, sizeBytes, storedBytes } of zipEntries(input.subarray(place.offset, place.offset + place.bytes))) {
    assert.ok(name.length <= 0xffff && sizeBytes >= 0 && storedBytes >= 0);
    assert.ok(++count <= input.length / 46, 'more entries than fit');
  }
}

function run(input: Uint8Array): void {
  try {
    read(input);
  } catch (error) {
    expectRefusal(error, ['DAMAGED']);
  }
}

const LARGE = joined(little([1, 2], [16, 2]), little([5_000_000_000, 8], [5_000_000_000, 8]));

export const target: Target = {
  name: 'zip-list',
  seeds: () => [
    zip([]),
    zip([entry('a'), entry('dir/'), entry('dir/b', 0)]),
    zip([entry('a')], 'a comment'),
    zip([entry('big', 0xffff_ffff, LARGE), entry('c')], '', true),
  ],
  tokens: [...textTokens('PK\x01\x02', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07', '\x01\0\x10\0', '\xff\xff\xff\xff', '\xff\xff'), LARGE],
  maxBytes: 4096,
  batch: 128,
  open: () => session(run),
};
