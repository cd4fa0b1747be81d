import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { inTurns } from '#engine/turns';
import { type Hive, isHive, MAX_HIVE_BYTES, needsLogs, openHive, ProblemList, walkHive } from '#format/registry-hive';
import { asLayerscopeError, displayText, fileError, fileKind, formatSize, LayerscopeError, throwIfCancelled } from '#model';

/** Suffixes of a hive's log files, in the order in which they are applied. */
export const LOG_SUFFIXES = ['.LOG1', '.LOG2', '.LOG'] as const;

const READ_BYTES = 8 * 1024 * 1024;
/** Opens without blocking, because a pipe would block until it has a writer. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** Whether a file on this machine starts like a hive; false if it can't be read. */
export async function isHiveFile(file: string): Promise<boolean> {
  let handle: FileHandle | null = null;
  try {
    // A pipe must not be opened here: closing it again would end its writer, and the image may still have to be read from it.
    if (!(await stat(file)).isFile()) return false;
    handle = await open(file, READ);
    if (!(await handle.stat()).isFile()) return false;
    const start = new Uint8Array(4);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    return isHive(start.subarray(0, bytesRead));
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}

/**
 * Opens a hive on this machine. `logs` are its log files. By default, the logs of a dirty hive are looked for next to it, ignoring the case
 * of their names. Throws what `openHive` throws; NOT_FOUND, PERMISSION, IO, CANCELLED.
 */
export async function openHiveFile(
  file: string,
  { logs, signal }: { readonly logs?: readonly string[]; readonly signal?: AbortSignal } = {},
): Promise<Hive> {
  const bytes = await readWhole(file, signal);
  const files = logs ?? (needsLogs(bytes) ? await logsBeside(file) : []);
  const logBytes: Uint8Array[] = [];
  for (const log of files) logBytes.push(await readWhole(log, signal));
  try {
    return openHive(bytes, logBytes);
  } catch (error) {
    const { code, message, offset } = asLayerscopeError(error);
    throw new LayerscopeError(code, `${displayText(file)}: ${message}`, { cause: error, ...(offset === undefined ? {} : { offset }) });
  }
}

async function logsBeside(file: string): Promise<string[]> {
  const folder = path.dirname(file);
  // If a folder can be entered but not listed, its files can still be opened by name.
  const names = await readdir(folder).catch(() =>
    LOG_SUFFIXES.map((suffix) => path.basename(file) + suffix).filter((name) => existsSync(path.join(folder, name))),
  );
  const base = path.basename(file).toLowerCase();
  return LOG_SUFFIXES.map((suffix) => names.find((name) => name.toLowerCase() === base + suffix.toLowerCase()))
    .filter((name) => name !== undefined)
    .map((name) => path.join(folder, name));
}

async function readWhole(file: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file, READ);
    const stats = await handle.stat();
    if (!stats.isFile()) throw new LayerscopeError('IO', `${displayText(file)} is ${fileKind(stats)}, not a file`);
    const { size } = stats;
    if (size > MAX_HIVE_BYTES)
      throw new LayerscopeError(
        'TOO_LARGE',
        `${displayText(file)} has ${formatSize(size)}; a registry hive has at most ${formatSize(MAX_HIVE_BYTES)}`,
      );
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      throwIfCancelled(signal);
      const { bytesRead } = await handle.read(bytes, at, Math.min(READ_BYTES, size - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } catch (error) {
    throw fileError(error, file);
  } finally {
    await handle?.close();
  }
}

/** How many keys, values and problems a hive has. */
export interface HiveFigures {
  readonly keys: number;
  readonly values: number;
  readonly problems: number;
}

/** Counts a hive's keys and values by reading all of it, yielding to the event loop. Throws CANCELLED. */
export async function hiveFigures(hive: Hive, signal?: AbortSignal): Promise<HiveFigures> {
  const problems = new ProblemList(hive.problems);
  let keys = 0;
  let values = 0;
  for await (const key of inTurns(walkHive(hive, problems), signal)) {
    keys++;
    values += key.values.length;
  }
  return { keys, values, problems: problems.count };
}
