import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RawMember } from '#archive';
import { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { pack } from '../support/image-builder.ts';
import {
  base256,
  concat,
  directory,
  file,
  gnuLongName,
  hardlink,
  header,
  latin1,
  member,
  pax,
  paxGlobal,
  paxSparse,
  symlink,
  tar,
  zeros,
} from '../support/tar-builder.ts';
import { openFilesBelow, testFile, testReader } from '../support/workbench.ts';

async function listed(t: TestContext, bytes: Uint8Array): Promise<{ members: RawMember[]; error: unknown }> {
  const reader = testReader(t);
  const archive = await reader.open(testFile(t, bytes));
  const members: RawMember[] = [];
  const [layer] = archive.images[0]?.layers ?? [];
  assert.ok(layer);
  try {
    for await (const raw of reader.listRaw(layer)) members.push(raw);
    return { members, error: null };
  } catch (error) {
    return { members, error };
  }
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

const ALL = [
  directory('d/'),
  paxGlobal({ comment: 'all' }),
  pax({ path: 'long/name', 'SCHILY.xattr.user.x': latin1('\xff') }),
  file('short', 'body', { uname: 'me', gname: 'us', mtime: 99, uid: base256(-2, 8) }),
  symlink('l', 'd/x'),
  hardlink('h', 'l'),
  paxSparse('1.0', 's', 5000, [[4000, 3]], 'abc'),
  gnuLongName('n'.repeat(200)),
  file('n', '', { format: 'gnu' }),
  file('d/.wh.gone', ''),
  file('d/.wh..wh..opq', ''),
  file('.wh..wh.plnk', ''),
  file('.wh.', ''),
  file('v7', 'x', { format: 'v7' }),
  member({ name: 'odd', typeflag: 'Q' }, 'x'),
  file('star', '', { format: 'star' }),
];

test('every member is listed in order with all its fields, from plain and compressed layers', async (t) => {
  for (const packing of ['none', 'gzip', 'zstd'] as const) {
    const { members, error } = await listed(t, pack(tar(...ALL), packing));
    assert.equal(error, null);
    assert.deepEqual(
      members.map(({ index }) => index),
      members.map((_, index) => index),
    );
    assert.deepEqual(
      members.map(({ name, type, format, whiteout }) => [text(name)?.slice(0, 20), type, format, whiteout]),
      [
        ['d/', 'directory', 'ustar', null],
        ['pax_global_header', 'global', 'pax', null],
        ['long/name', 'file', 'pax', null],
        ['l', 'symlink', 'ustar', null],
        ['h', 'hardlink', 'ustar', null],
        ['s', 'file', 'pax', null],
        ['n'.repeat(20), 'file', 'gnu', null],
        ['d/.wh.gone', 'file', 'ustar', 'file'],
        ['d/.wh..wh..opq', 'file', 'ustar', 'opaque'],
        ['.wh..wh.plnk', 'file', 'ustar', null],
        ['.wh.', 'file', 'ustar', null],
        ['v7', 'file', 'v7', null],
        ['odd', 'other', 'ustar', null],
        ['star', 'file', 'star', null],
      ],
    );
    const named = members[2];
    assert.deepEqual(
      [named?.uid, text(named?.uname ?? null), text(named?.gname ?? null), named?.mtimeSeconds, named?.linkname],
      [-2, 'me', 'us', 99, null],
    );
    assert.deepEqual(
      [...(named?.pax ?? [])].map(([key, value]) => [key, text(value)]),
      [
        ['path', 'long/name'],
        ['SCHILY.xattr.user.x', '\xff'],
      ],
    );
    assert.equal(text(members[3]?.linkname ?? null), 'd/x');
    assert.deepEqual([members[5]?.size, members[5]?.sparse?.filter(([, length]) => length > 0)], [5000, [[4000, 3]]]);
    assert.equal(members[12]?.typeflag, 'Q'.charCodeAt(0));
  }
});

test('the list ends with the error that ended the tar', async (t) => {
  const bad = concat(file('a', 'x'), file('b', 'x', { checksum: 'wrong' }), zeros(1024));
  const cut = concat(file('a', 'x'), file('b', 'x'.repeat(5000))).subarray(0, 3000);
  for (const packing of ['none', 'gzip'] as const) {
    const broken = await listed(t, pack(bad, packing));
    assert.deepEqual(
      broken.members.map(({ name }) => text(name)),
      ['a'],
    );
    assert.equal(broken.error instanceof LayerscopeError && broken.error.code, 'BAD_TAR');
    const short = await listed(t, pack(cut, packing));
    assert.deepEqual(
      short.members.map(({ name }) => text(name)),
      ['a', 'b'],
    );
    assert.equal(short.error instanceof LayerscopeError && short.error.code, 'TRUNCATED');
  }
  const packed = await listed(t, pack(concat(file('a', 'x'.repeat(100)), file('b', 'x')), 'gzip').subarray(0, -9));
  assert.equal(packed.error instanceof LayerscopeError && packed.error.code, 'TRUNCATED');
});

test('an abandoned or cancelled list closes its file', async (t) => {
  const many = tar(...Array.from({ length: 3000 }, (_, index) => file(`f${index}`, 'x'.repeat(600))));
  for (const packing of ['none', 'gzip'] as const) {
    const input = testFile(t, pack(many, packing));
    const reader = testReader(t);
    const archive = await reader.open(input);
    const [layer] = archive.images[0]?.layers ?? [];
    assert.ok(layer);
    let count = 0;
    for await (const _raw of reader.listRaw(layer)) if (++count === 10) break;
    assert.equal(count, 10);
    assert.deepEqual(openFilesBelow(path.dirname(input)) ?? [], []);
    const abort = new AbortController();
    const list = reader.listRaw(layer, { signal: abort.signal })[Symbol.asyncIterator]();
    await list.next();
    abort.abort();
    await assert.rejects(async () => {
      while (!(await list.next()).done);
    }, hasCode('CANCELLED'));
    assert.deepEqual(openFilesBelow(path.dirname(input)) ?? [], []);
  }
});

test('a member’s size is the one in its header, even if it has no body; its stored size is the length of the data that follows', async (t) => {
  const sized = { size: 0o1234 };
  const { members, error } = await listed(
    t,
    tar(
      symlink('link', 'x', sized),
      hardlink('hard', 'link', sized),
      directory('dir/', sized),
      member({ name: 'char', typeflag: '3', devMajor: 1, devMinor: 3, ...sized }),
      member({ name: 'block', typeflag: '4', ...sized }),
      member({ name: 'pipe', typeflag: '6', ...sized }),
      header({ name: 'v7dir/', format: 'v7', typeflag: 0, ...sized }),
      pax({ size: '70000' }),
      symlink('paxed', 'x', { size: 3 }),
      file('file', 'body'),
      paxSparse('1.0', 'sparse', 5000, [[4000, 3]], 'abc'),
    ),
  );
  assert.equal(error, null);
  const sizes = members.map(({ name, size, storedSize }) => `${text(name)} ${size} ${storedSize}`);
  const bodyless = ['link', 'hard', 'dir/', 'char', 'block', 'pipe', 'v7dir/'].map((name) => `${name} ${0o1234} 0`);
  assert.deepEqual(sizes, [...bodyless, 'paxed 70000 0', 'file 4 4', 'sparse 5000 515']);
});

test('a list whose members are all read at once can be cancelled', async (t) => {
  const reader = testReader(t);
  const members = Buffer.alloc(512 * 100_000, file('a', ''));
  const archive = await reader.open(testFile(t, tar(members)));
  const [layer] = archive.images[0]?.layers ?? [];
  assert.ok(layer);
  const abort = new AbortController();
  setImmediate(() => abort.abort());
  const listAll = async (): Promise<void> => {
    for await (const _raw of reader.listRaw(layer, { signal: abort.signal }));
  };
  await assert.rejects(listAll(), hasCode('CANCELLED'));
});
