/**
 * Win32 backup streams: a file as BackupRead gives it and BackupWrite takes it, a sequence of streams with its security descriptor,
 * extended attributes, content, alternate data streams and reparse point ([MS-BKUP]).
 *
 * Begin with stream-reader.ts, which describes the format; stream-writer.ts is its counterpart. extended-attributes.ts and reparse-point.ts
 * parse the data of those two streams.
 */
export * from './extended-attributes.ts';
export * from './reparse-point.ts';
export * from './reparse-tags.ts';
export * from './stream-id.ts';
export * from './stream-reader.ts';
export * from './stream-writer.ts';
