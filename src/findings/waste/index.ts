/**
 * What an image stores needlessly, by kind, and modes that give more rights than usual. Pure: works on the tables of a stack.
 *
 * - **catalogue**: paths with contents that an image can do without, such as caches (catalogue.ts), found in one pass (path-trie.ts).
 * - **place**: a path in one layer that is in the catalogue; everything at or below it is one finding.
 *
 * Begin with waste-findings.ts, for what is always reported. same-content.ts needs the digests of all files, which a scan computes.
 */
export { cacheNodes } from './cache-nodes.ts';
export { SameContents } from './same-content.ts';
export { wasteFindings } from './waste-findings.ts';
