// Lays a plan out in a new folder. The order of the steps makes each of them safe without checking where paths lead. Folders and files come
// first, each newly created, then hard links, devices and pipes. Symbolic links follow; from then on, no entries are created below any
// name. Extended attributes are next. The owners, modes and times of folders come last, because adding an entry changes a folder's times,
// and a mode may deny access to this user.
import fs from 'node:fs';
import type { LayerBodies } from '#archive';
import type { EntryAt, Stack } from '#changes';
import { linkName } from '#format/layer';
import { type ErrorCode, type Finding, type FindingCode, type RowTable, TYPE, throwIfCancelled } from '#model';
import { DiskTree, type Keeps } from './disk-tree.ts';
import type { Attributes } from './extended-attributes.ts';
import { type Facts, factsAt, folderFacts } from './facts.ts';
import { errorCode, isAboutEntry, refusalText } from './system-errors.ts';
import { type Planned, type PlannedEntry, type Refusal, refusal, type TreePlan } from './tree-plan.ts';
import { type BodyFailure, LazyBodies, type WriteBodyOptions, writeBody } from './write-body.ts';

const ENTRIES_A_TURN = 64;

/** Counts of what was created. */
export interface Written {
  /** Number of names, including each hard link. */
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  readonly bytes: number;
}

export interface LayOutOptions extends Keeps {
  readonly attributes: boolean;
  /** Which devices and pipes to create. With `none`, the caller creates all of them; with `pipes`, devices are left out and reported. */
  readonly nodes: 'all' | 'pipes' | 'none';
  /** Opens the bodies of a layer; members are requested in tar order. Throws BLOB_MISSING if the layer has no blob. */
  readonly bodiesOf: (layer: number) => LayerBodies;
  /** If true, a file whose body can't be read is reported and left out; otherwise the error stops the work. */
  readonly takesDamage: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly onRefused: (refusal: Refusal) => void;
}

/** A plan laid out, except for the facts of folders. */
export interface LaidOut {
  readonly written: Written;
  /** Sets owners, modes and times of folders, deepest first; `top` says whether to include those directly in the root. */
  closeFolders(top: boolean): Promise<void>;
  /** Sets the root's facts. */
  closeRoot(facts: Facts): void;
  /** Moves an entry that is directly in the root to `place`; if it is a folder, also sets its facts. */
  moveOut(name: Uint8Array, place: Buffer): void;
  /** Returns what could not be preserved; call this last. */
  findings(): readonly Finding[];
}

/**
 * Lays a plan out in `root`, the absolute path of a new folder that only this process writes to. Problems with individual entries are
 * passed to `onRefused`, and the rest is laid out. Throws CANCELLED, and errors about the disk as a whole.
 */
export async function layOut(stack: Stack, rows: RowTable, plan: TreePlan, root: string, options: LayOutOptions): Promise<LaidOut> {
  return new Laying(stack, rows, plan, root, options).run();
}

class Laying implements LaidOut {
  readonly #stack: Stack;
  readonly #rows: RowTable;
  readonly #plan: TreePlan;
  readonly #options: LayOutOptions;
  readonly #tree: DiskTree;
  /** Rows of folders that could not be created; everything below them is left out. */
  readonly #lost = new Set<number>();
  readonly #folders: Planned[] = [];
  /** Rows of the folders directly in the root, by name; made for {@link moveOut}. */
  #topFolders: ReadonlyMap<string, number> | null = null;
  readonly #attributes: { readonly path: Uint8Array; readonly attributes: Attributes }[] = [];
  /** Files with attributes: their owner is set before the attributes, all other facts after. */
  readonly #late: { readonly path: Uint8Array; readonly facts: Facts }[] = [];
  readonly written = { files: 0, folders: 0, links: 0, bytes: 0 };
  readonly #bodyOptions: WriteBodyOptions;
  #turn = 0;

  constructor(stack: Stack, rows: RowTable, plan: TreePlan, root: string, options: LayOutOptions) {
    this.#stack = stack;
    this.#rows = rows;
    this.#plan = plan;
    this.#options = options;
    this.#tree = new DiskTree(root, options);
    const { takesDamage, signal, onBytes } = options;
    this.#bodyOptions = {
      takesDamage,
      signal,
      onBytes: (bytes) => {
        this.written.bytes += bytes;
        onBytes?.(bytes);
      },
    };
  }

  async run(): Promise<LaidOut> {
    await this.#makeFolders();
    await this.#makeFiles();
    for (const node of this.#plan.nodes) {
      if (this.#options.nodes === 'all' || (this.#options.nodes === 'pipes' && node.type === TYPE.fifo)) await this.#makeNode(node);
      else if (this.#options.nodes === 'pipes') for (const { path } of this.#names(node)) this.#tree.shortfalls.note('device', path);
    }
    for (const link of this.#plan.symlinks) await this.#makeSymlink(link);
    for (const { path, facts } of this.#late) this.#tree.setOwner(path, facts);
    this.#tree.setAttributes(this.#attributes);
    for (const { path, facts } of this.#late) this.#tree.setOtherFacts(path, facts);
    return this;
  }

  async closeFolders(top: boolean): Promise<void> {
    for (const { row, path } of this.#folders.toReversed()) {
      await this.#breathe();
      if (top || path.includes(0x2f)) this.#tree.setFacts(this.#tree.at(path), path, folderFacts(this.#stack, this.#rows, row));
    }
  }

  closeRoot(facts: Facts): void {
    const path = new Uint8Array(0);
    this.#tree.setAttributes([{ path, attributes: this.#tree.kept(path, facts.attributes) }]);
    this.#tree.setFacts(this.#tree.at(path), path, facts);
  }

  moveOut(name: Uint8Array, place: Buffer): void {
    this.#topFolders ??= new Map(this.#folders.filter(({ path }) => !path.includes(0x2f)).map(({ path, row }) => [keyOf(path), row]));
    const row = this.#topFolders.get(keyOf(name));
    if (row === undefined) fs.renameSync(this.#tree.at(name), place);
    else this.#tree.moveFolder(name, place, folderFacts(this.#stack, this.#rows, row));
  }

  findings(): readonly Finding[] {
    return this.#tree.shortfalls.findings();
  }

  async #breathe(): Promise<void> {
    throwIfCancelled(this.#options.signal);
    if (++this.#turn % ENTRIES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #refuse(row: number, code: ErrorCode, finding: FindingCode, message: string): void {
    this.#options.onRefused(refusal(this.#rows, row, code, finding, message));
  }

  /** Runs the calls for one entry. Reports an error about the entry and returns false; throws any other error. */
  #attempt(row: number, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!isAboutEntry(error)) throw error;
      const code = errorCode(error);
      if (code === 'EEXIST')
        this.#refuse(row, 'NAME_REFUSED', 'case-collision', 'this file system treats its name as that of another entry');
      else this.#refuse(row, 'NAME_REFUSED', 'not-made', refusalText(error));
      return false;
    }
  }

  async #makeFolders(): Promise<void> {
    for (const folder of this.#plan.folders) {
      await this.#breathe();
      const { row, path } = folder;
      const isLost = this.#lost.has(this.#rows.parent[row] as number);
      if (isLost || !this.#attempt(row, () => this.#tree.makeFolder(path))) {
        this.#lost.add(row);
        continue;
      }
      this.#folders.push(folder);
      this.written.folders++;
      if (this.#options.attributes) this.#keepAttributes(path, folderFacts(this.#stack, this.#rows, row).attributes);
    }
  }

  #keepAttributes(path: Uint8Array, all: Attributes): void {
    const attributes = this.#tree.kept(path, all);
    if (attributes.length > 0) this.#attributes.push({ path, attributes });
  }

  #names({ names }: PlannedEntry): Planned[] {
    return this.#lost.size === 0 ? [...names] : names.filter(({ row }) => !this.#lost.has(this.#rows.parent[row] as number));
  }

  async #makeFiles(): Promise<void> {
    const { bodies } = this.#plan;
    for (let at = 0; at < bodies.length; ) {
      const layer = bodies[at]?.source.layer ?? 0;
      await using source = this.#openLayer(layer);
      for (let body = bodies[at]; body?.source.layer === layer; body = bodies[++at]) {
        await this.#breathe();
        await this.#makeFile(body, source);
      }
    }
  }

  /** Opens the layer only when a non-empty body is requested. */
  #openLayer(layer: number): LazyBodies {
    return new LazyBodies(() => this.#options.bodiesOf(layer));
  }

  async #makeFile(body: PlannedEntry, source: LazyBodies): Promise<void> {
    const { member, layer } = body.source;
    const facts = factsAt(this.#stack, body.source);
    const names = this.#names(body);
    let descriptor = -1;
    let made: Planned | undefined;
    while (made === undefined) {
      const next = names.shift();
      if (next === undefined) return;
      if (this.#attempt(next.row, () => (descriptor = this.#tree.makeFile(next.path)))) made = next;
    }
    const { path, row } = made;
    let failure: BodyFailure | null = null;
    try {
      const size = this.#stack.layers[layer]?.size[member] ?? 0;
      failure = await writeBody(descriptor, source, member, size, this.#bodyOptions);
      const isLate = this.#options.attributes && facts.attributes.length > 0;
      if (failure === null && isLate) this.#late.push({ path, facts });
      else if (failure === null) this.#tree.setFacts(descriptor, path, facts);
    } finally {
      fs.closeSync(descriptor);
    }
    if (failure !== null) {
      fs.unlinkSync(this.#tree.at(path));
      for (const { row: each } of [{ row }, ...names]) this.#refuse(each, failure.code, 'not-made', failure.message);
      return;
    }
    this.written.files++;
    if (this.#options.attributes) this.#keepAttributes(path, facts.attributes);
    this.#linkAll(path, names, facts);
  }

  /**
   * Creates further names of a file. If the file system allows no more links, the next name becomes a copy, and later names link to the
   * copy.
   */
  #linkAll(path: Uint8Array, names: readonly Planned[], facts: Facts): void {
    let existing = path;
    for (const { row, path: name } of names) {
      const isMade = this.#attempt(row, () => {
        if (this.#tree.makeLink(existing, name)) return;
        this.#tree.copyFile(existing, name);
        this.#tree.shortfalls.note('link', name);
        this.#late.push({ path: name, facts });
        if (this.#options.attributes) this.#keepAttributes(name, facts.attributes);
        existing = name;
      });
      if (isMade) this.written.files++;
    }
  }

  async #makeSymlink(link: PlannedEntry): Promise<void> {
    await this.#breathe();
    const facts = factsAt(this.#stack, link.source);
    const target = targetOf(this.#stack, link.source);
    let existing: Uint8Array | null = null;
    for (const { row, path } of this.#names(link)) {
      if (target.length === 0) {
        this.#refuse(row, 'NAME_REFUSED', 'not-made', 'a symbolic link whose target is empty');
        continue;
      }
      const first: Uint8Array | null = existing;
      const isMade = this.#attempt(row, () => {
        if (first !== null && CAN_LINK_SYMLINKS && this.#tree.makeLink(first, path)) return;
        this.#tree.makeSymlink(path, target, facts);
        if (first !== null) this.#tree.shortfalls.note('link', path);
        if (this.#options.attributes) this.#keepAttributes(path, facts.attributes);
      });
      if (!isMade) continue;
      existing ??= path;
      this.written.links++;
    }
  }

  async #makeNode(node: PlannedEntry): Promise<void> {
    await this.#breathe();
    const facts = factsAt(this.#stack, node.source);
    let existing: Uint8Array | null = null;
    for (const { row, path } of this.#names(node)) {
      const first: Uint8Array | null = existing;
      let isMade = false;
      const isAnswered = this.#attempt(row, () => {
        isMade = first !== null && this.#tree.makeLink(first, path);
        if (isMade) return;
        isMade = this.#tree.makeNode(path, node.type, facts);
        if (!isMade) return;
        if (first !== null) this.#tree.shortfalls.note('link', path);
        if (this.#options.attributes) this.#keepAttributes(path, facts.attributes);
        this.#late.push({ path, facts });
      });
      if (isMade) existing ??= path;
      else if (isAnswered) this.#refuse(row, 'PERMISSION', 'not-made', `${nodeWord(node.type)} that this user or file system cannot make`);
    }
  }
}

/** Whether hard-linking a symbolic link links the symlink itself rather than its target. Source: link(2) of Linux and macOS. */
const CAN_LINK_SYMLINKS = process.platform === 'linux';

export function nodeWord(type: number): string {
  return type === TYPE.fifo ? 'a pipe' : 'a device';
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('latin1');
}

function targetOf(stack: Stack, { layer, member }: EntryAt): Uint8Array {
  const table = stack.layers[layer];
  return (table ? linkName(table, member) : null) ?? new Uint8Array(0);
}
