/**
 * Bolt databases (bbolt), in which containerd stores the names of images: buckets of keys and values in a B+ tree of pages. Read-only; the
 * caller provides a function that reads bytes from the file. Begin with bolt-file.ts.
 */
export * from './bolt-file.ts';
