// What system errors mean, in words. Node.js identifies them by codes, and its messages ("EISDIR: illegal operation on a directory, read")
// name system calls rather than what happened.

/** By code, phrased to follow a path and a colon. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  EEXIST: 'it already exists',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name or path is too long for this system',
  ELOOP: 'its symbolic links lead in a circle',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the file system or a limit of this process allows',
  EIO: 'the disk failed to read or write',
  EBUSY: 'it is in use',
  ETXTBSY: 'it is a program that is running',
  EMFILE: 'this process has too many files open',
  ENFILE: 'this system has too many files open',
  ENOMEM: 'there is too little memory',
  EXDEV: 'it is on another file system',
  EMLINK: 'it has as many hard links as the file system allows',
  ENXIO: 'no device or program is at its other end',
  ENODEV: 'no such device',
  ESTALE: 'it is gone from the network file system',
  ENOTSUP: 'the file system does not support it',
  EOPNOTSUPP: 'the file system does not support it',
  EINVAL: 'the file system does not allow it',
  EILSEQ: 'the file system does not allow the name',
  ENOTCONN: 'the network file system is not connected',
  EHOSTDOWN: 'the network file system does not answer',
  EAGAIN: 'it has no data at the moment',
};

interface SystemError {
  readonly code?: unknown;
  readonly path?: unknown;
  readonly dest?: unknown;
}

/** What a file system error means: `permission denied`. Null for any other error. */
export function systemWords(error: unknown): string | null {
  const { code } = (error ?? {}) as SystemError;
  return typeof code === 'string' && Object.hasOwn(WORDS, code) ? (WORDS[code] ?? null) : null;
}

/** The path that a system error is about; for a rename or a link, the new name. Null if the error doesn't name one. */
export function systemPath(error: unknown): string | null {
  const { path, dest } = (error ?? {}) as SystemError;
  const named = dest ?? path;
  return typeof named === 'string' && named !== '' ? named : null;
}

/** The methods of a file's stats that are needed here. */
interface FileStats {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** Describes what is at a path, such as `a folder`, for messages that say a file was expected. */
export function fileKind(stats: FileStats): string {
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}
