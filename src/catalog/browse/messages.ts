// Messages to and from the worker. Only plain values, because messages are cloned. Each task ends by itself after a moment or, at the
// latest, after one row group, which takes a limited number of steps. So tasks need no cancellation: the caller just doesn't start the next
// one.
import type { TableName } from '#catalog/layout';
import type { RowQuery } from './search-query.ts';
import type { CellValue } from './table-file.ts';

/** A problem with one file of a catalog. */
export interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/** Files of a table, and where to begin: `part` is the index of a row group in the first file. */
export interface FilesPart {
  readonly folder: string;
  readonly table: TableName;
  readonly files: readonly string[];
  readonly part: number;
}

/** How far a task got before its time was up: the number of finished files, and the row group to continue with in the next file. */
export interface Reached {
  readonly done: number;
  readonly part: number;
  readonly problems: readonly FileProblem[];
}

export type TableRow = Readonly<Record<string, CellValue>>;

/** A matching row of `entries` or `packages`. */
export interface RowHit {
  /** Index of the file in the task's list. */
  readonly file: number;
  readonly row: TableRow;
}

/** The worker's tasks, each with its input and output. */
export interface Tasks {
  /**
   * Lists the names of a table's files, and when a file was last added, in milliseconds since 1970; null if there is no folder. Throws
   * UNSUPPORTED, and the errors of reading a folder.
   */
  list: {
    input: { readonly folder: string; readonly table: TableName };
    output: { readonly names: readonly string[]; readonly isCut: boolean; readonly changed: number | null };
  };
  rows: {
    input: FilesPart & { readonly columns: readonly string[] };
    /** `files`: for each row, the index of its file in the task's list. */
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
