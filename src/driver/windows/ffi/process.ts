// Other processes, and this process's token. Source: processthreadsapi.h, winbase.h, securitybaseapi.h.
import { LayerscopeError } from '#model';
import type { HeldProcess } from '../elevated/system.ts';
import type { Privilege } from '../native.ts';
import type { Calls } from './calls.ts';

/** PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE: allowed even for a process with more rights than this one. */
const HOLD_ACCESS = 0x0010_1000;
const TOKEN_QUERY = 8;
/** TOKEN_INFORMATION_CLASS. */
const TOKEN_PRIVILEGES = 3;
const TOKEN_ELEVATION = 20;
const MAX_PATH_UNITS = 32_768;
const WAIT_OBJECT_0 = 0;
const ERROR_INVALID_PARAMETER = 87;
const LUID_AND_ATTRIBUTES_BYTES = 12;

export class NativeProcess implements HeldProcess {
  readonly processId: number;
  readonly #calls: Calls;
  readonly #handle: unknown;
  #closed = false;

  /** Takes ownership of the handle, even if it throws. */
  constructor(calls: Calls, handle: unknown) {
    this.#calls = calls;
    this.#handle = handle;
    const id = calls.now('GetProcessId', handle) as number;
    if (id === 0) {
      try {
        calls.failLast('GetProcessId', 'the process that was started');
      } finally {
        calls.now('CloseHandle', handle);
      }
    }
    this.processId = id;
  }

  static hold(calls: Calls, processId: number): NativeProcess {
    const handle = calls.now('OpenProcess', HOLD_ACCESS, 0, processId);
    if (isNull(handle)) {
      // OpenProcess fails with this error for an unknown process id.
      if (calls.lastError() === ERROR_INVALID_PARAMETER) throw new LayerscopeError('NOT_FOUND', `no process ${processId}`);
      calls.failLast('OpenProcess', `process ${processId}`);
    }
    return new NativeProcess(calls, handle);
  }

  imagePath(): string {
    return imagePathOf(this.#calls, this.#handle, `process ${this.processId}`);
  }

  exitCode(): number | null {
    const subject = `process ${this.processId}`;
    const waited = this.#calls.now('WaitForSingleObject', this.#handle, 0) as number;
    if (waited === 0xffff_ffff) this.#calls.failLast('WaitForSingleObject', subject);
    if (waited !== WAIT_OBJECT_0) return null;
    const code: [number] = [0];
    if (this.#calls.now('GetExitCodeProcess', this.#handle, code) === 0) this.#calls.failLast('GetExitCodeProcess', subject);
    return code[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#calls.now('CloseHandle', this.#handle);
  }
}

/** Whether koffi returned a null pointer or handle. */
export function isNull(handle: unknown): boolean {
  return handle === null || handle === 0 || handle === 0n;
}

export function imagePathOf(calls: Calls, handle: unknown, subject: string): string {
  const buffer = Buffer.alloc(MAX_PATH_UNITS * 2);
  const units: [number] = [MAX_PATH_UNITS];
  if (calls.now('QueryFullProcessImageNameW', handle, 0, buffer, units) === 0) calls.failLast('QueryFullProcessImageNameW', subject);
  return buffer.toString('utf16le', 0, units[0] * 2);
}

/** Queries this process's token; `kind` is a TOKEN_INFORMATION_CLASS. */
function tokenInformation(calls: Calls, kind: number): Buffer {
  const token: [unknown] = [null];
  if (calls.now('OpenProcessToken', calls.now('GetCurrentProcess'), TOKEN_QUERY, token) === 0) {
    calls.failLast('OpenProcessToken', 'this process');
  }
  try {
    // Enough for any list of privileges: there are about forty.
    const buffer = Buffer.alloc(4096);
    const length: [number] = [0];
    if (calls.now('GetTokenInformation', token[0], kind, buffer, buffer.length, length) === 0) {
      calls.failLast('GetTokenInformation', 'this process');
    }
    return buffer.subarray(0, length[0]);
  } finally {
    calls.now('CloseHandle', token[0]);
  }
}

export function isElevated(calls: Calls): boolean {
  return tokenInformation(calls, TOKEN_ELEVATION).readUInt32LE(0) !== 0;
}

/** Returns the privileges among `names` that are in the token, enabled or not. */
export function heldPrivileges(calls: Calls, names: readonly Privilege[]): readonly Privilege[] {
  // TOKEN_PRIVILEGES: count u32, then LUID 8 bytes and attributes u32 each, packed.
  const list = tokenInformation(calls, TOKEN_PRIVILEGES);
  const held = new Set<bigint>();
  for (let at = 0; at < list.readUInt32LE(0); at++) held.add(list.readBigUInt64LE(4 + at * LUID_AND_ATTRIBUTES_BYTES));
  return names.filter((name) => {
    const luid = Buffer.alloc(8);
    if (calls.now('LookupPrivilegeValueW', null, name, luid) === 0) calls.failLast('LookupPrivilegeValueW', name);
    return held.has(luid.readBigUInt64LE());
  });
}
