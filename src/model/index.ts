/**
 * The vocabulary that all rooms share: errors and findings with their hints, digests, entry types, paths as text, sizes, reports, and
 * `RowTable`, the columns that hold changes and views. Pure, with no imports.
 *
 * Begin with `errors.ts` (what can be thrown) and `row-table.ts` with `row-columns.ts` (what a list of changes is).
 */
export * from './digest.ts';
export * from './entry-type.ts';
export * from './errors.ts';
export * from './findings.ts';
export { grouped } from './grouped.ts';
export * from './hints.ts';
export * from './image.ts';
export * from './json-text.ts';
export * from './path-text.ts';
export * from './quantity.ts';
export type { Rest } from './rest.ts';
export * from './row-columns.ts';
export * from './row-table.ts';
export * from './system-error.ts';
export * from './trim-end.ts';
export * from './unset-time.ts';
export * from './waste-hints.ts';
export * from './windows-case.ts';
export * from './windows-path.ts';
