// Opens files relative to an open folder, with ntdll. A name is looked up in one call, in which the system doesn't follow reparse points
// (OBJ_DONT_REPARSE), so no other process can replace a folder with a link in the meantime. Source: winternl.h, wdm.h; the arguments are
// those of hcsshim's safefile.
import { displayText, LayerscopeError } from '#model';
import { ACCESS, type FileFacts, isLink } from '../native.ts';
import { NativeError } from '../native-error.ts';
import type { Calls } from './calls.ts';

const OBJECT_ATTRIBUTES_BYTES = 48;
const OBJ_CASE_INSENSITIVE = 0x40;
const OBJ_DONT_REPARSE = 0x1000;
const SYNCHRONIZE = 0x0010_0000;
/** FILE_OPEN_FOR_BACKUP_INTENT | FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_REPARSE_POINT: a link at the end of the name is opened itself. */
const OPEN_OPTIONS = 0x0020_4020;
export const FILE_DIRECTORY_FILE = 1;
export const NT_OPEN = 1;
export const NT_CREATE = 2;
const ERROR_REPARSE_POINT_ENCOUNTERED = 4395;
const FILE_ATTRIBUTE_TAG_INFO = 9;
const FILE_STANDARD_INFO = 1;
const STANDARD_INFO_BYTES = 24;
const FILE_LINK_INFORMATION = 11;
const LINK_INFORMATION_BYTES = 24;
const LINK_INFORMATION_NAME = 20;
/** FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE. */
export const SHARE_ALL = 7;
/** Maximum length of a UNICODE_STRING. */
const MAX_NAME_UNITS = 32_767;

export interface NtOpen {
  readonly access: number;
  readonly share: number;
  readonly disposition: number;
  /** Additional options, such as {@link FILE_DIRECTORY_FILE}. */
  readonly options?: number;
}

/**
 * Opens a name below the folder `root`; the caller closes the handle. With empty `parts`, reopens the folder itself. Throws PATH_ESCAPE if
 * the path contains a link, and otherwise the errors listed in native.ts.
 */
export function ntOpen(calls: Calls, root: unknown, parts: readonly string[], how: NtOpen): unknown {
  try {
    return ntCreate(calls, root, parts.join('\\'), how);
  } catch (error) {
    const isStopped = error instanceof NativeError && error.win32 === ERROR_REPARSE_POINT_ENCOUNTERED;
    if (!isStopped || parts.length < 2) throw error;
  }
  return openInSteps(calls, root, parts, how);
}

/**
 * Opens a name one folder at a time, each relative to the previous one, which stays open. Unlike a lookup by the system, this also passes
 * reparse points that aren't links, such as those of Windows' container filter.
 */
function openInSteps(calls: Calls, root: unknown, parts: readonly string[], how: NtOpen): unknown {
  let at = root;
  try {
    for (const part of parts.slice(0, -1)) {
      const access = ACCESS.listFolder | ACCESS.readAttributes;
      const next = ntCreate(calls, at, part, { access, share: SHARE_ALL, disposition: NT_OPEN });
      if (at !== root) calls.now('CloseHandle', at);
      at = next;
      if (isLink(factsOf(calls, at, part))) {
        throw new LayerscopeError('PATH_ESCAPE', `${displayText(parts.join('\\'))}: a link is on the way to it`);
      }
    }
    return ntCreate(calls, at, parts.at(-1) ?? '', how);
  } finally {
    if (at !== root) calls.now('CloseHandle', at);
  }
}

function ntCreate(calls: Calls, root: unknown, name: string, { access, share, disposition, options = 0 }: NtOpen): unknown {
  const shown = displayText(name);
  if (name.length > MAX_NAME_UNITS) throw new LayerscopeError('NAME_REFUSED', `${shown.slice(0, 200)}…: a path too long for Windows`);
  const handle: [unknown] = [null];
  const object = {
    Length: OBJECT_ATTRIBUTES_BYTES,
    RootDirectory: root,
    ObjectName: { Length: name.length * 2, MaximumLength: name.length * 2, Buffer: name },
    Attributes: OBJ_DONT_REPARSE | OBJ_CASE_INSENSITIVE,
    SecurityDescriptor: null,
    SecurityQualityOfService: null,
  };
  const status = calls.now(
    'NtCreateFile',
    handle,
    (access | SYNCHRONIZE) >>> 0,
    object,
    Buffer.alloc(16),
    null,
    0,
    share,
    disposition,
    (OPEN_OPTIONS | options) >>> 0,
    null,
    0,
  ) as number;
  if (status < 0) calls.failStatus('NtCreateFile', status, shown);
  return handle[0];
}

/** Describes an open file. Throws the call's error. */
export function factsOf(calls: Calls, handle: unknown, name: string): FileFacts {
  const tag = Buffer.alloc(8);
  const standard = Buffer.alloc(STANDARD_INFO_BYTES);
  if (
    calls.now('GetFileInformationByHandleEx', handle, FILE_ATTRIBUTE_TAG_INFO, tag, tag.length) === 0 ||
    calls.now('GetFileInformationByHandleEx', handle, FILE_STANDARD_INFO, standard, standard.length) === 0
  ) {
    calls.failLast('GetFileInformationByHandleEx', displayText(name));
  }
  const reparseTag = tag.readUInt32LE(4);
  const facts = { attributes: tag.readUInt32LE(0), sizeBytes: Number(standard.readBigInt64LE(8)) };
  return reparseTag === 0 ? facts : { ...facts, reparseTag };
}

/**
 * Makes a hard link to the open file `file`. The link is in the open folder `folder` and is called `name`, a single part of a path. Throws
 * EXISTS if the name is taken.
 */
export function ntLink(calls: Calls, file: unknown, folder: unknown, name: string): void {
  const text = Buffer.from(name, 'utf16le');
  const info = Buffer.alloc(Math.max(LINK_INFORMATION_BYTES, LINK_INFORMATION_NAME + text.length));
  info.writeBigUInt64LE(BigInt.asUintN(64, BigInt(folder as bigint)), 8);
  info.writeUInt32LE(text.length, 16);
  text.copy(info, LINK_INFORMATION_NAME);
  const status = calls.now('NtSetInformationFile', file, Buffer.alloc(16), info, info.length, FILE_LINK_INFORMATION) as number;
  if (status < 0) calls.failStatus('NtSetInformationFile', status, displayText(name));
}
