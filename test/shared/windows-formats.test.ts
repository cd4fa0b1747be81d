import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readBackupStreams, STREAM_ID } from '#format/backup-stream';
import { parseWhiteout } from '#format/layer';
import { readWindowsTar, TarWriter, tarFromBackupStream, type WindowsEntry, whiteoutHeader } from '#format/windows-tar';
import { type BackupTarCase, checkInPasses } from '../support/backuptar-vectors.ts';

const shared = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'vectors');
const vectorsOf = (name: string): unknown => JSON.parse(readFileSync(path.join(shared, name), 'utf8'));

interface LayerCase {
  readonly case: string;
  readonly tarBase64: string;
  readonly said: string;
  readonly exportTarBase64?: string;
  readonly transport: Readonly<Record<string, { readonly hex?: string }>>;
}

test('backup streams are converted to the tars that go-winio makes from them, and back', async () => {
  for (const name of ['backuptar.json', 'backuptar-2.json']) {
    for (const vector of vectorsOf(name) as readonly BackupTarCase[]) assert.deepEqual(await checkInPasses(vector), [], vector.case);
  }
});

/** Returns the data stream of a hive's backup, in hex. A transport folder keeps only this part of a hive. */
async function dataOf(backup: Uint8Array): Promise<string> {
  let text = '';
  let isData = false;
  for await (const piece of readBackupStreams([backup])) {
    if (piece.kind === 'stream') isData = piece.stream.id === STREAM_ID.data;
    else if (isData) text += Buffer.from(piece.bytes).toString('hex');
  }
  return text;
}

async function transportOf(tar: Uint8Array): Promise<Map<string, string>> {
  const found: { entry: WindowsEntry; backup: Uint8Array[] }[] = [];
  for await (const piece of readWindowsTar([tar])) {
    if (piece.kind === 'entry') found.push({ entry: piece.entry, backup: [] });
    else found.at(-1)?.backup.push(piece.bytes.slice());
  }
  const files = new Map<string, string>();
  for (const { entry, backup } of found) {
    if (entry.info === null || entry.name.startsWith('UtilityVM')) continue;
    const name = entry.name.replaceAll('/', '\\');
    const stream = Buffer.concat(backup);
    const prefix = Buffer.alloc(4);
    // hcsshim keeps the reparse flag of an entry that isn't a link. We drop the flag and report that, so it is added again for the
    // comparison.
    prefix.writeUInt32LE(entry.info.attributes | entry.droppedAttributes);
    if (entry.type === 'directory') files.set(`${name}.$wcidirs$`, prefix.toString('hex') + stream.toString('hex'));
    else if (name.startsWith('Hives\\')) files.set(name, await dataOf(stream));
    else files.set(name, prefix.toString('hex') + stream.toString('hex'));
  }
  return files;
}

test('our reader turns a layer’s tar into what hcsshim passes to ImportLayer', async () => {
  const cases = (vectorsOf('hcsshim-layers.json') as readonly LayerCase[]).filter(({ said }) => said.endsWith('<nil>'));
  assert.ok(cases.length >= 8);
  for (const vector of cases) {
    const ours = await transportOf(Buffer.from(vector.tarBase64, 'base64'));
    const theirs = Object.entries(vector.transport).filter(([, { hex }]) => hex !== undefined);
    assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(theirs.map(([name, { hex }]) => [name, hex])), vector.case);
  }
});

/** Returns the tar that our writer makes from our reader's output, without hard links. */
async function writtenAgain(tar: Uint8Array): Promise<Uint8Array> {
  const found: { entry: WindowsEntry; backup: Uint8Array[] }[] = [];
  for await (const piece of readWindowsTar([tar])) {
    if (piece.kind === 'entry') found.push({ entry: piece.entry, backup: [] });
    else found.at(-1)?.backup.push(piece.bytes.slice());
  }
  const writer = new TarWriter();
  const parts: Uint8Array[] = [];
  for (const { entry, backup } of found) {
    const { name, sizeBytes, info, droppedAttributes } = entry;
    if (info === null) {
      const whiteout = parseWhiteout(name);
      assert.ok(whiteout?.kind === 'whiteout', name);
      parts.push(writer.header(whiteoutHeader(whiteout.path)));
      continue;
    }
    const whole = { ...info, attributes: info.attributes | droppedAttributes };
    const file = { name, sizeBytes, info: whole, open: () => backup };
    for await (const bytes of tarFromBackupStream(writer, file)) parts.push(bytes.slice());
  }
  parts.push(writer.end());
  return Buffer.concat(parts);
}

test('tars exported by hcsshim are read and rewritten byte for byte', async () => {
  const cases = (vectorsOf('hcsshim-layers.json') as readonly LayerCase[]).filter(({ exportTarBase64 }) => exportTarBase64 !== undefined);
  assert.ok(cases.length >= 7);
  for (const vector of cases) {
    const tar = Buffer.from(vector.exportTarBase64 ?? '', 'base64');
    assert.ok(Buffer.from(await writtenAgain(tar)).equals(tar), vector.case);
  }
});
