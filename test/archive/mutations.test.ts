// Damages archives of every kind, from a seed: changes, removes, inserts or cuts off bytes. Each archive must be read, or refused with an
// error code, without a crash, a hang or a leftover file.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { LayerscopeError } from '#model';
import { archiveOf, dockerArchive, Files, legacyArchive, ociImage, ociIndex, ociLayout, pack } from '../support/image-builder.ts';
import { concat, file, gnuLongName, pax, paxSparse, symlink, tar, zeros } from '../support/tar-builder.ts';
import { collect, openFilesBelow, testFolder } from '../support/workbench.ts';

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

function kinds(): Uint8Array[] {
  const layer = tar(
    file('a', 'x'.repeat(3000)),
    pax({ path: 'long', 'SCHILY.xattr.a': 'b' }),
    file('s', 'y'),
    paxSparse('1.0', 'sparse', 9000, [[100, 5]], 'abcde'),
    gnuLongName('n'.repeat(150)),
    file('n', ''),
    symlink('l', 'a'),
  );
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: layer, packed: 'gzip' }, { tar: layer, packed: 'zstd' }, { tar: layer }] });
  return [
    layer,
    pack(layer, 'gzip'),
    pack(layer, 'zstd'),
    archiveOf(dockerArchive([{ layers: [layer, layer] }])),
    archiveOf(legacyArchive([layer, layer])),
    archiveOf(ociLayout(files, [ociIndex(files, [image])])),
    pack(archiveOf(dockerArchive([{ layers: [layer] }])), 'gzip'),
    pack(archiveOf(ociLayout(files, [image])), 'zstd'),
  ];
}

function damaged(whole: Uint8Array, random: () => number): Uint8Array {
  let bytes = whole.slice();
  for (let times = 1 + Math.floor(random() * 5); times > 0; times--) {
    const at = Math.floor(random() * bytes.length);
    const length = Math.floor(random() * 600);
    const how = random();
    if (how < 0.5) bytes[at] = Math.floor(random() * 256);
    else if (how < 0.65) bytes = bytes.slice(0, at);
    else if (how < 0.85) bytes = concat(bytes.subarray(0, at), bytes.subarray(at + length));
    else bytes = concat(bytes.subarray(0, at), zeros(length).fill(random() * 256), bytes.subarray(at));
  }
  return bytes;
}

/** Reads everything. Errors must have a meaningful code and a one-line message. */
async function readEverything(input: string, cacheFolder: string | null, verify: boolean): Promise<string> {
  await using reader = createReader({ cacheFolder, workers: 0 });
  const tolerate = (error: unknown): string => {
    assert.ok(error instanceof LayerscopeError, String(error));
    assert.ok(!['INTERNAL', 'IO', 'NOT_FOUND'].includes(error.code), `${error.code}: ${error.stack}`);
    assert.ok(!/\p{Cc}/u.test(error.message), error.message);
    return error.code;
  };
  try {
    await using archive = await reader.open(input);
    for (const image of archive.images) {
      const indexed = await reader.indexLayers(image.layers, { verify });
      for (const [at, layer] of image.layers.entries()) {
        const read = indexed[at];
        if (!read) continue;
        for (let member = 0; member < Math.min(8, read.table.memberCount); member++) {
          await reader.readHeader(layer, read, member).catch(tolerate);
          if ((read.table.size[member] as number) < 1_000_000) await collect(reader.readBody(layer, read, member)).catch(refusedBody);
        }
        try {
          for await (const raw of reader.listRaw(layer)) assert.ok(raw.index >= 0);
        } catch (error) {
          tolerate(error);
        }
      }
    }
    return 'read';
  } catch (error) {
    return tolerate(error);
  }
}

function refusedBody(error: unknown): void {
  assert.ok(error instanceof LayerscopeError && error.code !== 'INTERNAL', String(error));
}

test('damaged archives of every kind are read as far as possible, or refused with an error code', async (t) => {
  const folder = testFolder(t);
  const cacheFolder = testFolder(t);
  const input = path.join(folder, 'input');
  const outcomes = new Set<string>();
  for (const [kind, whole] of kinds().entries()) {
    const random = seeded(kind + 1);
    for (let round = 0; round < 25; round++) {
      writeFileSync(input, damaged(whole, random));
      outcomes.add(await readEverything(input, round % 2 === 0 ? cacheFolder : null, round % 3 === 0));
    }
  }
  assert.ok(
    outcomes.has('read') && outcomes.has('NOT_AN_IMAGE') && outcomes.has('TRUNCATED') && outcomes.has('DAMAGED') && outcomes.has('BAD_TAR'),
  );
  assert.deepEqual(openFilesBelow(folder) ?? [], []);
  assert.deepEqual(openFilesBelow(cacheFolder) ?? [], []);
  assert.ok(readdirSync(cacheFolder).every((name) => name === 'index' || name === 'spool'));
});
