export { createReader } from './reader.ts';
export type * from './types.ts';
