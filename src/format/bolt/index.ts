/**
 * Bolt databases (bbolt), in which containerd keeps its names: buckets of keys and values in a B+ tree of pages. Read only; the caller
 * provides a function that reads bytes of the file. Begin with bolt-file.ts.
 */
export * from './bolt-file.ts';
