// Every verb that writes, to be killed or run on a full disk: what it does, and how to tell its result from the state before it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createReader } from '#archive';
import {
  commitCopy,
  exportImage,
  exportLayer,
  exportPath,
  exportStoredImage,
  importLayerTar,
  inspectArchive,
  loadImage,
  saveFile,
} from '#engine';
import { parseImagePath } from '#format/path';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { collect } from '../../support/workbench.ts';
import { type Place, pictureOf, takeIn } from './place.ts';

export interface Verb {
  /** Prepares what the verb needs that the place doesn't have. */
  readonly before?: (place: Place) => Promise<void>;
  readonly run: (place: Place) => Promise<void>;
  /** A snapshot of what the verb creates or removes, to be compared with snapshots before and after an undisturbed run. */
  readonly result: (place: Place) => Promise<unknown>;
  /** Whether the verb fails if already done. */
  readonly isOnce?: true;
}

const open = ({ home }: Place): Promise<PortableDriver> => PortableDriver.open(home);

async function topOf(driver: PortableDriver, name: string): Promise<string> {
  return (await driver.images.list()).find(({ names }) => names.includes(name))?.layers.at(-1) ?? '';
}

async function imageNames(place: Place): Promise<unknown> {
  return (await (await open(place)).images.list()).flatMap(({ names }) => names).sort();
}

async function layerIds(place: Place): Promise<unknown> {
  return (await (await open(place)).list()).map(({ id }) => id).sort();
}

async function exportTree(place: Place, imagePath: string, folder: string): Promise<void> {
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(place.kept);
  const loaded = await loadImage(reader, archive, 0);
  const { parts } = parseImagePath(imagePath);
  await exportPath(loaded, { parts, folder, onRefused: () => {}, onSkipped: () => {} });
}

async function storedExport(place: Place, format: 'docker-archive' | 'oci-layout', to: string): Promise<void> {
  const [image] = (await (await open(place)).images.list()).filter(({ names }) => names.includes('kept:1'));
  if (image !== undefined) await exportStoredImage(image, format, path.join(place.out, to));
}

/** Reads a compressed archive, its compressed layers and a file of each; returns everything read. */
export async function readWithCache({ packed, cache }: Pick<Place, 'packed' | 'cache'>): Promise<string> {
  await using reader = createReader({ cacheFolder: cache, workers: 0 });
  await using archive = await reader.open(packed);
  const report = await inspectArchive(reader, archive);
  const layers = archive.images[0]?.layers ?? [];
  const indexed = await reader.indexLayers(layers, { sums: 'taken' });
  const bodies: string[] = [];
  for (const [at, layer] of layers.entries()) {
    const known = indexed[at];
    if (!known) continue;
    const last = known.table.type.lastIndexOf(0);
    bodies.push((await collect(reader.readBody(layer, known, Math.max(0, last)))).toString('base64'));
  }
  return JSON.stringify([report, bodies]);
}

const outNames = (name: string) => async (place: Place) => pictureOf(path.join(place.out, name));

/** A verb that leaves a mount whose process has ended. */
export const LEFT_MOUNT: Verb = {
  run: async (place) => {
    await (await open(place)).mount('base');
  },
  result: async () => null,
};

export const VERBS: Readonly<Record<string, Verb>> = {
  'import of an image': { run: async (place) => takeIn(await open(place), place.next), result: imageNames },
  'import of a layer': {
    run: async (place) => {
      await importLayerTar(await open(place), { id: 'new', parent: 'base', tar: { file: place.layer } });
    },
    result: layerIds,
    isOnce: true,
  },
  'removal of an image': {
    run: async (place) => (await open(place)).images.remove('kept:1'),
    result: imageNames,
    isOnce: true,
  },
  'removal of a layer': { run: async (place) => (await open(place)).remove('spare'), result: layerIds, isOnce: true },
  'removal of a read-write layer': { run: async (place) => (await open(place)).remove('run'), result: layerIds, isOnce: true },
  'commit of a working copy as an image': {
    run: async (place) => {
      await commitCopy(await open(place), 'run', { name: 'made:1' }, {});
    },
    result: imageNames,
  },
  cleanup: {
    run: async (place) => {
      await (await open(place)).cleanup();
    },
    result: async (place) => ((await (await open(place)).leftovers()).length > 0 ? 'left' : 'clean'),
  },
  mount: {
    run: async (place) => {
      const driver = await open(place);
      await using _mount = await driver.mount(await topOf(driver, 'kept:1'));
    },
    result: async () => null,
  },
  'mount of a read-write layer': {
    run: async (place) => {
      const driver = await open(place);
      await using _mount = await driver.mount('fresh');
    },
    result: outWritten,
  },
  release: {
    run: async (place) => (await open(place)).releaseLeft('base'),
    result: async (place) => (existsSync(path.join(place.home, 'mounts')) ? readdirSync(path.join(place.home, 'mounts')).length : 0),
    isOnce: true,
  },
  'export of a tree': {
    run: (place) => exportTree(place, '/', path.join(place.out, 'new', 'tree')),
    result: outNames('new/tree'),
    isOnce: true,
  },
  'export of a folder': { run: (place) => exportTree(place, '/d', place.out), result: outNames('d'), isOnce: true },
  'export of a file': { run: (place) => exportTree(place, '/big', place.out), result: outNames('big'), isOnce: true },
  'store export to a file': {
    run: (place) => storedExport(place, 'docker-archive', 'image.tar'),
    result: outNames('image.tar'),
    isOnce: true,
  },
  'store export to a layout': { run: (place) => storedExport(place, 'oci-layout', 'layout'), result: outNames('layout'), isOnce: true },
  'store export of a layer': {
    run: async (place) => {
      await exportLayer(await open(place), 'base', path.join(place.out, 'base.tar.gz'));
    },
    result: outNames('base.tar.gz'),
    isOnce: true,
  },
  save: {
    run: async (place) => {
      await using reader = createReader({ cacheFolder: null, workers: 0 });
      await using archive = await reader.open(place.next);
      const { bytes } = exportImage(archive, { image: 0, format: 'oci-archive' });
      const { signal } = new AbortController();
      await saveFile(path.join(place.out, 'saved.tar'), bytes(signal), { signal });
    },
    result: outNames('saved.tar'),
  },
  'an uncached read': {
    run: async (place) => {
      await readWithCache(place);
    },
    result: async () => null,
  },
};

async function outWritten(place: Place): Promise<unknown> {
  const root = path.join(place.home, 'written', 'fresh', 'root');
  return existsSync(root) ? readdirSync(root) : null;
}

/** Returns the file written by hand into a mounted layer; only removing that layer may change it. */
export function handWritten(place: Place): string | null {
  const name = path.join(place.home, 'written', 'run', 'root', 'written');
  return existsSync(name) ? readFileSync(name, 'utf8') : null;
}
