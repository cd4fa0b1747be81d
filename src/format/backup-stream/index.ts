export * from './extended-attributes.ts';
export * from './reparse-point.ts';
export * from './reparse-tags.ts';
export * from './stream-id.ts';
export * from './stream-reader.ts';
export * from './stream-writer.ts';
