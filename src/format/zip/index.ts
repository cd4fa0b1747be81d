/**
 * Lists the files in a ZIP archive by its central directory, without extracting anything.
 *
 * - **end record**: the last structure of the file; locates the central directory. Large archives (ZIP64) have another one.
 * - **central directory**: the list of entries.
 *
 * Callers read the file's last ZIP_TAIL_BYTES for `findZipDirectory`, then the directory for `zipEntries`.
 */
export * from './central-directory.ts';
