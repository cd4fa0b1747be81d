import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { FLAG } from '#format/layer';
import { asLayerscopeError, displayPath, type ErrorCode, LayerscopeError, type RowTable, rowPath } from '#model';
import type { ExportPlan, PlannedBody, Refusal } from './export-plan.ts';
import type { LoadedImage } from './types.ts';

/** Errors of the system that are about one name, not about the disk: the entry is told and left out. */
const NAME_ERRORS = new Set([
  'ENAMETOOLONG',
  'EILSEQ',
  'EINVAL',
  'EEXIST',
  'ENOTDIR',
  'ELOOP',
  'EPERM',
  'ENOTSUP',
  'EFBIG',
  'ERR_INVALID_ARG_VALUE',
]);
/** Errors of the image that are about one body. */
const BODY_ERRORS = new Set<ErrorCode>(['TRUNCATED', 'DAMAGED', 'BAD_TAR', 'BLOB_MISSING', 'UNSUPPORTED']);
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const FILES_A_TURN = 64;
/** Latest second that every file system's calls take; earlier than 1970 is taken too. */
const LAST_SECOND = 2 ** 31 * 4;

/** What was made. */
export interface Written {
  /** Names: a hard link counts. */
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  readonly bytes: number;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((doneBytes: number) => void) | undefined;
  readonly onRefused: (refusal: Refusal) => void;
}

/**
 * Lays a plan out in `stage`, a fresh folder that only this process writes. Folders are made one by one, each new, and symbolic
 * links come last: nothing is ever written through a link. Modes lose their set-id bits: what a foreign image holds should not
 * run as its writer here. Throws CANCELLED, IO, PERMISSION; what concerns one entry is told through `onRefused`.
 */
export async function writeExport(
  loaded: LoadedImage,
  rows: RowTable,
  plan: ExportPlan,
  stage: string,
  options: WriteOptions,
): Promise<Written> {
  const { signal, onProgress } = options;
  const root = Buffer.from(stage + path.sep);
  const lost = new Set<string>();
  const onDisk = (name: Uint8Array): Buffer => Buffer.concat([root, name]);
  const refuse = (row: number, code: ErrorCode, message: string): void =>
    options.onRefused({ path: displayPath(rowPath(rows, row)), code, message });

  /** Runs one entry's calls; an error about its name is told and gives null, any other is thrown. */
  const attempt = <T>(row: number, work: () => T): { readonly value: T } | null => {
    try {
      return { value: work() };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!NAME_ERRORS.has(code)) throw error;
      if (code === 'EEXIST') refuse(row, 'NAME_REFUSED', 'this disk takes its name for that of another entry');
      else refuse(row, 'NAME_REFUSED', `the system refuses it: ${code}`);
      return null;
    }
  };

  let turn = 0;
  const breathe = async (): Promise<void> => {
    signal?.throwIfAborted();
    if (++turn % FILES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  };

  const folders = [];
  for (const folder of plan.folders) {
    await breathe();
    const parent = parentText(folder.path);
    if (parent !== null && lost.has(parent)) {
      lost.add(keyOf(folder.path));
      continue;
    }
    if (attempt(folder.row, () => mkdirSync(onDisk(folder.path), 0o700))) folders.push(folder);
    else lost.add(keyOf(folder.path));
  }
  const isLost = (name: Uint8Array): boolean => {
    const parent = parentText(name);
    return parent !== null && lost.has(parent);
  };

  let doneBytes = 0;
  let files = 0;
  for (const body of plan.bodies) {
    await breathe();
    const names = body.names.filter(({ path: name }) => !isLost(name));
    let first: Buffer | null = null;
    for (const { row, path: name } of names) {
      const target = onDisk(name);
      if (first !== null) {
        const existing = first;
        if (attempt(row, () => linkSync(existing, target)) !== null) files++;
        continue;
      }
      const opened = attempt(row, () => openSync(target, NEW_FILE, 0o600));
      if (opened === null) continue;
      const failure = await writeBody(loaded, body, opened.value, signal, (bytes) => {
        doneBytes += bytes;
        onProgress?.(doneBytes);
      });
      if (failure !== null) {
        unlinkSync(target);
        for (const each of names) refuse(each.row, failure.code, failure.message);
        break;
      }
      first = target;
      files++;
    }
  }

  let links = 0;
  for (const { row, path: name, target } of plan.symlinks) {
    await breathe();
    if (isLost(name)) continue;
    const made = onDisk(name);
    if (attempt(row, () => symlinkSync(Buffer.from(target), made))) {
      links++;
      const seconds = clampSeconds(rows.mtime[row] as number);
      attempt(row, () => lutimesSync(made, seconds, seconds));
    }
  }

  // The deepest first: a folder's time changes with its content, and its mode may shut us out.
  for (const { row, path: name } of folders.reverse()) {
    const seconds = clampSeconds(rows.mtime[row] as number);
    const made = onDisk(name);
    attempt(row, () => utimesSync(made, seconds, seconds));
    attempt(row, () => chmodSync(made, (rows.mode[row] as number) & 0o1777));
  }
  return { files, folders: folders.length, links, bytes: doneBytes };
}

/** Takes a stage away, whatever modes its folders have by now. */
export function removeStage(stage: string, plan: ExportPlan | null): void {
  for (const { path: name } of plan?.folders ?? []) {
    try {
      chmodSync(Buffer.concat([Buffer.from(stage + path.sep), name]), 0o700);
    } catch (error) {
      // Not made yet, or its parent was never made: nothing to open up.
      if (!['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL', 'EILSEQ'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  rmSync(stage, { recursive: true, force: true, maxRetries: 3 });
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
}

function parentText(name: Uint8Array): string | null {
  const slash = name.lastIndexOf(0x2f);
  return slash < 0 ? null : keyOf(name.subarray(0, slash));
}

function clampSeconds(seconds: number): number {
  return Number.isFinite(seconds) ? Math.max(-LAST_SECOND, Math.min(LAST_SECOND, seconds)) : 0;
}

/** Fills and closes `file`; gives back the image's error where the body can't be read to its end. Holes stay holes. */
async function writeBody(
  loaded: LoadedImage,
  { source }: PlannedBody,
  file: number,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<LayerscopeError | null> {
  const { reader, image, layers, stack } = loaded;
  const layer = image.layers[source.layer];
  const indexed = layers[source.layer];
  const table = stack.layers[source.layer];
  try {
    if (layer === undefined || !indexed || !table) throw new LayerscopeError('BLOB_MISSING', 'its layer could not be read');
    const size = table.size[source.member] as number;
    const sparse = ((table.flags[source.member] as number) & FLAG.sparse) !== 0;
    const stored = sparse ? (await reader.readHeader(layer, indexed, source.member, signal ? { signal } : {})).raw.sparse : null;
    ftruncateSync(file, size);
    for (const [start, length] of stored ?? [[0, size] as const]) {
      let at = start;
      if (length === 0) continue;
      for await (const chunk of reader.readBody(layer, indexed, source.member, { start, length, ...(signal ? { signal } : {}) })) {
        for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done, chunk.length - done, at + done);
        at += chunk.length;
        onBytes(chunk.length);
      }
    }
    const meta = table.metas[table.meta[source.member] as number];
    const seconds = clampSeconds((table.mtimeSeconds[source.member] as number) + (table.mtimeNanos[source.member] ?? 0) / 1e9);
    futimesSync(file, seconds, seconds);
    fchmodSync(file, (meta?.mode ?? 0o644) & 0o1777);
    return null;
  } catch (thrown) {
    const error = asLayerscopeError(thrown);
    if (error.code === 'IO' && (thrown as NodeJS.ErrnoException).code === 'EFBIG')
      return new LayerscopeError('TOO_LARGE', 'larger than this disk takes');
    if (!BODY_ERRORS.has(error.code)) throw thrown;
    return error;
  } finally {
    closeSync(file);
  }
}
