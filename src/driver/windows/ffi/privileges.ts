// Enables privileges for the process, once. Setting them on a thread's token would have no effect, because long calls run on koffi's
// threads.
import type { Privilege } from '../native.ts';
import { NativeError } from '../native-error.ts';
import type { Calls } from './calls.ts';

/** TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY. Source: winnt.h. */
const TOKEN_ACCESS = 0x28;
const SE_PRIVILEGE_ENABLED = 2;
const ERROR_NOT_ALL_ASSIGNED = 1300;

export class Privileges {
  readonly #calls: Calls;
  readonly #enabled = new Set<Privilege>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** See {@link Native.enablePrivileges}. */
  enable(names: readonly Privilege[]): void {
    for (const name of names) {
      if (this.#enabled.has(name)) continue;
      this.#enable(name);
      this.#enabled.add(name);
    }
  }

  #enable(name: Privilege): void {
    const token: [unknown] = [null];
    if (this.#calls.now('OpenProcessToken', this.#calls.now('GetCurrentProcess'), TOKEN_ACCESS, token) === 0) {
      this.#calls.failLast('OpenProcessToken', 'this process');
    }
    try {
      // TOKEN_PRIVILEGES: count u32, LUID 8 bytes, attributes u32, packed.
      const wanted = Buffer.alloc(16);
      wanted.writeUInt32LE(1, 0);
      wanted.writeUInt32LE(SE_PRIVILEGE_ENABLED, 12);
      const luid = Buffer.alloc(8);
      if (this.#calls.now('LookupPrivilegeValueW', null, name, luid) === 0) this.#calls.failLast('LookupPrivilegeValueW', name);
      luid.copy(wanted, 4);
      if (this.#calls.now('AdjustTokenPrivileges', token[0], 0, wanted, wanted.length, null, null) === 0) {
        this.#calls.failLast('AdjustTokenPrivileges', name);
      }
      // The call succeeds even if the privilege isn't held; only the last error shows that.
      if (this.#calls.lastError() === ERROR_NOT_ALL_ASSIGNED) {
        throw new NativeError('AdjustTokenPrivileges', ERROR_NOT_ALL_ASSIGNED, 'not held by this user: run as an administrator', name);
      }
    } finally {
      this.#calls.now('CloseHandle', token[0]);
    }
  }
}
