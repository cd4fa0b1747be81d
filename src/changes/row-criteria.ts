import { KIND, type RowTable, TYPE } from '#model';
import { ALL_DIFFERENCES, differenceClass } from './difference-classes.ts';
import { fileTypeOf } from './file-types.ts';

/** A filter's criteria other than path and type. */
export interface RowCriteria {
  /** Kinds to include, as bits `1 << KIND`; 15: all. */
  readonly kinds: number;
  /** Minimum for the row's own bytes, visible or hidden. */
  readonly minBytes: number;
  /** Differences of modified rows to include, as bits of DIFFERENCE_CLASS; absent: all. */
  readonly differences?: number;
  /** Index in FILE_TYPES that files and hard links must have; absent: all rows. */
  readonly fileType?: number | undefined;
}

const ALL_KINDS = (1 << KIND.unchanged) | (1 << KIND.added) | (1 << KIND.modified) | (1 << KIND.removed);

/** Returns whether a row meets the criteria; null if all rows do. */
export function criteriaTest(table: RowTable, criteria: RowCriteria): ((row: number) => boolean) | null {
  const { minBytes, differences = ALL_DIFFERENCES, fileType } = criteria;
  const kinds = criteria.kinds & ALL_KINDS;
  if (kinds === ALL_KINDS && minBytes <= 0 && differences === ALL_DIFFERENCES && fileType === undefined) return null;
  const { kind, size, hiddenBytes, type } = table;
  const isFile = (row: number) => type[row] === TYPE.file || type[row] === TYPE.hardlink;
  return (row) =>
    ((kinds >>> (kind[row] as number)) & 1) === 1 &&
    (differences === ALL_DIFFERENCES || differs(table, row, differences)) &&
    (minBytes <= 0 || (size[row] as number) >= minBytes || (hiddenBytes[row] as number) >= minBytes) &&
    (fileType === undefined || (isFile(row) && fileTypeOf(table, row) === fileType));
}

/** Whether a row is added, removed, or differs in one of the classes. An unchanged folder is in the table only for what it contains. */
function differs(table: RowTable, row: number, classes: number): boolean {
  if (table.kind[row] === KIND.unchanged) return false;
  const found = differenceClass(table, row);
  return found === 0 || (found & classes) !== 0;
}
