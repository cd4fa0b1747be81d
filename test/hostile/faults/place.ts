// A test bed for verbs that write: a store, archives to import, a cache, and a folder for exports.
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { createReader } from '#archive';
import { importArchive, importLayerTar } from '#engine';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../../support/image-builder.ts';
import { directory, file, symlink, tar } from '../../support/tar-builder.ts';

export interface Place {
  /** The folder that contains all of the following. */
  readonly folder: string;
  readonly home: string;
  readonly cache: string;
  /** Where exports go. */
  readonly out: string;
  /** Archives of the images `kept:1` and `next:1`, an archive compressed as a whole, and a layer. */
  readonly kept: string;
  readonly next: string;
  readonly packed: string;
  readonly layer: string;
}

export function placeIn(folder: string): Place {
  const at = (name: string): string => path.join(folder, name);
  return {
    folder,
    home: at('home'),
    cache: at('cache'),
    out: at('out'),
    kept: at('kept.tar'),
    next: at('next.tar'),
    packed: at('packed.tar.gz'),
    layer: at('layer.tar.gz'),
  };
}

/** Makes incompressible bytes; the same seed gives the same bytes. */
function noise(seed: string, bytes: number): Uint8Array {
  const pieces: Buffer[] = [];
  for (let at = 0; at * 32 < bytes; at++) pieces.push(createHash('sha256').update(`${seed} ${at}`).digest());
  return new Uint8Array(Buffer.concat(pieces).subarray(0, bytes));
}

export interface PlaceSizes {
  readonly files: number;
  readonly bigBytes: number;
}

function archive(name: string, { files, bigBytes }: PlaceSizes): Uint8Array {
  const parts = new Files();
  const many = Array.from({ length: files }, (_, at) => file(`d/${name}${at}`, `${name} ${at} `.repeat(50)));
  const layers = [
    { tar: tar(directory('d/'), ...many), packed: 'gzip' as const },
    { tar: tar(file('big', noise(name, bigBytes)), symlink('link', 'big')), packed: 'gzip' as const },
    { tar: tar(file('top', name)) },
  ];
  const annotations = { 'org.opencontainers.image.ref.name': `${name}:1` };
  return archiveOf(ociLayout(parts, [ociImage(parts, { layers, annotations })]));
}

export async function takeIn(driver: PortableDriver, archivePath: string, name?: string): Promise<void> {
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using opened = await reader.open(archivePath);
  await importArchive(driver, opened, name === undefined ? {} : { name });
}

/** Writes the archives, and a store with what the verbs need, including a read-write layer that contains a file. */
export async function makePlace(folder: string, sizes: PlaceSizes = { files: 100, bigBytes: 600_000 }): Promise<Place> {
  const place = placeIn(folder);
  mkdirSync(place.out, { recursive: true });
  writeFileSync(place.kept, archive('kept', sizes));
  writeFileSync(place.next, archive('next', sizes));
  writeFileSync(place.packed, gzipSync(archive('packed', sizes)));
  writeFileSync(place.layer, gzipSync(tar(directory('l/'), file('l/f', noise('layer', sizes.bigBytes)))));
  const driver = await PortableDriver.open(place.home);
  await takeIn(driver, place.kept);
  await importLayerTar(driver, { id: 'base', parent: null, tar: { file: place.layer } });
  await importLayerTar(driver, { id: 'spare', parent: null, tar: { pieces: pieces(tar(file('spare', noise('spare', 50_000)))) } });
  await driver.createReadWrite('run', 'base');
  {
    await using mount = await driver.mount('run');
    writeFileSync(path.join(mount.path, 'written'), 'by hand');
  }
  await driver.createReadWrite('fresh', 'base');
  const stray = noise('stray', 10_000);
  writeFileSync(path.join(place.home, 'blobs', 'sha256', createHash('sha256').update(stray).digest('hex')), stray, { mode: 0o600 });
  return place;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Copies a place to a new folder. */
export function copyPlace({ folder }: Place, to: string): Place {
  cpSync(folder, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(path.join(folder, name));
    if (stats.isDirectory()) chmodSync(path.join(to, name), stats.mode & 0o7777);
  }
  return placeIn(to);
}

/** Returns the names, kinds, modes and content of everything below a path; null if the path doesn't exist. */
export function pictureOf(at: string): unknown {
  const stats = lstatSync(at, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const kind = stats.mode.toString(8);
  if (stats.isSymbolicLink()) return [kind, readlinkSync(at)];
  if (!stats.isDirectory()) return [kind, createHash('sha256').update(readFileSync(at)).digest('hex')];
  const names = readdirSync(at).sort();
  return [kind, Object.fromEntries(names.map((name) => [name, pictureOf(path.join(at, name))]))];
}
