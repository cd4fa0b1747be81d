// Exports from open archives, as streams that keep their archives open.
import path from 'node:path';
import type { ArchiveReader } from '#archive';
import type { ImageRef, ViewRef } from '#contract';
import { encodeUtf8, jsonText, LayerscopeError } from '#model';
import { type Exported, exportEntry, fileName } from '../export/entry-export.ts';
import { exportImage, exportLayerBlob, type LayerForm } from '../export/image-export.ts';
import { saveFile } from '../export/save-file.ts';
import { inspectArchive } from '../image/inspect-archive.ts';
import type { EntryOf, LoadedImage } from '../image/types.ts';
import { compareImages, viewOf } from '../read/compare-images.ts';
import { configDifferences, withSecretsMarked } from '../read/config-differences.ts';
import { configLines, differenceLines } from '../read/json-lines.ts';
import type { Jobs } from './jobs.ts';
import type { OpenArchive } from './open-archive.ts';

/**
 * What can be exported: a file or folder, a layer, an image, a comparison as the command line's JSON, a report on an archive as JSON, a
 * registry key as a .reg file.
 */
export type ExportRequest =
  | { readonly what: 'entry'; readonly entry: EntryOf }
  | ({ readonly what: 'layer'; readonly form: LayerForm } & ViewRef)
  | ({ readonly what: 'image'; readonly format: 'docker-archive' | 'oci-archive' } & ImageRef)
  | { readonly what: 'comparison'; readonly a: ViewRef; readonly b: ViewRef }
  | { readonly what: 'report'; readonly archiveId: string }
  | ({ readonly what: 'registry'; readonly hive: string; readonly path: string } & ViewRef);

export interface ExportsOptions {
  readonly reader: ArchiveReader;
  readonly jobs: Jobs;
  /** Finds an open archive. Throws NOT_FOUND. */
  readonly find: (archiveId: string) => OpenArchive;
}

/** Methods throw NOT_FOUND, BLOB_MISSING, UNSUPPORTED. */
export interface Exports {
  /** Prepares an export without reading anything yet. The archive stays open while the export's bytes are read. */
  exported(wanted: ExportRequest): Exported;
  /** Starts a job that saves an export as `target`, replacing an existing file. Returns the job's id. */
  save(wanted: ExportRequest, target: string): string;
}

export function createExports(options: ExportsOptions): Exports {
  return {
    exported: (wanted) => exportedOf(options, wanted),
    save(wanted, target) {
      const { name, totalBytes, leftOut, bytes } = exportedOf(options, wanted);
      const about = wanted.what === 'comparison' ? wanted.b : wanted.what === 'entry' ? wanted.entry : wanted;
      const title = path.basename(target);
      return options.jobs.start({ kind: 'export', title, archiveId: about.archiveId }, async ({ signal, report }) => {
        report({ phase: `saving ${name}`, doneBytes: 0, totalBytes });
        report({ digest: await saveFile(target, bytes(signal), { signal, onBytes: (doneBytes) => report({ doneBytes }) }) });
        if (leftOut > 0) throw leftOutError(leftOut);
      });
    },
  };
}

function exportedOf({ find, reader }: ExportsOptions, wanted: ExportRequest): Exported {
  if (wanted.what === 'entry') {
    const open = find(wanted.entry.archiveId);
    const { layer, path: entryPath } = wanted.entry;
    const entry = exportEntry(open.loaded(wanted.entry.image, layer), layer, entryPath);
    return { ...entry, bytes: (signal) => whileOpen([open], signal, (use) => entry.bytes(use)) };
  }
  if (wanted.what === 'layer' || wanted.what === 'image') {
    const open = find(wanted.archiveId);
    const whole = wanted.what === 'layer' ? exportLayerBlob(open.archive, wanted) : exportImage(open.archive, wanted);
    return { ...whole, bytes: (signal) => whileOpen([open], signal, (use) => whole.bytes(use)) };
  }
  if (wanted.what === 'report') {
    const open = find(wanted.archiveId);
    const scan = open.archive.images.some(({ index }) => open.isScanned(index));
    const report = (use: AbortSignal) => inspectArchive(reader, open.archive, { scan, signal: use });
    const name = fileName(`${path.basename(open.summary().title)}.json`);
    return { name, totalBytes: null, leftOut: 0, bytes: (signal) => whileOpen([open], signal, (use) => jsonOf(report(use))) };
  }
  if (wanted.what === 'registry') {
    const open = find(wanted.archiveId);
    const loaded = open.loaded(wanted.image, wanted.layer);
    const name = fileName(`${wanted.path.split('\\').at(-1) || path.posix.basename(wanted.hive)}.reg`);
    return { name, totalBytes: null, leftOut: 0, bytes: (signal) => whileOpen([open], signal, () => regBytes(loaded, wanted)) };
  }
  const { a, b } = wanted;
  const [openA, openB] = [find(a.archiveId), find(b.archiveId)];
  const [viewA, viewB] = [viewOf(openA.loaded(a.image, a.layer), a), viewOf(openB.loaded(b.image, b.layer), b)];
  const lines = async function* (use: AbortSignal): AsyncGenerator<Uint8Array> {
    const comparison = await compareImages(viewA, viewB, { signal: use });
    yield* batched(differenceLines(viewA, viewB, comparison));
    yield* batched(configLines(withSecretsMarked(configDifferences(viewA, viewB) ?? [])));
  };
  return { name: 'differences.jsonl', totalBytes: null, leftOut: 0, bytes: (signal) => whileOpen([openA, openB], signal, lines) };
}

async function* regBytes(
  loaded: LoadedImage,
  { hive, path: key, ...part }: { readonly hive: string; readonly path: string } & Pick<ViewRef, 'layer' | 'since'>,
): AsyncGenerator<Uint8Array> {
  const { ImageRegistry, registryPlace, regOfView } = await import('#engine/registry');
  const view = viewOf(loaded, part);
  const registry = new ImageRegistry(view.loaded);
  yield* regOfView(await registry.view(registry.keyOf(hive), view.layer), registryPlace(hive), key).pieces;
}

/** Streams `bytes`, keeping the archives open until the stream ends. */
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

/** Creates the error for a saved export that lacks `count` entries. The file is kept. */
function leftOutError(count: number): LayerscopeError {
  const words = count === 1 ? '1 entry whose path or link points' : `${count} entries whose paths or links point`;
  return new LayerscopeError('PATH_ESCAPE', `saved without ${words} outside the image`);
}
