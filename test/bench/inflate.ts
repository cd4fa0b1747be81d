// Baseline: unpacks gzip or zstd layers with node:zlib on the same number of workers and discards the output.
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createGunzip, createZstdDecompress } from 'node:zlib';

const CHUNK = 256 * 1024;

const GZIP = 0x1f;

function firstByte(file: string): number {
  const handle = openSync(file, 'r');
  const byte = new Uint8Array(1);
  readSync(handle, byte);
  closeSync(handle);
  return byte[0] as number;
}

async function inflate(file: string): Promise<number> {
  let bytes = 0;
  const unpacker = firstByte(file) === GZIP ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  const stream = createReadStream(file, { highWaterMark: CHUNK }).pipe(unpacker);
  for await (const chunk of stream) bytes += (chunk as Buffer).length;
  return bytes;
}

if (isMainThread) {
  const [count, ...files] = process.argv.slice(2);
  const queue = files.sort((a, b) => statSync(b).size - statSync(a).size);
  let total = 0;
  const run = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        const file = queue.shift();
        if (file === undefined) resolve();
        else worker.postMessage(file);
      };
      worker.on('message', (bytes: number) => {
        total += bytes;
        next();
      });
      worker.on('error', reject);
      next();
    });
  const workers = Array.from({ length: Number(count) }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map(run));
  await Promise.all(workers.map((worker) => worker.terminate()));
  console.log(total);
} else {
  parentPort?.on('message', async (file: string) => parentPort?.postMessage(await inflate(file)));
}
