// Layers listed by their table of contents (TOC), in a registry on this machine.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Archive, ArchiveLayer, ArchiveReader, IndexedLayer } from '#archive';
import { parseImageWord } from '#format/reference';
import { RegistrySource, type SourceWord } from '#source';
import { Files, ociImage } from './image-builder.ts';
import { type StandInRegistry, standInRegistry } from './registry.ts';
import type { BuiltLayer, TocFields } from './toc-builder.ts';
import { collect, testFile, testFolder, testReader } from './workbench.ts';

export interface Served {
  readonly registry: StandInRegistry;
  /** Opens the image again. */
  open(reader: ArchiveReader): Promise<Archive>;
  readonly digest: string;
}

/** Starts a registry with a single-layer image. */
export async function serve(t: TestContext, layer: BuiltLayer, annotations = layer.annotations): Promise<Served> {
  const registry = await standInRegistry(t);
  const files = new Files();
  const packed = layer.blob[0] === 0x1f ? 'gzip' : 'zstd';
  const image = ociImage(files, { layers: [{ tar: layer.tar, packed, blob: layer.blob, annotations }] });
  registry.add('app', files, { '1': image.digest });
  const home = testFolder(t);
  return {
    registry,
    digest: image.layers[0]?.digest ?? '',
    open: (reader) => {
      const source = new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
      return source.open(parseImageWord(`${registry.host}/app:1`) as SourceWord, { reader });
    },
  };
}

export interface One {
  readonly reader: ArchiveReader;
  readonly archive: Archive;
  readonly layer: ArchiveLayer;
  readonly indexed: IndexedLayer;
}

export async function openOne(reader: ArchiveReader, archive: Archive, verify = false): Promise<One> {
  const layers = archive.images[0]?.layers ?? [];
  const [layer] = layers;
  const [indexed] = await reader.indexLayers(layers, { verify });
  assert.ok(layer && indexed);
  return { reader, archive, layer, indexed };
}

export async function full(t: TestContext, layer: BuiltLayer): Promise<One> {
  const reader = testReader(t);
  return openOne(reader, await reader.open(testFile(t, layer.blob)));
}

export function body({ reader, layer, indexed }: One, member: number, start = 0, length = Number.POSITIVE_INFINITY): Promise<Buffer> {
  return collect(reader.readBody(layer, indexed, member, { start, length }));
}

/** Makes incompressible bytes. */
export function noise(length: number): Uint8Array {
  let state = 9;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
}

/** Changes an entry's fields. */
export function set(entries: TocFields[], name: string, fields: TocFields): undefined {
  Object.assign(entries.find((entry) => entry.name === name) ?? {}, fields);
}
