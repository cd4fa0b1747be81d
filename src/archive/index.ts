export { compressionOf, plainTarOf, type ReadPlainOptions, readPlain } from './plain-tar.ts';
export { createReader } from './reader.ts';
export type * from './types.ts';
export { type NewImage, type NewMember, packDockerArchive, packOciArchive, packTar, tarBytes } from './write-archive.ts';
