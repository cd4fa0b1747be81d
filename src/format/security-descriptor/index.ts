/**
 * Windows security descriptors: owner, group and access control lists of a file ([MS-DTYP] 2.4.6), in three forms.
 *
 * descriptor.ts has the model. binary.ts parses and encodes the self-relative form, from-sddl.ts and to-sddl.ts are for SDDL text, and
 * in-words.ts describes a descriptor for people. Conditions of conditional entries: condition-tokens.ts (bytes), condition-text.ts (SDDL).
 */
export * from './binary.ts';
export * from './descriptor.ts';
export * from './from-sddl.ts';
export * from './in-words.ts';
export { sidDisplayName } from './sddl-names.ts';
export { encodeSid, readSid } from './sid.ts';
export * from './to-sddl.ts';
