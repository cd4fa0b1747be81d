// A whole archive is opened, read and listed as far as possible, or refused with a clear error, and no file is left open.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Archive, type ArchiveReader, createReader } from '#archive';
import { removeTree } from '#disk';
import { inspectArchive, listView, loadImage } from '#engine';
import { TYPE } from '#model';
import { archiveOf, dockerArchive, Files, legacyArchive, ociImage, ociIndex, ociLayout } from '../../support/image-builder.ts';
import { concat, file, pax, paxSparse, symlink, tar } from '../../support/tar-builder.ts';
import { openFilesBelow } from '../../support/workbench.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { mutateBytes, spliced } from '../engine/mutate.ts';
import { JSON_TOKENS, mutateJson } from '../engine/mutate-json.ts';
import { headersOf, mutateTar, TAR_TOKENS } from '../engine/mutate-tar.ts';
import type { Random } from '../engine/random.ts';
import { sharedFiles } from '../engine/seeds.ts';
import type { Session, Target } from '../engine/target.ts';

const MOST_BODY_BYTES = 1_000_000;

async function tolerate(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    expectRefusal(error);
  }
}

async function readLayers(reader: ArchiveReader, image: Archive['images'][number]): Promise<void> {
  const indexed = await reader.indexLayers(image.layers, { verify: true });
  for (const [at, layer] of image.layers.slice(0, 6).entries()) {
    const read = indexed[at];
    if (!read) continue;
    for (const { message } of read.findings) expectCleanText(message);
    for (let member = 0; member < Math.min(4, read.table.memberCount); member++) {
      await tolerate(() => reader.readHeader(layer, read, member));
      if (read.table.type[member] !== TYPE.file || (read.table.size[member] as number) > MOST_BODY_BYTES) continue;
      await tolerate(async () => {
        for await (const _ of reader.readBody(layer, read, member));
      });
    }
    await tolerate(async () => {
      for await (const _ of reader.listRaw(layer));
    });
  }
}

async function readAll(input: string): Promise<void> {
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(input);
  for (const { message } of archive.findings) expectCleanText(message);
  await tolerate(async () => archive.roots());
  for (const image of archive.images.slice(0, 4)) {
    await tolerate(() => readLayers(reader, image));
    await tolerate(async () => {
      const { stack } = await loadImage(reader, archive, image.index);
      if (stack.layers.length > 0) listView(stack, stack.layers.length - 1);
    });
  }
  JSON.stringify(await inspectArchive(reader, archive));
}

async function open(): Promise<Session> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-fuzz-'));
  const archive = path.join(folder, 'input');
  return {
    async run(input) {
      writeFileSync(archive, input);
      await tolerate(() => readAll(archive));
      assert.deepEqual(openFilesBelow(folder) ?? [], [], 'a file is left open');
    },
    [Symbol.asyncDispose]: () => removeTree(folder),
  };
}

/** Changes a member's body according to its kind: a document, a tar, compressed bytes. The size in the header stays. */
function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const headers = headersOf(bytes);
  if (headers.length === 0 || random.chance(0.3)) return mutateTar(bytes, random, other);
  const at = random.pick(headers);
  const size = Number.parseInt(Buffer.from(bytes.subarray(at + 124, at + 136)).toString('latin1'), 8) || 0;
  const body = bytes.slice(at + 512, at + 512 + size);
  const isJson = body[0] === 0x7b || body[0] === 0x5b;
  const isTar = body.length % 512 === 0 && headersOf(body).length > 0;
  const changed = isJson ? mutateJson(body, random, body) : isTar ? mutateTar(body, random, other) : mutateBytes(body, random, other);
  // The length must stay, or the later members are lost. Shorter bodies are padded, which JSON and tars allow.
  if (changed.length > size && !isTar) return bytes.slice();
  const filled = new Uint8Array(size).fill(isJson ? 0x20 : 0);
  filled.set(changed.subarray(0, size));
  return spliced(bytes, at + 512, size, filled);
}

/** Pads documents, so that they have space to grow. */
function roomy(map: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  return new Map(
    [...map].map(([name, bytes]) => [name, bytes[0] === 0x7b || bytes[0] === 0x5b ? concat(bytes, Buffer.from(' '.repeat(300))) : bytes]),
  );
}

function seeds(): Uint8Array[] {
  const layer = tar(
    file('a', 'x'.repeat(600)),
    pax({ path: 'long', 'SCHILY.xattr.a': 'b' }),
    file('s', 'y'),
    paxSparse('1.0', 'sparse', 9000, [[100, 5]], 'abcde'),
    symlink('l', 'a'),
  );
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: layer, packed: 'gzip' }, { tar: layer, packed: 'zstd' }, { tar: layer }] });
  const whole = [
    layer,
    archiveOf(roomy(dockerArchive([{ layers: [layer, layer] }]))),
    archiveOf(roomy(legacyArchive([layer, layer]))),
    archiveOf(roomy(ociLayout(files, [ociIndex(files, [image]), image]))),
    new Uint8Array(gzipSync(layer)),
    new Uint8Array(gzipSync(archiveOf(dockerArchive([{ layers: [layer] }])))),
  ];
  return [...whole, ...sharedFiles('corpus', 40_000, 40).filter((bytes) => headersOf(bytes).length > 0)];
}

export const target: Target = {
  name: 'open',
  seeds,
  tokens: [...TAR_TOKENS, ...JSON_TOKENS],
  mutate,
  batch: 1,
  open,
};
