/**
 * Layers listed by their table of contents (TOC) instead of their tar: the rows equal those from the tar's own headers, and also locate
 * each file's content in the blob. A TOC is only a claim: toc-checks.ts refuses impossible ones, and `tocDifference` compares a TOC with
 * the tar.
 *
 * Begin with toc-table.ts.
 */
export * from './chunk-columns.ts';
export * from './toc-checks.ts';
export * from './toc-difference.ts';
export * from './toc-table.ts';
export * from './ztoc-table.ts';
