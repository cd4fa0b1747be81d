// Baseline: the minimum work to list a docker-archive with plain layers: one read for each header, nothing kept.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const file = openSync(process.argv[2] ?? '', 'r');
const end = fstatSync(file).size;
const block = Buffer.alloc(512);
let headers = 0;
for (let at = 0; at + 512 <= end; ) {
  readSync(file, block, 0, 512, at);
  at += 512;
  if (block[0] === 0) continue;
  headers++;
  let size = 0;
  for (let i = 124; i < 135; i++) size = size * 8 + (block[i] as number) - 48;
  let length = 0;
  while (block[length] !== 0 && length < 100) length++;
  // A layer's own headers are inside its body, so descend into it.
  if (block.subarray(Math.max(0, length - 10), length).toString('latin1') === '/layer.tar') continue;
  at += Math.ceil(size / 512) * 512;
}
closeSync(file);
console.log(headers);
