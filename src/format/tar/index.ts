export { TarReader } from './reader.ts';
export * from './types.ts';
