/**
 * eStargz: gzip layers whose files can be read one by one. A table of contents (TOC) lists every entry of the tar, and which gzip members
 * contain its content; a footer points to the TOC. zstd:chunked layers have the same TOC.
 *
 * Begin with footer.ts, then toc.ts.
 */
export * from './footer.ts';
export * from './toc.ts';
