/**
 * Atomic writes: files and folders get their final name only when they are complete.
 *
 * - **unfinished file**: a file under a temporary name, which becomes the target by a rename or a hard link.
 * - **beside name**: a temporary name next to the target, which contains the process mark.
 * - **process mark**: identifies the process that made a file, so that others can remove what a killed process left behind.
 * - **marked folder**: a temporary folder with a process mark in its name.
 * - **held folder**: a new folder accessed by descriptor, because other users may rename it.
 * - **target folder**: an existing folder named by the user, accessed by descriptor in the same way.
 * - **settings file**: a small file written by the user or the administrator, read completely and within a size limit.
 * - **own package**: a library that isn't in the bundles, loaded only from the program's own folders.
 * - **reading bounds**: the folders to which a process may be restricted.
 * - **program**: another program that this one starts, found only in absolute folders on the PATH.
 *
 * Start with place.ts: every atomic write of the program goes through it.
 */
export { besideName, isLeftBeside } from './beside-name.ts';
export { type Compressor, canWriteZstd, checkCompressor, compressed } from './compressed.ts';
export { findProgram } from './find-program.ts';
export {
  isThroughForeignLink,
  makeWithoutForeignLinks,
  openNamedFolder,
  openUnexchangeable,
  openWithoutForeignLinks,
} from './foreign-link.ts';
export { HeldFolder, openEntryItself, openFolderItself, pathOfDescriptor } from './held-folder.ts';
export { makeMarkedFolder } from './marked-folder.ts';
export { loadOwnPackage } from './own-package.ts';
export {
  createFile,
  flushFolder,
  linkNew,
  placeFile,
  placeFolder,
  replaceFile,
  replaceFileSync,
  writeWhole,
} from './place.ts';
export { isProcessThere, PROCESS_MARK, PROCESS_PLACE, processBegan } from './process-mark.ts';
export { isInside, refuseUnreadable, restrictReading } from './reading-bounds.ts';
export { readSettings } from './settings-file.ts';
export { mayOthersRename } from './shared-folder.ts';
export { TargetFolder } from './target-folder.ts';
export { writePieces } from './write-pieces.ts';
