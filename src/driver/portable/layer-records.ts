// The layers of a portable store: those with their own record, and those that come from its images.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { asLayerscopeError, LayerscopeError } from '#model';
import { type LayerRecord, parseLayerId, parseLayerRecord, shortLayerId } from './layer-record.ts';
import type { LayoutImages } from './layout-images.ts';
import { readJson, readOwnFile, statsOf, writeDurably } from './own-files.ts';

export interface RecordPlaces {
  /** Folder for the records. */
  readonly folder: string;
  /** Folder for unfinished files, in the same file system as `folder`. */
  readonly temporary: string;
  readonly images: () => Promise<LayoutImages>;
  /** Durably removes a file from the folder. */
  readonly remove: (name: string) => Promise<void>;
}

/** The layers of a home by id. */
export class LayerRecords {
  readonly #places: RecordPlaces;

  constructor(places: RecordPlaces) {
    this.#places = places;
  }

  file(id: string): string {
    return path.join(this.#places.folder, `${id}.json`);
  }

  /** Whether a layer has its own record, readable or not. */
  async isRecorded(id: string): Promise<boolean> {
    return (await statsOf(this.file(id))) !== null;
  }

  /** Returns a layer, whether it has a record or comes from an image. Throws NOT_FOUND, NAME_REFUSED, IO for a malformed record. */
  async read(id: string): Promise<LayerRecord> {
    const known = parseLayerId(id);
    const record = await this.#find(known);
    if (record === null) throw new LayerscopeError('NOT_FOUND', `no layer ${known}`);
    return record;
  }

  async #find(id: string): Promise<LayerRecord | null> {
    const value = await readJson(this.file(id));
    if (value !== undefined) return parseLayerRecord(id, value);
    return (await this.#places.images()).layers.get(id) ?? null;
  }

  /** Returns the layer's parents, nearest first. Throws IO if the chain is broken. */
  async parents(id: string, record: LayerRecord): Promise<{ readonly id: string; readonly record: LayerRecord }[]> {
    const parents: { readonly id: string; readonly record: LayerRecord }[] = [];
    const seen = new Set([id]);
    for (let parent = record.parent; parent !== null; ) {
      if (seen.has(parent)) throw new LayerscopeError('IO', `layer ${id} is broken: ${parent} is below itself`);
      seen.add(parent);
      const below = await this.#find(parent);
      if (below === null) throw new LayerscopeError('IO', `layer ${id} is broken: its parent ${parent} is missing`);
      parents.push({ id: parent, record: below });
      parent = below.parent;
    }
    return parents;
  }

  /** Returns every layer, or the error of its record, sorted by id. Throws UNSUPPORTED if a newer version wrote one. */
  async all(): Promise<Map<string, LayerRecord | LayerscopeError>> {
    const records = new Map<string, LayerRecord | LayerscopeError>((await this.#places.images()).layers);
    for (const id of await this.#recordedIds()) {
      try {
        const value = await readJson(this.file(parseLayerId(id)));
        // Undefined if the record was removed after the folder was listed.
        if (value !== undefined) records.set(id, parseLayerRecord(id, value));
      } catch (error) {
        const problem = asLayerscopeError(error);
        if (problem.code === 'UNSUPPORTED') throw problem;
        records.set(id, problem);
      }
    }
    return new Map([...records].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async #recordedIds(): Promise<string[]> {
    const names = await readdir(this.#places.folder).catch((error: unknown) => {
      if (asLayerscopeError(error).code === 'NOT_FOUND') return [];
      throw asLayerscopeError(error);
    });
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  }

  async put(id: string, record: LayerRecord): Promise<void> {
    await writeDurably(this.#places.temporary, this.file(id), JSON.stringify(record));
  }

  /**
   * Removes a layer's record, then runs `check` and restores the record if `check` throws. A mount that begins in between thus either
   * doesn't find the layer or is noticed by `check`.
   */
  async withdraw(id: string, check: () => Promise<void>): Promise<void> {
    const { temporary, remove } = this.#places;
    const bytes = (await statsOf(this.file(id))) === null ? null : await readOwnFile(this.file(id)).catch(() => null);
    await remove(`${id}.json`);
    try {
      await check();
    } catch (error) {
      if (bytes !== null) await writeDurably(temporary, this.file(id), bytes);
      throw error;
    }
  }

  /** Lists, for a message, other layers whose parent is one of `ids`; '' if there are none. */
  async childrenOf(ids: ReadonlySet<string>): Promise<string> {
    const children: string[] = [];
    for (const [child, record] of await this.all()) {
      if (!(record instanceof LayerscopeError) && record.parent !== null && ids.has(record.parent) && !ids.has(child)) children.push(child);
    }
    const more = children.length > 5 ? ` and ${children.length - 5} more` : '';
    return children.length === 0 ? '' : `${children.slice(0, 5).map(shortLayerId).join(', ')}${more}`;
  }
}
