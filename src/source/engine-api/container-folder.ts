// Makes a layer of a container's own changes from the folder in which overlay2 keeps them. The engine lists the changed paths; their
// entries come from the folder. The engine's own export would have to pack the container's whole file system.
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Archive, ArchiveReader } from '#archive';
import { type ChangedEntry, IS_RESTRICTED, tarOfChanges, type WalkedEntry, walkTree } from '#disk';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { plainPath } from './container-layer.ts';
import type { ContainerChange } from './engine-client.ts';

/** The only attribute in Docker's exports. */
const CAPABILITY = 'security.capability';
/** Matches the last component of the data root if Docker uses user namespaces, which shift the files' ids. */
const REMAPPED = /^\d+\.\d+$/;
const SECOND = 1_000_000_000n;

/**
 * Whether containers may be read from the folders of the Docker at a socket. This process must run as root, which can read everything
 * without changing anything, and the socket must belong to root. That doesn't prove that the folders are on this machine: a socket that
 * root forwarded from another one looks the same.
 */
export function canReadContainers(socket: string, dataRoot: string): boolean {
  return process.platform === 'linux' && !IS_RESTRICTED && !REMAPPED.test(path.basename(dataRoot)) && statSync(socket).uid === 0;
}

/**
 * Opens a container's changes from `folder` as an archive of one layer, which the caller disposes of. Throws IO if the container changes
 * meanwhile; UNSUPPORTED if an entry can't be read as it would be in an export; PERMISSION, NOT_FOUND, CANCELLED.
 */
export async function openContainerFolder(
  reader: ArchiveReader,
  { name, folder }: { readonly name: string; readonly folder: string },
  changes: readonly ContainerChange[],
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<Archive> {
  const changed = await changedEntries(folder, changes, signal);
  return reader.openStream(tarOfChanges(folder, changed, signal), name, signal === undefined ? {} : { signal });
}

async function changedEntries(
  folder: string,
  changes: readonly ContainerChange[],
  signal: AbortSignal | undefined,
): Promise<readonly ChangedEntry[]> {
  const isDeleted = new Map(changes.map(({ path: at, kind }) => [byteText(plainPath(at)), kind === 'deleted']));
  /** Changed folders, each with the entry that is written to the tar. Other folders aren't the container's own, so they aren't written. */
  const exported = new Map<WalkedEntry, WalkedEntry>();
  const changed: ChangedEntry[] = [];
  for await (const walked of walkTree(folder, signal)) {
    throwIfCancelled(signal);
    const deleted = isDeleted.get(walked.path);
    const parent = walked.parent === null ? null : (exported.get(walked.parent) ?? null);
    const entry = asExported(walked, parent);
    if (deleted === undefined) continue;
    if (entry.kind === 'directory') exported.set(walked, entry);
    const isWhiteout = entry.kind === 'character' && entry.device === 0;
    if (isWhiteout !== deleted && !(deleted && entry.kind === 'directory')) throw changedMeanwhile(walked.path);
    isDeleted.delete(walked.path);
    // A folder that hides what was there before is reported by the engine as deleted.
    if (isWhiteout) changed.push({ entry: null, path: walked.path, folder: parent });
    else changed.push({ entry, path: walked.path, folder: parent, isOpaque: deleted });
  }
  for (const [at, deleted] of isDeleted) {
    if (!deleted) throw changedMeanwhile(at);
    changed.push({ entry: null, path: at, folder: null });
  }
  return changed;
}

function changedMeanwhile(at: string): LayerscopeError {
  return new LayerscopeError('IO', `${displayText(at)} changed while the container was read`);
}

/** Returns an entry as an export would have it: with whole seconds, and file capabilities as the only attributes. */
function asExported(entry: WalkedEntry, parent: WalkedEntry | null): WalkedEntry {
  if (entry.attributes === null && entry.kind === 'file')
    throw new LayerscopeError('UNSUPPORTED', 'this system can’t read extended attributes');
  const ns = BigInt(entry.mtimeNs);
  const mtimeNs = String(ns - (((ns % SECOND) + SECOND) % SECOND));
  return { ...entry, parent, mtimeNs, attributes: (entry.attributes ?? []).filter(([key]) => key === CAPABILITY) };
}

/** Converts a string to the form that walkTree uses: a character for each byte. */
function byteText(text: string): string {
  return Buffer.from(text).toString('latin1');
}
