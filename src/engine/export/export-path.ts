import { lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { type LayerBodies, type Progress, writeError } from '#archive';
import { type LaidOut, layOut, nodeWord, planTree, type Refusal, removeTree, type TreePlan, type Written } from '#disk';
import { besideName, HeldFolder, openNamedFolder, type TargetFolder } from '#files';
import { FLAG } from '#format/layer';
import { refuseName, splitPath } from '#format/path';
import {
  asLayerscopeError,
  displayPath,
  displayText,
  type Finding,
  LayerscopeError,
  type RowTable,
  rowName,
  rowPath,
  systemWords,
  TYPE,
  throwIfCancelled,
} from '#model';
import type { LoadedImage } from '../image/types.ts';
import { findRow } from '../read/find-row.ts';
import { listView } from '../read/list-view.ts';
import { resolveImagePath } from '../read/resolve-path.ts';
import { sweepBeside } from './named-file.ts';

export interface ExportOptions {
  /** Layer whose view is exported, 0 the bottom. Defaults to the top. */
  readonly layer?: number;
  /** Components of the path in the image; empty for the whole image. Links in parent folders are followed inside the image. */
  readonly parts: readonly Uint8Array[];
  /** Whether to follow a link at the end of the path too, instead of exporting the link itself. */
  readonly followLast?: boolean;
  /** Folder to export into; created if missing. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for an entry left out for safety, or because this system can't store it. */
  readonly onRefused: (refusal: Refusal) => void;
  /** Called for a device or pipe, which exports never create. */
  readonly onSkipped: (skipped: Refusal) => void;
  /** Called for what the disk could not store, such as an attribute. */
  readonly onNotKept?: (found: Finding) => void;
}

/** What an export has written and left out. */
export interface ExportResult extends Written {
  /** The created file or folder; `folder` itself for a whole image. */
  readonly target: string;
  readonly refused: number;
  readonly skipped: number;
}

const RULES = process.platform === 'win32' ? 'windows' : 'unix';

/**
 * Exports a file or folder of an image into `folder` under its own name; for the root, its contents. Everything is written to a temporary
 * folder there (or next to a new folder) and renamed into place at the end, so nothing remains after a failure or cancellation. Nothing
 * outside `folder` is touched, no link is followed while writing, and owners aren't preserved. Throws NOT_FOUND, EXISTS, PATH_ESCAPE and
 * NAME_REFUSED (for the path itself), PERMISSION, IO, CANCELLED.
 */
export async function exportPath(loaded: LoadedImage, options: ExportOptions): Promise<ExportResult> {
  const { stack, image } = loaded;
  const layer = options.layer ?? image.layers.length - 1;
  const rows = listView(stack, layer);
  const resolved = resolveImagePath(loaded, layer, options.parts, { followLast: options.followLast ?? false });
  const parts = splitPath(resolved.path);
  const top = findRow(rows, parts, stack.caseInsensitive);
  if (top === null) throw new LayerscopeError('NOT_FOUND', `no ${displayPath(resolved.path)} in the image`);
  const prefix = resolved.path.length - (parts.at(-1)?.length ?? 0);
  const from = Math.max(top, 0);
  const end = top < 0 ? rows.length : (rows.subtreeEnd[top] as number);
  const plan = planTree(stack, rows, { from, end, prefix, refuseName: (name) => refuseName(name, RULES) });
  const skipped = plan.nodes.flatMap(({ type, names }) => names.map(({ row }) => skippedNode(rows, row, type)));
  if (top >= 0) refuseOnlyEntry(plan, skipped);

  using opened = openTarget(options.folder, top < 0);
  const { folder, newName } = opened;
  let stage: HeldFolder | null = null;
  let kept = false;
  try {
    await sweepBeside(folder.inside);
    const target = targetIn(opened, top < 0 ? null : rowName(rows, top));
    stage = new HeldFolder(besideName(path.join(folder.inside, newName ?? 'entry')));
    const mode = newFolderMode(stage.inside);
    // If the export is a single file and it is refused, throw that error; for a folder, export everything else.
    const alone = top >= 0 && rows.type[top] !== TYPE.directory;
    let refused = 0;
    const onRefused = (refusal: Refusal): void => {
      if (alone) throw new LayerscopeError(refusal.code, `${refusal.path}: ${refusal.message}`);
      refused++;
      options.onRefused(refusal);
    };
    for (const refusal of plan.refused) onRefused(refusal);
    if (top < 0) for (const refusal of await hiddenEscapes(loaded, layer)) onRefused(refusal);
    for (const each of skipped) options.onSkipped(each);
    let doneBytes = 0;
    const laid = await layOut(stack, rows, plan, stage.inside, {
      owners: false,
      setIds: false,
      attributes: false,
      nodes: 'none',
      takesDamage: true,
      signal: options.signal,
      bodiesOf: (at) => bodiesOfLayer(loaded, at, options.signal),
      onBytes: (bytes) => {
        doneBytes += bytes;
        options.onProgress?.({ phase: 'exporting', doneBytes, totalBytes: plan.totalBytes });
      },
      onRefused,
    });
    // For a new folder, the stage is renamed; into an existing one, the entries are moved one by one.
    await laid.closeFolders(newName !== null);
    throwIfCancelled(options.signal);
    folder.requireThere();
    if (newName === null) await moveIntoPlace(folder, stage.inside, laid, target.inside, top < 0);
    else await placeStage(folder, stage, target.inside.toString(), mode);
    kept = true;
    for (const found of laid.findings()) options.onNotKept?.(found);
    return { ...laid.written, target: target.shown.toString(), refused, skipped: skipped.length };
  } catch (error) {
    throw folder.naming(writeError(error, options.folder));
  } finally {
    if (stage !== null) {
      const { identity } = stage;
      stage[Symbol.dispose]();
      await removeTree(stage.path, identity);
    }
    if (!kept) folder.removeMade();
  }
}

function skippedNode(rows: RowTable, row: number, type: number): Refusal {
  const message = `${nodeWord(type)}, not created`;
  return { path: displayPath(rowPath(rows, row)), code: 'UNSUPPORTED', finding: 'not-made', message };
}

function bodiesOfLayer({ reader, image, layers }: LoadedImage, at: number, signal: AbortSignal | undefined): LayerBodies {
  const layer = image.layers[at];
  const indexed = layers[at];
  if (layer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', 'its layer could not be read');
  return reader.openBodies(layer, indexed, signal === undefined ? {} : { signal });
}

/** Throws the refusal if the exported path itself was refused, so that nothing is left to export. */
function refuseOnlyEntry(plan: TreePlan, skipped: readonly Refusal[]): void {
  if (plan.folders.length + plan.bodies.length + plan.symlinks.length > 0) return;
  const first = plan.refused[0] ?? skipped[0];
  if (first !== undefined) throw new LayerscopeError(first.code, `${first.path}: ${first.message}`);
}

/** Where an export goes: directly into `folder`, or into a new folder `newName` inside it. */
class Target implements Disposable {
  readonly folder: TargetFolder;
  readonly newName: string | null;

  constructor(folder: TargetFolder, newName: string | null) {
    this.folder = folder;
    this.newName = newName;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/**
 * Opens the folder to export into, creating it if necessary. For a new folder of a whole image, opens only its parent, because the stage is
 * then renamed to the folder.
 */
function openTarget(named: string, isWhole: boolean): Target {
  const folder = path.resolve(named);
  const waits = isWhole && lstatSync(folder, { throwIfNoEntry: false }) === undefined;
  try {
    return new Target(openNamedFolder(waits ? path.dirname(folder) : folder, true), waits ? path.basename(folder) : null);
  } catch (error) {
    if (error instanceof LayerscopeError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new LayerscopeError('EXISTS', `${displayText(named)} is not a folder`, { cause: error });
    const { code: known, message } = asLayerscopeError(error);
    throw new LayerscopeError(known, `can't create the folder ${displayText(named)}: ${systemWords(error) ?? message}`, { cause: error });
  }
}

/** Returns the mode of new folders under this user's umask. */
function newFolderMode(stage: string): number {
  const probe = path.join(stage, '.mode');
  mkdirSync(probe);
  const { mode } = lstatSync(probe);
  rmdirSync(probe);
  return mode & 0o7777;
}

/** A place below the target folder: the path used to reach it, and the path shown to the user. */
interface Place {
  readonly inside: Buffer;
  readonly shown: Buffer;
}

/** Returns the place for the entry: a free name in the folder, or the folder itself (`name` null) if it is empty or new. Throws EXISTS. */
function targetIn({ folder, newName }: Target, name: Uint8Array | null): Place {
  const last = name ?? (newName === null ? null : Buffer.from(newName));
  if (last === null) {
    if (readdirSync(folder.inside).length > 0) throw new LayerscopeError('EXISTS', `${displayText(folder.path)} is not empty`);
    return { inside: Buffer.from(folder.inside), shown: Buffer.from(folder.path) };
  }
  const below = (at: string): Buffer => Buffer.concat([Buffer.from(at.endsWith(path.sep) ? at : at + path.sep), last]);
  const place = { inside: below(folder.inside), shown: below(folder.path) };
  if (exists(place.inside)) throw new LayerscopeError('EXISTS', `${displayPath(place.shown)} already exists`);
  return place;
}

function exists(target: Buffer): boolean {
  return lstatSync(target, { throwIfNoEntry: false }) !== undefined;
}

/** Moves the laid-out entries to their final place. If one fails, removes those already moved. */
async function moveIntoPlace(folder: TargetFolder, stage: string, laid: LaidOut, target: Buffer, whole: boolean): Promise<void> {
  const moved: { readonly place: Buffer; readonly identity: string | null }[] = [];
  try {
    for (const name of readdirSync(stage, { encoding: 'buffer' })) {
      const identity = identityAt(Buffer.concat([Buffer.from(stage + path.sep), name]));
      const place = whole ? Buffer.concat([target, Buffer.from(path.sep), name]) : target;
      if (exists(place)) throw new LayerscopeError('EXISTS', `${displayPath(place)} already exists`);
      moved.push({ place, identity });
      laid.moveOut(name, place);
    }
    folder.requireThere();
  } catch (error) {
    for (const { place, identity } of moved) await removeTree(place, identity);
    throw error;
  }
}

/** Renames the stage to its final name. If the folder was moved meanwhile, removes the result again. */
async function placeStage(folder: TargetFolder, stage: HeldFolder, target: string, mode: number): Promise<void> {
  stage.placeAt(target, mode);
  try {
    folder.requireThere();
  } catch (error) {
    await removeTree(target, stage.identity);
    throw error;
  }
}

/**
 * Returns an entry's device and inode, in the form of {@link HeldFolder}'s `identity`. A name isn't enough to identify the entry, because
 * another user may give the name to something else. Null on Windows.
 */
function identityAt(entry: Buffer): string | null {
  if (process.platform === 'win32') return null;
  const { dev, ino } = lstatSync(entry, { bigint: true });
  return `${dev}:${ino}`;
}

const MOST_ESCAPES = 1000;

/** Finds entries whose paths point outside the image. No view shows them, so an export of the whole image reports them. */
async function hiddenEscapes({ reader, image, layers }: LoadedImage, upTo: number): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (let index = 0; index <= upTo; index++) {
    const layer = image.layers[index];
    const indexed = layers[index];
    if (layer === undefined || !indexed) continue;
    const { flags, memberCount } = indexed.table;
    for (let member = 0; member < memberCount; member++) {
      if (((flags[member] as number) & (FLAG.escapes | FLAG.rawOnly)) !== (FLAG.escapes | FLAG.rawOnly)) continue;
      if (refusals.length === MOST_ESCAPES) return refusals;
      const { raw } = await reader.readHeader(layer, indexed, member, { maxBytes: 0 });
      refusals.push({
        path: displayPath(raw.name),
        code: 'PATH_ESCAPE',
        finding: 'path-escape',
        message: 'its path points outside the image',
      });
    }
  }
  return refusals;
}
