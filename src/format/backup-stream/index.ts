/**
 * Win32 backup streams: the form in which BackupRead returns a file and BackupWrite accepts it. A backup stream is a sequence of streams
 * that contain the file's security descriptor, extended attributes, content, alternate data streams and reparse point ([MS-BKUP]).
 *
 * Begin with stream-reader.ts, which describes the format; stream-writer.ts is its counterpart. extended-attributes.ts and reparse-point.ts
 * parse the data of two kinds of streams.
 */
export * from './extended-attributes.ts';
export * from './reparse-point.ts';
export * from './reparse-tags.ts';
export * from './stream-id.ts';
export * from './stream-reader.ts';
export * from './stream-writer.ts';
