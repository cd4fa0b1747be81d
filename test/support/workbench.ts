// Shared by archive tests: a temporary folder, a reader, and temporary files for each test.
import { mkdtempSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { type Archive, type ArchiveReader, createReader, type IndexedLayer, type ReaderOptions } from '#archive';
import { removeTree } from '#disk';
import { NO_NODE, nodePath } from '#format/layer';
import type { Finding } from '#model';

type Cleanup = () => void | PromiseLike<void>;

const cleanups = new WeakMap<TestContext, Cleanup[]>();

/**
 * Registers a cleanup for the end of the test. The last one registered runs first, unlike with `context.after`: a reader must be disposed
 * of before its folder is removed.
 */
export function atEnd(context: TestContext, cleanup: Cleanup): void {
  const known = cleanups.get(context);
  if (known !== undefined) {
    known.push(cleanup);
    return;
  }
  const mine = [cleanup];
  cleanups.set(context, mine);
  context.after(async () => {
    for (const each of mine.reverse()) await each();
  });
}

/** Creates a folder that is removed when the test ends. */
export function testFolder(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-test-'));
  atEnd(context, () => removeTree(folder));
  return folder;
}

export function testFile(context: TestContext, bytes: Uint8Array, name = 'input'): string {
  const file = path.join(testFolder(context), name);
  writeFileSync(file, bytes);
  return file;
}

/** Creates a reader that is disposed of when the test ends; by default without workers and cache. */
export function testReader(context: TestContext, options: Partial<ReaderOptions> = {}): ArchiveReader {
  const reader = createReader({ cacheFolder: null, workers: 0, ...options });
  atEnd(context, () => reader[Symbol.asyncDispose]());
  return reader;
}

export interface Opened {
  readonly reader: ArchiveReader;
  readonly archive: Archive;
  /** Layers by image. */
  readonly layers: readonly (readonly (IndexedLayer | null)[])[];
  /** Findings of the archive, then those of all layers, with `image` and `layer`. */
  readonly findings: readonly Finding[];
}

/** Opens the bytes as a file and reads every layer. */
export async function openAll(
  context: TestContext,
  bytes: Uint8Array,
  options: Partial<ReaderOptions> & { verify?: boolean } = {},
): Promise<Opened> {
  return readAll(testReader(context, options), testFile(context, bytes), options.verify ?? false);
}

export async function readAll(reader: ArchiveReader, file: string, verify = false): Promise<Opened> {
  const archive = await reader.open(file);
  const layers: (readonly (IndexedLayer | null)[])[] = [];
  const findings = [...archive.findings];
  for (const image of archive.images) {
    const indexed = await reader.indexLayers(image.layers, { verify });
    layers.push(indexed);
    indexed.forEach((layer, index) => {
      for (const finding of layer?.findings ?? []) findings.push({ ...finding, image: image.index, layer: index });
    });
  }
  return { reader, archive, layers, findings };
}

/** Returns the paths of a layer's members in order; `-` for members that are only in the raw list. */
export function pathsOf(layer: IndexedLayer | null | undefined): string[] {
  if (!layer) return [];
  const { table } = layer;
  return Array.from(table.node, (node) => (node === NO_NODE ? '-' : Buffer.from(nodePath(table, node)).toString('latin1')));
}

export function codesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ code }) => code);
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

/** Returns the files that this process has open below a folder; null if the system can't list them. */
export function openFilesBelow(folder: string): string[] | null {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    return null;
  }
  return names
    .map((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return ''; // the listing's own descriptor, already closed
      }
    })
    .filter((file) => file.startsWith(folder));
}
