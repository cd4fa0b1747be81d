export * from './binary.ts';
export * from './descriptor.ts';
export * from './from-sddl.ts';
export * from './in-words.ts';
export { sidDisplayName } from './sddl-names.ts';
export { encodeSid, readSid } from './sid.ts';
export * from './to-sddl.ts';
