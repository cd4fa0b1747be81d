// Messages to and from the worker. Plain values only, because messages are cloned. Each task ends by itself after a moment or, at the latest,
// after one piece of a file, which may take a bounded number of steps; so none has to be cancelled: whoever asks simply doesn't go on.
import type { TableName } from '#catalog/layout';
import type { RowQuery } from './search-query.ts';
import type { CellValue } from './table-file.ts';

/** A problem of one file of a catalog. */
export interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/** Files of a table, and where to begin: `part` is a row group of the first file. */
export interface FilesPart {
  readonly folder: string;
  readonly table: TableName;
  readonly files: readonly string[];
  readonly part: number;
}

/** How far a task came before its time was over: files that are done, and the row group to go on with in the next one. */
export interface Reached {
  readonly done: number;
  readonly part: number;
  readonly problems: readonly FileProblem[];
}

export type TableRow = Readonly<Record<string, CellValue>>;

/** A row of `entries` or `packages` that matches. */
export interface RowHit {
  /** Number of the file among those of the task. */
  readonly file: number;
  readonly row: TableRow;
}

/** The worker's tasks: what each takes and gives. */
export interface Tasks {
  /** Names of a table's files, and when one was last added, in milliseconds since 1970; null without the folder. Throws UNSUPPORTED and what reading a folder throws. */
  list: {
    input: { readonly folder: string; readonly table: TableName };
    output: { readonly names: readonly string[]; readonly isCut: boolean; readonly changed: number | null };
  };
  rows: {
    input: FilesPart & { readonly columns: readonly string[] };
    /** `files`: for each row the number of its file among those of the task. */
    output: Reached & { readonly rows: readonly TableRow[]; readonly files: readonly number[] };
  };
  search: {
    input: FilesPart & { readonly query: RowQuery; readonly most: number };
    output: Reached & { readonly hits: readonly RowHit[]; readonly isCut: boolean };
  };
}

export type TaskName = keyof Tasks;

export type ToWorker = { readonly [N in TaskName]: { readonly id: number; readonly task: N; readonly input: Tasks[N]['input'] } }[TaskName];

export type FromWorker =
  | { readonly id: number; readonly value: Tasks[TaskName]['output'] }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string; readonly detail: string | null } };
