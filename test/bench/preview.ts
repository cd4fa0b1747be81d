// Previews of files in a compressed layer of 500 MB: the first unpacks the layer up to its file, later ones read from the cached layer.
import { createReadStream, createWriteStream, existsSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { createReader } from '#archive';
import { benchFolder, seeded, textPool, ustar } from './images.ts';

const FILES = 200;
const BODY_BYTES = 5_000_000;

function* layerBytes(): Generator<Uint8Array> {
  const random = seeded(3);
  const pool = textPool(seeded(1));
  for (let file = 0; file < FILES; file++) {
    yield ustar(`srv/data-${file}.txt`, '0', BODY_BYTES, 1_700_000_000);
    for (let left = BODY_BYTES; left > 0; ) {
      const start = Math.floor(random() * (pool.length - 100_000));
      const piece = pool.subarray(start, start + Math.min(left, 1 + Math.floor(random() * 100_000)));
      yield piece;
      left -= piece.length;
    }
    yield new Uint8Array((512 - (BODY_BYTES % 512)) % 512);
  }
  yield new Uint8Array(1024);
}

async function bigLayer(): Promise<string> {
  const file = path.join(benchFolder, 'preview.tar.gz');
  if (existsSync(file)) return file;
  console.log('making preview.tar.gz');
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 1 << 20 });
  await pipeline(Readable.from(layerBytes()), gzip, createWriteStream(`${file}.part`));
  renameSync(`${file}.part`, file);
  return file;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

export interface PreviewTimes {
  readonly blobBytes: number;
  readonly inflate: number;
  readonly first: number;
  /** A file that precedes the first file in the layer, read right after that file. */
  readonly second: number;
  /** A file near the end, read by a new reader, as after a restart, once the whole layer is cached. */
  readonly reopened: number;
}

export async function previewTimes(cacheFolder: string): Promise<PreviewTimes> {
  const file = await bigLayer();
  const inflate = await seconds(async () => {
    for await (const _ of createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(createGunzip({ chunkSize: 256 * 1024 })));
  });
  const look = async (settle: boolean, ...members: number[]): Promise<number[]> => {
    await using reader = createReader({ cacheFolder, workers: 1, cacheBytes: 8e9 });
    await using archive = await reader.open(file);
    const layer = archive.images[0]?.layers[0];
    const indexed = layer === undefined ? null : (await reader.indexLayers([layer]))[0];
    if (!layer || !indexed) throw new Error('the benchmark layer could not be read');
    const times: number[] = [];
    for (const member of members) {
      times.push(
        await seconds(async () => {
          for await (const _ of reader.readBody(layer, indexed, member, { start: 0, length: 262_144 }));
        }),
      );
    }
    // Unpacking continues in the background and adds the whole layer to the cache.
    if (settle) await new Promise((resolve) => setTimeout(resolve, (inflate * 4 + 3) * 1000));
    return times;
  };
  const [first = Number.NaN, second = Number.NaN] = await look(true, FILES / 2, Math.floor(FILES / 3));
  const [reopened = Number.NaN] = await look(false, FILES - 2);
  return { blobBytes: statSync(file).size, inflate, first, second, reopened };
}
