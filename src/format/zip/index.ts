/**
 * Lists the files in a ZIP archive by its central directory, without extracting anything.
 *
 * - **end record**: the last structure of the file; it says where the central directory is. ZIP64 has its own for large archives.
 * - **central directory**: the list of entries.
 *
 * Callers read the file's last ZIP_TAIL_BYTES for `findZipDirectory`, then the directory for `zipEntries`.
 */
export * from './central-directory.ts';
