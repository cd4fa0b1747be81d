export { Bzip2Unpacker } from './bzip2.ts';
export type { Unpacker } from './unpacker.ts';
export { XzUnpacker } from './xz.ts';
