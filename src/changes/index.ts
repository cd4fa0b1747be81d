export { history, lookup, type PathEvent, resolveBody, resolveEntryBody } from './lookup.ts';
export { type CompareOptions, changesOf, compareViews, viewAt } from './row-tables.ts';
export { buildStack } from './stack.ts';
export type * from './types.ts';
export { wastedFiles } from './wasted-files.ts';
