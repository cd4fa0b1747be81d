// Exports from open archives, as streams that keep their archives open.
import { basename } from 'node:path';
import type { ArchiveReader } from '#archive';
import type { ImageRef, ViewRef } from '#contract';
import { encodeUtf8, jsonText, LayerscopeError } from '#model';
import { type Exported, exportEntry, fileName } from '../export/entry-export.ts';
import { exportImage, exportLayerBlob, type LayerForm } from '../export/image-export.ts';
import { inspectArchive } from '../image/inspect-archive.ts';
import type { EntryOf } from '../image/types.ts';
import { compareImages, viewOf } from '../read/compare-images.ts';
import { configDifferences } from '../read/config-differences.ts';
import { configLines, differenceLines } from '../read/json-lines.ts';
import type { OpenArchive } from './open-archive.ts';

/** What can be exported: a file or folder, a layer, an image, a comparison as the command line's JSON, a report on an archive as JSON. */
export type ExportRequest =
  | { readonly what: 'entry'; readonly entry: EntryOf }
  | ({ readonly what: 'layer'; readonly form: LayerForm } & ViewRef)
  | ({ readonly what: 'image'; readonly format: 'docker-archive' | 'oci-archive' } & ImageRef)
  | { readonly what: 'comparison'; readonly a: ViewRef; readonly b: ViewRef }
  | { readonly what: 'report'; readonly archiveId: string };

export interface ExportSources {
  /** Throws NOT_FOUND. */
  readonly find: (archiveId: string) => OpenArchive;
  readonly reader: ArchiveReader;
}

/** Prepares an export without reading anything yet. Throws NOT_FOUND, BLOB_MISSING, UNSUPPORTED. */
export function exportedOf({ find, reader }: ExportSources, wanted: ExportRequest): Exported {
  if (wanted.what === 'entry') {
    const open = find(wanted.entry.archiveId);
    const { layer, path } = wanted.entry;
    const entry = exportEntry(open.loaded(wanted.entry.image, layer), layer, path);
    return { ...entry, bytes: (signal) => whileOpen([open], signal, (use) => entry.bytes(use)) };
  }
  if (wanted.what === 'layer' || wanted.what === 'image') {
    const open = find(wanted.archiveId);
    const whole = wanted.what === 'layer' ? exportLayerBlob(open.archive, wanted) : exportImage(open.archive, wanted);
    return { ...whole, bytes: (signal) => whileOpen([open], signal, (use) => whole.bytes(use)) };
  }
  if (wanted.what === 'report') {
    const open = find(wanted.archiveId);
    const report = (use: AbortSignal) => inspectArchive(reader, open.archive, { signal: use });
    const name = fileName(`${basename(open.summary().title)}.json`);
    return { name, totalBytes: null, leftOut: 0, bytes: (signal) => whileOpen([open], signal, (use) => jsonOf(report(use))) };
  }
  const { a, b } = wanted;
  const [openA, openB] = [find(a.archiveId), find(b.archiveId)];
  const [viewA, viewB] = [viewOf(openA.loaded(a.image, a.layer), a), viewOf(openB.loaded(b.image, b.layer), b)];
  const lines = async function* (use: AbortSignal): AsyncGenerator<Uint8Array> {
    const comparison = await compareImages(viewA, viewB, { signal: use });
    yield* batched(differenceLines(viewA, viewB, comparison));
    yield* batched(configLines(configDifferences(viewA, viewB) ?? []));
  };
  return { name: 'differences.jsonl', totalBytes: null, leftOut: 0, bytes: (signal) => whileOpen([openA, openB], signal, lines) };
}

/** Streams `bytes` and keeps the archives open meanwhile. */
async function* whileOpen(
  opens: readonly OpenArchive[],
  signal: AbortSignal,
  bytes: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const [first, ...rest] = opens;
  if (first === undefined) yield* bytes(signal);
  else yield* first.during(signal, (use) => whileOpen(rest, use, bytes));
}

async function* jsonOf(value: Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield encodeUtf8(`${jsonText(await value, 2)}\n`);
}

const BATCH_LETTERS = 65_536;

function* batched(lines: Iterable<string>): Generator<Uint8Array> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < BATCH_LETTERS) continue;
    yield encodeUtf8(text);
    text = '';
  }
  yield encodeUtf8(text);
}

/** Error for a saved export that lacks `count` entries; the file itself is complete and stays. */
export function leftOutError(count: number): LayerscopeError {
  const words = count === 1 ? '1 entry whose name or link leads' : `${count} entries whose names or links lead`;
  return new LayerscopeError('PATH_ESCAPE', `saved without ${words} out of the image`);
}
