// The benchmark images, made once from a seed in out/bench and never committed.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const root = path.resolve(import.meta.dirname, '..', '..');
export const benchFolder = path.join(root, 'out', 'bench');

/** Returns a small deterministic generator (mulberry32), so that images are the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function ustar(name: string, typeflag: string, size: number, mtime: number): Uint8Array {
  const block = new Uint8Array(512);
  const put = (text: string, at: number) => {
    for (let i = 0; i < text.length; i++) block[at + i] = text.charCodeAt(i);
  };
  const cut = name.length > 100 ? name.lastIndexOf('/', 154) : -1;
  put(cut > 0 ? name.slice(cut + 1) : name, 0);
  put(typeflag === '5' ? '0000755\0' : '0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${size.toString(8).padStart(11, '0')}\0`, 124);
  put(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
  put('        ', 148);
  put(typeflag, 156);
  put('ustar\x0000', 257);
  if (cut > 0) put(name.slice(0, cut), 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Makes text-like bytes that gzip to about a third, like an image's files. */
export function textPool(random: () => number): Uint8Array {
  const words: string[] = [];
  for (let i = 0; i < 4000; i++) words.push(Math.floor(random() * 36 ** (3 + Math.floor(random() * 5))).toString(36));
  const pieces: string[] = [];
  let length = 0;
  while (length < 16 << 20) {
    const word = words[Math.floor(random() ** 2 * words.length)] ?? '';
    const piece = `${word}${random() < 0.1 ? '\n' : ' '}${random() < 0.3 ? random().toString(36).slice(2, 8) : ''}`;
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.from(pieces.join(''), 'latin1');
}

/** Writes to a file in large pieces and hashes the written bytes. */
class Writer {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(4 << 20);
  readonly #hash = createHash('sha256');
  #used = 0;
  bytes = 0;

  constructor(file: string) {
    this.#file = openSync(file, 'w');
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.#buffer.length - this.#used);
      this.#buffer.set(piece, this.#used);
      this.#used += piece.length;
      at += piece.length;
      if (this.#used === this.#buffer.length) this.#flush();
    }
    this.bytes += bytes.length;
  }

  #flush(): void {
    const piece = this.#buffer.subarray(0, this.#used);
    this.#hash.update(piece);
    writeSync(this.#file, piece);
    this.#used = 0;
  }

  close(): string {
    this.#flush();
    closeSync(this.#file);
    return this.#hash.digest('hex');
  }
}

const ZEROS = new Uint8Array(512);
const pad = (size: number) => ZEROS.subarray(0, (512 - (size % 512)) % 512);

export interface Shape {
  name: string;
  layers: number;
  files: number;
  /** Mean size of a file body, in bytes. */
  meanBytes: number;
  filesInFolder: number;
}

interface MadeLayer {
  file: string;
  bytes: number;
  diffId: string;
}

function makeLayer(shape: Shape, layer: number, folder: string, pool: Uint8Array): MadeLayer {
  const random = seeded(layer * 7919 + shape.files);
  const file = path.join(folder, `${shape.name}-${layer}.layer`);
  const out = new Writer(file);
  const count = Math.floor(shape.files / shape.layers);
  const seen = new Set<string>();
  const folderEntry = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    out.write(ustar(`${name}/`, '5', 0, 1_700_000_000));
  };
  for (let i = 0; i < count; i++) {
    // A layer rewrites one in ten of the layer below's files and removes one in a hundred.
    const again = layer > 0 && i % 10 === 0;
    const removes = layer > 0 && i % 100 === 55;
    const which = again || removes ? i + 1 : i;
    const module = Math.floor(which / shape.filesInFolder);
    const parts = ['usr', `lib-${again || removes ? layer - 1 : layer}`, `package-${Math.floor(module / 8)}`, `module-${module}`];
    for (let depth = 1; depth <= parts.length; depth++) folderEntry(parts.slice(0, depth).join('/'));
    if (removes) {
      out.write(ustar(`${parts.join('/')}/.wh.file-${which}.js`, '0', 0, 1_700_000_000));
      continue;
    }
    const name = `file-${which}.js`;
    const size = shape.meanBytes < 64 ? shape.meanBytes : Math.floor(-Math.log(1 - random()) * shape.meanBytes);
    out.write(ustar(`${parts.join('/')}/${name}`, '0', size, 1_700_000_000 + i));
    for (let left = size; left > 0; ) {
      const start = Math.floor(random() * (pool.length / 2));
      const piece = pool.subarray(start, Math.min(start + left, pool.length));
      out.write(piece);
      left -= piece.length;
    }
    out.write(pad(size));
  }
  out.write(new Uint8Array(1024));
  return { file, bytes: out.bytes, diffId: out.close() };
}

function writeArchive(target: string, layers: { name: string; file: string; bytes: number }[], diffIds: string[], tag: string): void {
  const out = new Writer(`${target}.part`);
  const json = (name: string, value: unknown) => {
    const body = Buffer.from(JSON.stringify(value));
    out.write(ustar(name, '0', body.length, 0));
    out.write(body);
    out.write(pad(body.length));
  };
  for (const layer of layers) {
    out.write(ustar(layer.name, '0', layer.bytes, 0));
    const file = openSync(layer.file, 'r');
    closeSync(file);
    copyInto(out, layer.file);
    out.write(pad(layer.bytes));
  }
  const config = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds.map((hex) => `sha256:${hex}`) },
    history: diffIds.map((_, index) => ({ created_by: `RUN install-part ${index}`, created: '2026-01-01T00:00:00Z' })),
  };
  json('config.json', config);
  json('manifest.json', [{ Config: 'config.json', RepoTags: [tag], Layers: layers.map((layer) => layer.name) }]);
  out.write(new Uint8Array(1024));
  out.close();
  renameSync(`${target}.part`, target);
}

function copyInto(out: Writer, file: string): void {
  // Benchmark layers are under 2 GiB, so readFileSync can read them.
  out.write(readFileSync(file));
}

/** Makes an image of this shape unless it exists, with plain layers and, on request, with gzip layers too. Returns the paths. */
export function benchImage(shape: Shape, withGzip: boolean): { plain: string; gzip: string; layers: string[] } {
  mkdirSync(benchFolder, { recursive: true });
  const plain = path.join(benchFolder, `${shape.name}.tar`);
  const gzip = path.join(benchFolder, `${shape.name}-gzip.tar`);
  const layers = Array.from({ length: shape.layers }, (_, layer) => path.join(benchFolder, `${shape.name}-${layer}.layer.gz`));
  if (existsSync(plain) && (!withGzip || existsSync(gzip))) return { plain, gzip, layers };
  console.log(`making ${shape.name}: ${shape.files} files in ${shape.layers} layers`);
  const pool = textPool(seeded(1));
  const made = Array.from({ length: shape.layers }, (_, layer) => makeLayer(shape, layer, benchFolder, pool));
  const diffIds = made.map((layer) => layer.diffId);
  writeArchive(
    plain,
    made.map((layer) => ({ name: `${layer.diffId}/layer.tar`, file: layer.file, bytes: layer.bytes })),
    diffIds,
    `${shape.name}:plain`,
  );
  if (withGzip) {
    const packed = made.map((layer, index) => {
      const file = layers[index] ?? '';
      const body = gzipSync(readFileSync(layer.file), { level: 6 });
      const handle = openSync(file, 'w');
      writeSync(handle, body);
      closeSync(handle);
      return { name: `${createHash('sha256').update(body).digest('hex')}.tar.gz`, file, bytes: body.length };
    });
    writeArchive(gzip, packed, diffIds, `${shape.name}:gzip`);
  }
  for (const layer of made) rmSync(layer.file);
  return { plain, gzip, layers };
}
