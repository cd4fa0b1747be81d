// Makes a layer of a container's own changes. The engine lists the changed paths and exports the whole file system as a tar. The layer
// consists of that tar's entries for those paths, byte for byte, and whiteouts for deleted ones. A folder that is reported as deleted but
// exists hides what was there before: it is opaque.
import { closeSync, openSync, readSync } from 'node:fs';
import { type Archive, type ArchiveLayer, type ArchiveReader, tarBytes } from '#archive';
import { isMarkerPath, OPAQUE_MARKER, whiteoutName } from '#format/layer';
import { displayText, LayerscopeError, throwIfCancelled, trimEnd, trimStart } from '#model';
import type { ContainerChange } from './engine-client.ts';

const PIECE = 1024 * 1024;
const BLOCK = 512;
/** Number of whiteouts packed at a time. All of them may be too many: a container may have removed a hundred thousand files. */
const BATCH = 1000;

/** What the engine reports about a container. */
export interface ContainerState {
  readonly name: string;
  readonly changes: readonly ContainerChange[];
  /** The container's whole file system as a tar. */
  readonly files: AsyncIterable<Uint8Array>;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/** Opens the changes as an archive of one layer. The caller disposes of it. Throws what reading the container's files throws;
 * NAME_REFUSED if a changed path would be a whiteout in a layer. */
export async function openContainerLayer(
  reader: ArchiveReader,
  { name, changes, files }: ContainerState,
  { signal }: Options,
): Promise<Archive> {
  const options = signal === undefined ? {} : { signal };
  await using whole = await reader.openStream(files, name, options);
  const layer = whole.images[0]?.layers[0];
  if (whole.format !== 'layer' || layer === undefined) throw new LayerscopeError('BAD_TAR', `the files of ${name} are not a plain tar`);
  const marker = changes.find(({ path }) => isMarkerPath(plainPath(path)));
  if (marker !== undefined)
    throw new LayerscopeError('NAME_REFUSED', `${displayText(plainPath(marker.path))}: a layer can't have a change of that name`);
  const kept = new Set(changes.filter(({ kind }) => kind !== 'deleted').map(({ path }) => plainPath(path)));
  const deleted = new Set(changes.filter(({ kind }) => kind === 'deleted').map(({ path }) => plainPath(path)));
  const { ranges, opaque } = await changedRanges(reader, layer, { kept, deleted }, signal);
  const file = layer.blob?.path ?? '';
  const whiteouts = [...deleted].map((path) => (opaque.has(path) ? `${path}/${OPAQUE_MARKER}` : whiteoutName(path)));
  // Awaited here, because disposing of `whole` removes the file that the pieces are read from.
  return await reader.openStream(layerPieces(file, ranges, whiteouts, signal), name, options);
}

/** Returns a path without slashes at its ends: paths in the API have a leading one, and folders in a tar a trailing one. */
export function plainPath(path: string): string {
  return trimEnd(trimStart(path, '/'), '/');
}

/** Finds the ranges of the tar with the entries of the changed paths, including extended headers, and the opaque folders. */
async function changedRanges(
  reader: ArchiveReader,
  layer: ArchiveLayer,
  { kept, deleted }: { readonly kept: ReadonlySet<string>; readonly deleted: ReadonlySet<string> },
  signal: AbortSignal | undefined,
): Promise<{ readonly ranges: readonly (readonly [from: number, to: number])[]; readonly opaque: ReadonlySet<string> }> {
  const ranges: [number, number][] = [];
  const opaque = new Set<string>();
  let open: number | null = null;
  for await (const { offset, name, type } of reader.listRaw(layer, signal === undefined ? {} : { signal })) {
    if (open !== null) ranges.push([open, offset]);
    const path = plainPath(Buffer.from(name).toString('utf8').replace(/^\.\//, ''));
    if (type === 'directory' && deleted.has(path)) opaque.add(path);
    open = type !== 'global' && (kept.has(path) || opaque.has(path)) ? offset : null;
  }
  if (open !== null) ranges.push([open, layer.blobBytes]);
  return { ranges, opaque };
}

async function* layerPieces(
  file: string,
  ranges: readonly (readonly [number, number])[],
  whiteouts: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whiteouts.length; at += BATCH) {
    throwIfCancelled(signal);
    const entries = await tarBytes(whiteouts.slice(at, at + BATCH).map((name) => ({ name, mode: 0 })));
    // Omit the blocks that end a tar.
    yield entries.subarray(0, entries.length - 2 * BLOCK);
  }
  const descriptor = openSync(file, 'r');
  try {
    for (const [from, to] of ranges) {
      for (let at = from; at < to; ) {
        throwIfCancelled(signal);
        const piece = new Uint8Array(Math.min(PIECE, to - at));
        const count = readSync(descriptor, piece, 0, piece.length, at);
        if (count === 0) break;
        yield piece.subarray(0, count);
        at += count;
      }
    }
  } finally {
    closeSync(descriptor);
  }
  yield new Uint8Array(2 * BLOCK);
}
