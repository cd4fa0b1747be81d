import { lstatSync, mkdirSync, readdirSync, realpathSync, renameSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { besideName, HeldFolder, type LayerBodies, type Progress, writeError } from '#archive';
import { type LaidOut, layOut, nodeWord, planTree, type Refusal, removeTree, type TreePlan, type Written } from '#disk';
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
  TYPE,
  throwIfCancelled,
} from '#model';
import type { LoadedImage } from '../image/types.ts';
import { findRow } from '../read/find-row.ts';
import { listView } from '../read/list-view.ts';
import { resolveImagePath } from '../read/resolve-path.ts';
import { sweepBeside } from './place-file.ts';

export interface ExportOptions {
  /** Layer whose view is exported, 0 the bottom. Defaults to the top. */
  readonly layer?: number;
  /** Components of the path in the image; empty for the whole image. Links in parent folders are followed inside the image. */
  readonly parts: readonly Uint8Array[];
  /** Whether a link at the end of the path is followed too; if not, the link itself is exported. */
  readonly followLast?: boolean;
  /** Folder to export into; created if it doesn't exist. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for an entry left out for safety, or because this system can't store it. */
  readonly onRefused: (refusal: Refusal) => void;
  /** Called for a device or pipe, which exports never create. */
  readonly onSkipped: (skipped: Refusal) => void;
  /** Called for what the disk could not keep, such as an attribute. */
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
 * Exports a file or folder of an image into `folder` under its own name; for the root, its contents. Everything is written to a
 * temporary folder there (or beside a new folder) and renamed into place at the end, so nothing remains after a failure or cancel.
 * Nothing outside `folder` is touched, no link is followed while writing, and owners aren't kept.
 * Throws NOT_FOUND, EXISTS, PATH_ESCAPE and NAME_REFUSED (for the path itself), PERMISSION, IO, CANCELLED.
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

  const opened = openFolder(options.folder, top < 0);
  let stage: HeldFolder | null = null;
  let kept = false;
  try {
    await sweepBeside(opened.isNew ? path.dirname(opened.folder) : opened.folder);
    const target = targetIn(opened.folder, top < 0 ? null : rowName(rows, top));
    // A new folder is the renamed stage; into an existing folder the entries are moved one by one.
    const asOne = top < 0 && opened.isNew;
    stage = new HeldFolder(besideName(asOne ? opened.folder : path.join(opened.folder, 'entry')));
    const mode = newFolderMode(stage.inside);
    // If a single file is refused, that is the error; of a folder everything else is still exported.
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
    await laid.closeFolders(asOne);
    throwIfCancelled(options.signal);
    if (asOne) nameFolder(opened.folder, stage, mode);
    else await moveIntoPlace(stage.inside, laid, target, top < 0);
    kept = true;
    for (const found of laid.findings()) options.onNotKept?.(found);
    return { ...laid.written, target: top < 0 ? opened.folder : target.toString(), refused, skipped: skipped.length };
  } catch (error) {
    throw writeError(error, options.folder);
  } finally {
    if (stage !== null) {
      stage[Symbol.dispose]();
      await removeTree(stage.path);
    }
    if (!kept) opened.undo();
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

/**
 * Creates the folder to export into if it doesn't exist. For a whole image only its parent is created: the stage is then renamed to it.
 * `undo` removes what was created.
 */
function openFolder(named: string, isWhole: boolean): { folder: string; isNew: boolean; undo(): void } {
  const folder = path.resolve(named);
  const waits = isWhole && statSync(folder, { throwIfNoEntry: false }) === undefined && !isLink(folder);
  const parent = waits ? path.dirname(folder) : folder;
  try {
    const made = mkdirSync(parent, { recursive: true });
    return {
      folder: waits ? path.join(realpathSync(parent), path.basename(folder)) : realpathSync(folder),
      isNew: waits || made !== undefined,
      undo: () => (made === undefined ? undefined : removeEmpty(parent, made)),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new LayerscopeError('EXISTS', `${displayText(named)} is not a folder`, { cause: error });
    const { code: known } = asLayerscopeError(error);
    throw new LayerscopeError(known, `can't create the folder ${displayText(named)}: ${code ?? 'unknown error'}`, { cause: error });
  }
}

function isLink(name: string): boolean {
  return lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Mode of new folders under this user's umask. */
function newFolderMode(stage: string): number {
  const probe = path.join(stage, '.mode');
  mkdirSync(probe);
  const { mode } = lstatSync(probe);
  rmdirSync(probe);
  return mode & 0o7777;
}

/** Gives the stage its final name and mode. Throws EXISTS if something appeared there meanwhile. */
function nameFolder(folder: string, stage: HeldFolder, mode: number): void {
  stage.setMode(mode);
  try {
    renameSync(stage.path, folder);
    stage.requireAt(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR' || (process.platform === 'win32' && code === 'EPERM'))
      throw new LayerscopeError('EXISTS', `${displayText(folder)} already exists`);
    throw error;
  }
}

/** Removes empty folders from `folder` up to `made`. */
function removeEmpty(folder: string, made: string): void {
  for (let at = folder; at.length >= made.length; at = path.dirname(at)) rmdirSync(at);
}

/** Returns where the entry goes: a free name in the folder, or the folder itself (`name` null) if it is empty or new. Throws EXISTS. */
function targetIn(folder: string, name: Uint8Array | null): Buffer {
  if (name === null) {
    if (exists(Buffer.from(folder)) && readdirSync(folder).length > 0)
      throw new LayerscopeError('EXISTS', `${displayText(folder)} is not empty`);
    return Buffer.from(folder);
  }
  const target = Buffer.concat([Buffer.from(folder + path.sep), name]);
  if (exists(target)) throw new LayerscopeError('EXISTS', `${displayPath(target)} already exists`);
  return target;
}

function exists(target: Buffer): boolean {
  return lstatSync(target, { throwIfNoEntry: false }) !== undefined;
}

/** Moves the laid-out entries to their final place. If one fails, removes those already moved. */
async function moveIntoPlace(stage: string, laid: LaidOut, target: Buffer, whole: boolean): Promise<void> {
  const moved: Buffer[] = [];
  try {
    for (const name of readdirSync(stage, { encoding: 'buffer' })) {
      const place = whole ? Buffer.concat([target, Buffer.from(path.sep), name]) : target;
      if (exists(place)) throw new LayerscopeError('EXISTS', `${displayPath(place)} already exists`);
      moved.push(place);
      laid.moveOut(name, place);
    }
  } catch (error) {
    for (const place of moved) await removeTree(place);
    throw error;
  }
}

const MOST_ESCAPES = 1000;

/** Finds entries whose names lead out of the image. No view shows them, so an export of the whole image reports them. */
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
        message: 'its name leads out of the image',
      });
    }
  }
  return refusals;
}
