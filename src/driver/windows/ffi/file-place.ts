// File types and permissions. Calls kernel32 rather than node:fs, because node:fs treats app.asar as a folder under Electron. Source:
// fileapi.h, winbase.h, securitybaseapi.h.
import path from 'node:path';
import { displayText } from '#model';
import type { FilePlace } from '../elevated/system.ts';
import type { Calls } from './calls.ts';

/** READ_CONTROL | FILE_READ_ATTRIBUTES. */
const LOOK_ACCESS = 0x2_0080;
/** FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, so as not to lock the file. */
const SHARE_ALL = 7;
const OPEN_EXISTING = 3;
/** FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT. */
const OPEN_ITSELF = 0x0220_0000;
const FILE_BASIC_INFO = 0;
const BASIC_INFO_BYTES = 40;
const BASIC_INFO_ATTRIBUTES = 32;
const ATTRIBUTE_DIRECTORY = 0x10;
const ATTRIBUTE_REPARSE_POINT = 0x400;
/** OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION. */
const OWNER_GROUP_DACL = 7;
/** Maximum size of a security descriptor: 64 KiB for its access list, and 4 KiB for the rest. */
const MAX_SECURITY_BYTES = 0x1_1000;
const FIND_DATA_BYTES = 592;
const FIND_DATA_NAME = 44;
const DRIVE_FIXED = 3;

function isInvalid(handle: unknown): boolean {
  return handle === null || BigInt.asIntN(64, BigInt(handle as bigint)) === -1n;
}

/** Reads a file's type and security descriptor without following a link. Throws the call's error. */
export function placeOf(calls: Calls, file: string): FilePlace {
  const shown = displayText(file);
  const absolute = path.win32.toNamespacedPath(file);
  const handle = calls.now('CreateFileW', absolute, LOOK_ACCESS, SHARE_ALL, null, OPEN_EXISTING, OPEN_ITSELF, null);
  if (isInvalid(handle)) calls.failLast('CreateFileW', shown);
  try {
    const basic = Buffer.alloc(BASIC_INFO_BYTES);
    if (calls.now('GetFileInformationByHandleEx', handle, FILE_BASIC_INFO, basic, basic.length) === 0)
      calls.failLast('GetFileInformationByHandleEx', shown);
    const attributes = basic.readUInt32LE(BASIC_INFO_ATTRIBUTES);
    const security = Buffer.alloc(MAX_SECURITY_BYTES);
    const length: [number] = [0];
    if (calls.now('GetKernelObjectSecurity', handle, OWNER_GROUP_DACL, security, security.length, length) === 0)
      calls.failLast('GetKernelObjectSecurity', shown);
    return {
      isFolder: (attributes & ATTRIBUTE_DIRECTORY) !== 0,
      isLink: (attributes & ATTRIBUTE_REPARSE_POINT) !== 0,
      security: security.subarray(0, length[0]),
    };
  } finally {
    calls.now('CloseHandle', handle);
  }
}

/** Lists the names in a folder, without `.` and `..`. Throws the call's error. */
export function namesIn(calls: Calls, folder: string): readonly string[] {
  const data = Buffer.alloc(FIND_DATA_BYTES);
  const find = calls.now('FindFirstFileW', path.win32.join(path.win32.toNamespacedPath(folder), '*'), data);
  if (isInvalid(find)) calls.failLast('FindFirstFileW', displayText(folder));
  const names: string[] = [];
  try {
    do {
      const text = data.toString('utf16le', FIND_DATA_NAME, FIND_DATA_NAME + 520);
      const name = text.slice(0, text.indexOf('\0'));
      if (name !== '.' && name !== '..') names.push(name);
    } while (calls.now('FindNextFileW', find, data) !== 0);
  } finally {
    calls.now('FindClose', find);
  }
  return names;
}

/** Whether a root such as `C:\` is a fixed drive. */
export function isFixedDrive(calls: Calls, root: string): boolean {
  return calls.now('GetDriveTypeW', root) === DRIVE_FIXED;
}
