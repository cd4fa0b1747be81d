export { Bzip2Unpacker } from './bzip2.ts';
export type { Unpacker } from './unpacker.ts';
export { type Sha256, XzUnpacker } from './xz.ts';
