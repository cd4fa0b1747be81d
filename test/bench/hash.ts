// Baseline: hashes a file's bytes with SHA-256 on the same number of workers, an equal part on each.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const CHUNK = 1024 * 1024;

interface Part {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

function hash({ file, from, to }: Part): void {
  const descriptor = openSync(file, 'r');
  const hasher = createHash('sha256');
  const buffer = new Uint8Array(CHUNK);
  for (let at = from; at < to; ) {
    const count = readSync(descriptor, buffer, 0, Math.min(CHUNK, to - at), at);
    if (count === 0) break;
    hasher.update(buffer.subarray(0, count));
    at += count;
  }
  hasher.digest();
  closeSync(descriptor);
}

if (isMainThread) {
  const [count = 1, file = ''] = [Number(process.argv[2]), process.argv[3]];
  const { size } = statSync(file);
  for (let at = 0; at < count; at++) {
    const part: Part = { file, from: Math.floor((size * at) / count), to: Math.floor((size * (at + 1)) / count) };
    new Worker(new URL(import.meta.url), { workerData: part });
  }
} else hash(workerData as Part);
