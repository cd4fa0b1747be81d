// Rows of `npm run bench:sources` about layers that are not read as a whole. A layer is listed by its table of contents (eStargz,
// zstd:chunked, SOCI) and one of its files is fetched, or one file of a gzip layer is unpacked from a checkpoint. The layers are those of
// the bench's image, packed by the tests' builders.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Archive, type ArchiveLayer, type ArchiveReader, createReader, type IndexedLayer, sha256 } from '#archive';
import { parseImageWord } from '#format/reference';
import { TYPE } from '#model';
import { RegistrySource, type SourceWord } from '#source';
import { imageConfig, json } from '../support/image-builder.ts';
import { estargzLayer, zstdChunkedLayer } from '../support/toc-builder.ts';
import { ztocOf } from '../support/ztoc-builder.ts';
import { median, pair, type Run } from './measure.ts';

const OCI = 'application/vnd.oci.image';
const SPAN_BYTES = 4 * 1024 * 1024;
/** Number of files to preview; the median is reported. */
const PREVIEWS = 9;

export interface LazyBench {
  readonly host: string;
  /** Gzip layers, bottom first. */
  readonly layers: readonly string[];
  readonly runs: number;
  /** A folder that is removed at the end. */
  readonly home: string;
  /** Returns a run of `inspect` with an empty cache. */
  readonly inspect: (word: string, ...options: string[]) => Run;
  readonly sourceOf: (run: Run) => { readonly fetchedBytes: number; readonly requests: number };
  readonly row: (what: string, value: string, aim: string) => void;
}

interface PackedImage {
  readonly name: string;
  /** The total size of the layers' blobs. */
  readonly bytes: number;
  /** The command that people use without a lazy reader. */
  readonly baseline: string;
}

/** Sends a blob to a registry. */
async function upload(host: string, name: string, bytes: Uint8Array): Promise<string> {
  const digest = sha256(bytes);
  const begun = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, { method: 'POST' });
  const at = new URL(begun.headers.get('location') ?? '', `http://${host}`);
  at.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = await fetch(at, { method: 'PUT', body: Buffer.from(bytes), headers });
  if (sent.status !== 201) throw new Error(`PUT ${at.pathname}: ${sent.status}`);
  return digest;
}

async function putManifest(host: string, name: string, reference: string, manifest: object): Promise<string> {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, ...manifest });
  const headers = { 'content-type': `${OCI}.manifest.v1+json` };
  const sent = await fetch(`http://${host}/v2/${name}/manifests/${reference}`, { method: 'PUT', body, headers });
  if (sent.status !== 201) throw new Error(`PUT manifest ${reference}: ${sent.status} ${await sent.text()}`);
  return sha256(Buffer.from(body));
}

/** Pushes an image whose layers `pack` makes from gzip layers. With `isSoci`, its manifest names an index of zTOCs. */
async function push(
  { host, layers }: LazyBench,
  name: string,
  form: 'gzip' | 'zstd',
  pack: (gzip: Uint8Array, tar: Uint8Array) => { readonly blob: Uint8Array; readonly tar: Uint8Array; readonly annotations: object },
  isSoci = false,
): Promise<PackedImage> {
  const descriptors: object[] = [];
  const ztocs: object[] = [];
  const tars: Uint8Array[] = [];
  const urls: string[] = [];
  let bytes = 0;
  for (const file of layers) {
    const gzip = readFileSync(file);
    const { blob, tar, annotations } = pack(gzip, gunzipSync(gzip));
    const digest = await upload(host, name, blob);
    descriptors.push({ mediaType: `${OCI}.layer.v1.tar+${form}`, digest, size: blob.length, annotations });
    if (isSoci) {
      const ztoc = ztocOf(blob, tar, SPAN_BYTES);
      const annotated = { 'com.amazon.soci.image-layer-digest': digest };
      const of = { mediaType: 'application/octet-stream', digest: await upload(host, name, ztoc), size: ztoc.length };
      ztocs.push({ ...of, annotations: annotated });
    }
    tars.push(tar);
    urls.push(`http://${host}/v2/${name}/blobs/${digest}`);
    bytes += blob.length;
  }
  const configBytes = json(imageConfig(tars));
  const config = { mediaType: `${OCI}.config.v1+json`, digest: await upload(host, name, configBytes), size: configBytes.length };
  let soci = {};
  if (isSoci) {
    const empty = { mediaType: 'application/vnd.oci.empty.v1+json', digest: await upload(host, name, json({})), size: 2 };
    const digest = await putManifest(host, name, 'soci', { config: empty, layers: ztocs });
    soci = { annotations: { 'com.amazon.soci.index-digest': digest } };
  }
  await putManifest(host, name, '1', { config, layers: descriptors, ...soci });
  const unpack = form === 'gzip' ? 'tar -tzf -' : 'zstd -dcq | tar -tf -';
  return { name, bytes, baseline: urls.map((url) => `curl -sf ${url} | ${unpack} >/dev/null`).join(' && ') };
}

/** Measures and prints every row. */
export async function lazyRows(bench: LazyBench): Promise<void> {
  const { host, row, runs, inspect, sourceOf, layers } = bench;
  const images = [
    [await push(bench, 'estargz', 'gzip', (_gzip, tar) => estargzLayer(tar, undefined, SPAN_BYTES)), 'eStargz'],
    [await push(bench, 'zstdchunked', 'zstd', (_gzip, tar) => zstdChunkedLayer(tar, true)), 'zstd:chunked'],
    [await push(bench, 'soci', 'gzip', (gzip, tar) => ({ blob: gzip, tar, annotations: {} }), true), 'SOCI'],
  ] as const;
  for (const [{ name, bytes, baseline }, what] of images) {
    const ours = inspect(`registry:${host}/${name}:1`);
    const { fetchedBytes, requests } = sourceOf(ours);
    const share = `${((100 * fetchedBytes) / bytes).toFixed(2)} % in ${requests}`;
    row(
      `${what}: listed, share of ${(bytes / 1e6).toFixed(0)} MB, requests`,
      share,
      `≤ 1 % or ${layers.length} × 512 KiB, ≤ ${3 * layers.length + 3}`,
    );
    const times = pair(ours, { program: 'sh', args: ['-c', baseline] }, runs);
    row(`${what}: listed ÷ curl and tar -t of every layer`, `${times.a.toFixed(2)} s = ${times.ratio.toFixed(3)} ×`, '≤ 0.1 ×');
    await lazyPreview(bench, name, what);
  }
  await gzipPreview(bench);
  const make = pair(inspect(layersOf(bench)), inspect(layersOf(bench), '--no-cache'), runs);
  row('gzip: index with checkpoints ÷ without', `${make.a.toFixed(2)} s = ${make.ratio.toFixed(2)} ×`, '≤ 1.25 ×');
}

/** Returns the largest gzip layer's path. The layer is read by itself, because an archive would be unpacked as a whole. */
function layersOf({ layers }: LazyBench): string {
  return layers[0] ?? '';
}

interface Opened {
  readonly archive: Archive;
  readonly layer: ArchiveLayer;
  readonly indexed: IndexedLayer;
}

/** Returns files spread over a layer, in an order that no cache expects. */
function someFiles({ table }: IndexedLayer): number[] {
  const files = Array.from({ length: table.memberCount }, (_, member) => member).filter(
    (member) => table.type[member] === TYPE.file && (table.size[member] ?? 0) > 1000,
  );
  return Array.from({ length: PREVIEWS }, (_, at) => files[Math.floor((files.length * ((at * 5) % PREVIEWS)) / PREVIEWS)] ?? 0);
}

async function readMember(reader: ArchiveReader, { layer, indexed }: Opened, member: number): Promise<number> {
  const start = process.hrtime.bigint();
  for await (const _ of reader.readBody(layer, indexed, member));
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function first(archive: Archive): ArchiveLayer {
  const layer = archive.images[0]?.layers[0];
  if (layer === undefined) throw new Error('an image without layers');
  return layer;
}

/** Fetches individual files of a listed layer. */
async function lazyPreview({ host, row, home, runs, layers }: LazyBench, name: string, what: string): Promise<void> {
  const environment = { env: {}, home, platform: process.platform, offline: false } as const;
  const cacheFolder = path.join(home, `lazy-${name}`);
  await using reader = createReader({ cacheFolder, workers: 0 });
  const source = new RegistrySource(environment, { system: home });
  await using archive = await source.open(parseImageWord(`registry:${host}/${name}:1`) as SourceWord, { reader });
  const layer = first(archive);
  const [indexed] = await reader.indexLayers([layer]);
  if (!indexed) throw new Error('a layer that cannot be read');
  const times: number[] = [];
  const fetched: number[] = [];
  const own: number[] = [];
  for (const member of someFiles(indexed)) {
    const before = archive.source?.fetchedBytes ?? 0;
    times.push(await readMember(reader, { archive, layer, indexed }, member));
    fetched.push((archive.source?.fetchedBytes ?? 0) - before);
    own.push(indexed.table.size[member] ?? 0);
  }
  const kib = (values: readonly number[]): string => `${(median(values) / 1024).toFixed(0)} KiB`;
  row(`${what}: one file, fetched for a file of ${kib(own)}`, kib(fetched), what === 'SOCI' ? '≤ a span' : '≤ its members + 64 KiB');
  const url = `http://${host}/v2/${name}/blobs/${layer.digest}`;
  const unpack = layer.compression === 'gzip' ? 'tar -xzOf - NAME' : 'zstd -dcq | tar -xOf - NAME';
  const whole = timed(
    { program: 'sh', args: ['-c', `curl -sf ${url} | ${unpack.replace('NAME', `'${lastName(layers[0] ?? '')}'`)} >/dev/null`] },
    runs,
  );
  row(`${what}: one file ÷ curl and tar -x`, `${median(times).toFixed(0)} ms = ${(median(times) / whole).toFixed(3)} ×`, '–');
}

/** Unpacks individual files of a gzip layer on disk. */
async function gzipPreview({ row, home, runs, layers }: LazyBench): Promise<void> {
  const cacheFolder = path.join(home, 'checkpoints');
  const [file = ''] = layers;
  const times: number[] = [];
  for (let at = -1; at < PREVIEWS; at++) {
    // A new reader each time, so that nothing is unpacked yet, as after a restart of the program.
    await using reader = createReader({ cacheFolder, workers: 0 });
    await using archive = await reader.open(file);
    const layer = first(archive);
    const [indexed] = await reader.indexLayers([layer]);
    if (!indexed) throw new Error('a layer that cannot be read');
    rmSync(path.join(cacheFolder, 'spool'), { recursive: true, force: true });
    if (at >= 0) times.push(await readMember(reader, { archive, layer, indexed }, someFiles(indexed)[at] ?? 0));
  }
  const whole = timed({ program: 'sh', args: ['-c', `tar -xzOf '${file}' '${lastName(file)}' >/dev/null`] }, runs);
  row('gzip: one file from a checkpoint ÷ tar -x', `${median(times).toFixed(0)} ms = ${(median(times) / whole).toFixed(3)} ×`, '≤ 60 ms');
}

/** Returns a run's median time in milliseconds. */
function timed(run: Run, runs: number): number {
  return pair(run, run, runs).a * 1000;
}

const names = new Map<string, string>();

function lastName(file: string): string {
  const known = names.get(file);
  if (known !== undefined) return known;
  const tar = gunzipSync(readFileSync(file));
  let last = '';
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, length: number): string => tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    if (text(156, 1) === '0') last = [text(345, 155), text(0, 100)].filter((part) => part !== '').join('/');
    at += 512 + Math.ceil(size / 512) * 512;
  }
  names.set(file, last);
  return last;
}
