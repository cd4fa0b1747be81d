// Tars that windowsdiff unpacks as Docker does: links, opaque markers, and names that would point outside.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseReparsePoint, readBackupStreams, STREAM_ID } from '#format/backup-stream';
import { unpackPlain } from '../../../src/driver/windows/unpack-plain.ts';
import { workIn } from '../../support/import-work.ts';
import { directory, file, hardlink, member, pax, symlink, tar } from '../../support/tar-builder.ts';

/** Unpacks into the layer `l` of a home; `before`: files that already exist. Returns the layer's folder. */
async function unpacked(t: TestContext, bytes: Uint8Array, before: readonly string[] = []): Promise<{ folder: string; sizeBytes: number }> {
  const work = workIn(t);
  for (const name of before) {
    const there = path.join(work.folder, name);
    mkdirSync(path.dirname(there), { recursive: true });
    writeFileSync(there, 'before');
  }
  await using root = await work.files.openRoot(work.folder);
  const { sizeBytes } = await unpackPlain(root, [bytes], { below: 'l' });
  assert.deepEqual([...work.files.openPaths], [work.folder]);
  return { folder: path.join(work.folder, 'l'), sizeBytes };
}

async function refused(t: TestContext, bytes: Uint8Array, code: string, words: RegExp): Promise<void> {
  await assert.rejects(unpacked(t, bytes, ['outside', 'l/x']), (error: unknown) => {
    assert.equal((error as { code?: string }).code, code, String(error));
    assert.match((error as Error).message, words);
    return true;
  });
}

test('an opaque marker removes earlier content from its folder, wherever it is in the tar', async (t) => {
  const own = [file('l/d/new', 'new'), file('l/d/sub/new', 'new')];
  for (const members of [
    [file('l/d/.wh..wh..opq'), ...own],
    [...own, file('l/d/.wh..wh..opq')],
  ]) {
    const { folder } = await unpacked(t, tar(...members), ['l/d/old', 'l/d/sub/old', 'l/other']);
    assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['d', 'd/new', 'd/sub', 'd/sub/new', 'other']);
  }
  const { folder } = await unpacked(t, tar(file('l/none/.wh..wh..opq'), file('l/.wh..wh.plnk')), ['l/.wh.plnk']);
  assert.deepEqual(readdirSync(folder), ['.wh.plnk']);
});

test('a folder replaces a link to a folder, and nothing is written through the link', async (t) => {
  const link = [pax([['MSWINDOWS.fileattr', '1040']]), symlink('l/s', 'd')];
  const { folder } = await unpacked(t, tar(directory('l/d/'), ...link, directory('l/s/'), file('l/s/x', 'x')));
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['d', 's', 's/x']);
});

test('a whiteout spares what the same tar adds', async (t) => {
  for (const members of [
    [file('l/.wh.f'), file('l/f', 'new')],
    [file('l/f', 'new'), file('l/.wh.f')],
  ]) {
    const { folder } = await unpacked(t, tar(...members, file('l/.wh.g')), ['l/f', 'l/g']);
    assert.equal(readFileSync(path.join(folder, 'f'), 'utf8'), 'new');
    assert.equal(existsSync(path.join(folder, 'g')), false);
  }
});

test('a hard link may point to any file in the layer, even an earlier one', async (t) => {
  const { folder, sizeBytes } = await unpacked(
    t,
    tar(file('l/a', 'abc'), hardlink('l/d/b', 'l/a'), hardlink('l/c', 'l/old'), hardlink('l/a', 'l/a')),
    ['l/old', 'l/d/b'],
  );
  assert.equal(sizeBytes, 3);
  const id = (name: string) => lstatSync(path.join(folder, name)).ino;
  assert.equal(id('d/b'), id('a'));
  assert.equal(id('c'), id('old'));
  await refused(t, tar(hardlink('l/h', 'l/none')), 'NOT_FOUND', /l\\h: a hard link to l\\none/);
  await refused(t, tar(hardlink('l/h', 'outside')), 'PATH_ESCAPE', /outside: not in the layer/);
  await refused(t, tar(hardlink('l/h', '../outside')), 'PATH_ESCAPE', /leads outside/);
});

test('a symbolic link is kept, unless it points outside', async (t) => {
  const work = workIn(t);
  await using root = await work.files.openRoot(work.folder);
  await unpackPlain(root, [tar(file('l/d/f', 'f'), symlink('l/d/s', '../d/f'), symlink('l/t', 'none/yet'))], { below: 'l' });
  await using link = await root.open('l\\d\\s', { access: 0, create: 'existing' });
  const parts: Uint8Array[] = [];
  let isPoint = false;
  for await (const piece of readBackupStreams(link.backup({ security: false }))) {
    if (piece.kind === 'stream') isPoint = piece.stream.id === STREAM_ID.reparsePoint;
    else if (isPoint) parts.push(piece.bytes.slice());
  }
  const point = parseReparsePoint(Buffer.concat(parts));
  assert.equal(point.kind === 'symlink' ? point.substituteName : '', '..\\d\\f');
  for (const target of ['../../outside', '../../../x', '/etc/passwd', '\\Windows', 'C:\\x', 'c:x', '\\\\server\\share', '\\\\?\\C:\\x']) {
    await refused(t, tar(symlink('l/d/s', target)), 'PATH_ESCAPE', /l\\d\\s: a link to .*outside the layer/);
  }
  await refused(t, tar(symlink('l/s', 'x/../../outside')), 'PATH_ESCAPE', /outside the layer/);
  await refused(t, tar(symlink('l', 'x')), 'NAME_REFUSED', /the layer's own folder/);
});

test('nothing is written through a link that the tar adds', async (t) => {
  await assert.rejects(unpacked(t, tar(symlink('l/s', 'd'), directory('l/d/'), file('l/s/f', 'f'))), (error: unknown) =>
    ['PATH_ESCAPE', 'NOT_FOUND'].includes((error as { code: string }).code),
  );
});

test('a device is refused with an error that names it', (t) =>
  refused(t, tar(member({ name: 'l/dev', typeflag: '3' })), 'UNSUPPORTED', /l\/dev: neither a file/));
