/** zstd:chunked: zstd layers whose files can be read one by one, using the same TOC as eStargz. `position.ts` finds the TOC. */
export * from './position.ts';
