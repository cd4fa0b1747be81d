// Reads what the window shows first when a catalog is opened: all of `images` and `history`, and the severities in `findings`.
import path from 'node:path';
import { digestName, type TableName } from '#catalog/layout';
import type { CatalogProblem } from '#contract';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { MOST_IMAGES, MOST_PROBLEMS, MOST_STEPS, MOST_TEXT } from './bounds.ts';
import type { CatalogThread } from './catalog-thread.ts';
import type { FileProblem, TableRow } from './messages.ts';
import { FINDING_COLUMNS, IMAGE_COLUMNS, type Overview, OverviewBuilder, STEP_COLUMNS } from './overview.ts';

const FILES_AT_A_TIME = 256;

export interface ReadCatalog extends Overview {
  readonly problems: readonly CatalogProblem[];
  /** Number of all problems; `problems` has only the first ones. */
  readonly problemsTotal: number;
  /** When an image was last added, in milliseconds since 1970; null if unknown. */
  readonly indexed: number | null;
  /** Files that can be searched. */
  readonly entryFiles: ReadonlySet<string>;
  readonly packageFiles: ReadonlySet<string>;
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (phase: string) => void;
}

/**
 * Reads a catalog's overview. Throws CANCELLED, PERMISSION, IO; files that can't be read or exceed the limits are reported in `problems`.
 */
export async function readOverview(thread: CatalogThread, folder: string, options: ReadOptions): Promise<ReadCatalog> {
  const reading = new Reading(thread, folder, options);
  await reading.images();
  await reading.history();
  await reading.findings();
  return reading.result();
}

class Reading {
  readonly #thread: CatalogThread;
  readonly #folder: string;
  readonly #options: ReadOptions;
  readonly #builder = new OverviewBuilder();
  readonly #problems: CatalogProblem[] = [];
  #images = 0;
  #steps = 0;
  #text = 0;
  #indexed: number | null = null;

  constructor(thread: CatalogThread, folder: string, options: ReadOptions) {
    this.#thread = thread;
    this.#folder = folder;
    this.#options = options;
  }

  async images(): Promise<void> {
    const names = await this.#list('images');
    await this.#read('images', names, IMAGE_COLUMNS, (_file, rows) => {
      this.#images += rows.length;
      if (this.#images > MOST_IMAGES) throw new LayerscopeError('TOO_LARGE', 'the catalog has more images than can be shown');
      for (const row of rows) this.#builder.addImage(row);
    });
  }

  async history(): Promise<void> {
    const { names, ids } = this.#filesOf(await this.#list('history'));
    await this.#read('history', names, STEP_COLUMNS, (file, rows) => {
      this.#steps += rows.length;
      if (this.#steps > MOST_STEPS) throw new LayerscopeError('TOO_LARGE', 'the images have more layers than can be shown');
      this.#builder.addHistory(ids[file] as string, rows);
    });
  }

  async findings(): Promise<void> {
    const there = await this.#list('findings');
    const { names, ids } = this.#filesOf(there);
    const have = new Set(ids);
    for (const id of this.#builder.ids) if (!have.has(id)) this.#builder.addFindings(id, []);
    await this.#read('findings', names, FINDING_COLUMNS, (file, rows) => this.#builder.addFindings(ids[file] as string, rows));
  }

  async result(): Promise<ReadCatalog> {
    const entryFiles = new Set(await this.#list('entries'));
    const packageFiles = new Set(await this.#list('packages'));
    for (const id of this.#builder.ids) if (packageFiles.has(fileOf(id))) this.#builder.addPackaged(id);
    const all = [...this.#builder.problems, ...this.#problems];
    return {
      ...this.#builder.build(),
      problems: all.slice(0, MOST_PROBLEMS),
      problemsTotal: all.length,
      indexed: this.#indexed,
      entryFiles,
      packageFiles,
    };
  }

  /** Returns a table's files that describe images of the catalog, and the ids of those images. */
  #filesOf(there: readonly string[]): { readonly names: readonly string[]; readonly ids: readonly string[] } {
    const have = new Set(there);
    const ids = this.#builder.ids.filter((id) => have.has(fileOf(id)));
    return { names: ids.map(fileOf), ids };
  }

  async #list(table: TableName): Promise<readonly string[]> {
    throwIfCancelled(this.#options.signal);
    this.#options.onProgress(`listing ${table}`);
    const { names, isCut, changed } = await this.#thread.run('list', { folder: this.#folder, table });
    if (table === 'images') this.#indexed = changed;
    if (isCut)
      this.#problem({ file: table, code: 'TOO_LARGE', message: 'the folder has more files than the limit; the rest are not read' });
    return names;
  }

  /** Calls `onFile` with the rows of each file, until it throws TOO_LARGE; rows passed before that are kept. */
  async #read(
    table: TableName,
    names: readonly string[],
    columns: readonly string[],
    onFile: (file: number, rows: readonly TableRow[]) => void,
  ): Promise<void> {
    let rowsOfFile: TableRow[] = [];
    let part = 0;
    try {
      for (let at = 0; at < names.length; ) {
        throwIfCancelled(this.#options.signal);
        this.#options.onProgress(`reading ${table}: file ${at + 1} of ${names.length}`);
        const files = names.slice(at, at + FILES_AT_A_TIME);
        const found = await this.#thread.run('rows', { folder: this.#folder, table, files, part, columns });
        for (const problem of found.problems) this.#problem(problem);
        const parts = rowsByFile(found.rows, found.files, rowsOfFile);
        for (let file = 0; file < found.done; file++) onFile(at + file, this.#counted(parts.get(file) ?? []));
        rowsOfFile = parts.get(found.done) ?? [];
        at += found.done;
        part = found.part;
      }
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code !== 'TOO_LARGE') throw error;
      this.#problem({ file: table, code: error.code, message: error.message });
    }
  }

  #counted(rows: readonly TableRow[]): readonly TableRow[] {
    for (const row of rows) for (const cell of Object.values(row)) if (typeof cell === 'string') this.#text += cell.length;
    if (this.#text > MOST_TEXT) throw new LayerscopeError('TOO_LARGE', 'the catalog has more text than can be shown');
    return rows;
  }

  #problem({ file, code, message }: FileProblem): void {
    this.#problems.push({ subject: displayText(path.join(path.basename(this.#folder), file)), code, message });
  }
}

/** Groups rows by the number of their file. `before`: rows of the first file that were read earlier, which come first. */
function rowsByFile(rows: readonly TableRow[], files: readonly number[], before: TableRow[]): Map<number, TableRow[]> {
  const parts = new Map<number, TableRow[]>([[0, before]]);
  for (const [index, row] of rows.entries()) {
    const file = files[index] as number;
    const part = parts.get(file);
    if (part === undefined) parts.set(file, [row]);
    else part.push(row);
  }
  return parts;
}

function fileOf(id: string): string {
  return `${digestName(id)}.parquet`;
}
