// A folder that no other user can access from the moment it exists. Source: fileapi.h, sddl.h.
import { displayText } from '#model';
import type { Calls } from './calls.ts';

const SDDL_REVISION_1 = 1;
const SECURITY_ATTRIBUTES_BYTES = 24;
/** Full access for the system and for administrators, including everything created in the folder; nothing is inherited from its parents. */
const ACCESS_LIST = 'D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';

/** Creates the folder. `long`: its path in the \\?\ form. Throws EXISTS. */
export function makePrivateFolder(calls: Calls, folder: string, long: string): void {
  const descriptor: [unknown] = [null];
  if (calls.now('ConvertStringSecurityDescriptorToSecurityDescriptorW', ACCESS_LIST, SDDL_REVISION_1, descriptor, null) === 0) {
    calls.failLast('ConvertStringSecurityDescriptorToSecurityDescriptorW', ACCESS_LIST);
  }
  try {
    const security = { nLength: SECURITY_ATTRIBUTES_BYTES, lpSecurityDescriptor: descriptor[0], bInheritHandle: 0 };
    if (calls.now('CreateDirectoryW', long, security) === 0) calls.failLast('CreateDirectoryW', displayText(folder));
  } finally {
    calls.now('LocalFree', descriptor[0]);
  }
}
