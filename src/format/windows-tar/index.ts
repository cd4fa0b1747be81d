/**
 * Files of Windows layers in a tar, as go-winio's backuptar package stores them: PAX records carry attributes, times and security
 * descriptors, and extra members carry alternate data streams.
 *
 * to-tar.ts and from-tar.ts convert between a file's backup stream and tar members, and describe the format. tar-writer.ts writes the same
 * bytes as Go's archive/tar, so that digests agree.
 */
export * from './backup-cursor.ts';
export * from './base64.ts';
export * from './byte-string.ts';
export * from './file-info.ts';
export * from './from-tar.ts';
export * from './record-keys.ts';
export type { TarForm, TarHeader } from './tar-header.ts';
export { readTarPieces } from './tar-pieces.ts';
export * from './tar-time.ts';
export * from './tar-writer.ts';
export * from './to-tar.ts';
