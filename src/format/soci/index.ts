/**
 * SOCI: an index stored alongside a plain gzip layer, which makes it possible to read the layer's files one by one. A zTOC lists the
 * entries of the tar and contains checkpoints of the gzip stream. Begin with ztoc.ts.
 */
export * from './ztoc.ts';
