export { TarReader, type TarReaderOptions } from './reader.ts';
export * from './types.ts';
