// Baseline: lists a docker-archive with plain layers through a 64 kB window, seeks over bodies that end beyond it, and keeps nothing.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const WINDOW = 64 * 1024;
const file = openSync(process.argv[2] ?? '', 'r');
const end = fstatSync(file).size;
const window = Buffer.alloc(WINDOW);
let from = 0;
let until = 0;
let headers = 0;
for (let at = 0; at + 512 <= end; ) {
  if (at < from || at + 512 > until) {
    from = at;
    until = at + readSync(file, window, 0, WINDOW, at);
  }
  const block = at - from;
  at += 512;
  if (window[block] === 0) continue;
  headers++;
  let size = 0;
  for (let i = block + 124; i < block + 135; i++) size = size * 8 + (window[i] as number) - 48;
  let length = 0;
  while (length < 100 && window[block + length] !== 0) length++;
  // A layer's own headers are inside its body, so descend into it.
  const isTar = window.toString('latin1', block + length - 4, block + length) === '.tar' && size > 0 && window[block + 156] === 0x30;
  if (isTar && /^[^/]+([/]layer)?[.]tar$/.test(window.toString('latin1', block, block + length))) continue;
  at += Math.ceil(size / 512) * 512;
}
closeSync(file);
console.log(headers);
