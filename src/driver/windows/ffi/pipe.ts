// The named pipe between the two processes of this program. Source: namedpipeapi.h, winbase.h.
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LayerscopeError } from '#model';
import { newPipeName } from '../elevated/host-arguments.ts';
import type { PipeEnd, PipeServer } from '../elevated/system.ts';
import type { Calls } from './calls.ts';
import { isNull } from './process.ts';

/** PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE, which fails if the pipe's name is taken. */
const OPEN_MODE = 0x4008_0003;
/** PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS. */
const PIPE_MODE = 8;
const BUFFER_BYTES = 64 * 1024;
/**
 * Full access for the system (SY) and for administrators (BA), nothing inherited (P). Only an administrator's elevated process counts as
 * BA. No unelevated process, such as this one, can open the pipe.
 */
const ACCESS_LIST = 'D:P(A;;GA;;;SY)(A;;GA;;;BA)';
const SDDL_REVISION_1 = 1;
const SECURITY_ATTRIBUTES_BYTES = 24;

/** GENERIC_READ | GENERIC_WRITE. */
const READ_WRITE = 0xc000_0000;
const OPEN_EXISTING = 3;
/**
 * FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT, with SECURITY_ANONYMOUS (0): otherwise the server could impersonate its client, which is an
 * administrator.
 */
const OPEN_FLAGS = 0x4010_0000;

const ERROR_IO_PENDING = 997;
const ERROR_IO_INCOMPLETE = 996;
const ERROR_PIPE_CONNECTED = 535;
/**
 * OVERLAPPED is 32 bytes long. Windows writes into it while the call is pending, so it must not move. V8 keeps arrays of up to 64 bytes on
 * its heap, where the garbage collector moves them.
 */
const OVERLAPPED_ROOM = 128;

function isInvalid(handle: unknown): boolean {
  return isNull(handle) || BigInt.asIntN(64, BigInt(handle as bigint)) === -1n;
}

function pathOf(name: string): string {
  return `\\\\.\\pipe\\${name}`;
}

/** Takes ownership of the handle. */
class NativePipeEnd implements PipeEnd {
  readonly peerProcessId: number;
  readonly #calls: Calls;
  /** Null once the handle is closed or belongs to the stream. */
  #handle: unknown;

  constructor(calls: Calls, handle: unknown, peerProcessId: number) {
    this.#calls = calls;
    this.#handle = handle;
    this.peerProcessId = peerProcessId;
  }

  /**
   * libuv treats the handle as one of its own pipes, on its completion port: no thread waits, and the end and errors are reported as for
   * any socket. The alternative, ReadFile on koffi's threads, would block one of the four threads while the pipe is idle. libuv closes the
   * handle itself; the file descriptor's slot in the C runtime's table leaks, because Node can't free it without closing the handle twice.
   */
  toStream(): Duplex {
    if (this.#handle === null) throw new LayerscopeError('INTERNAL', "the pipe's end was already closed or turned into a stream");
    const fd = this.#calls.now('uv_open_osfhandle', this.#handle) as number;
    if (fd < 0) throw new LayerscopeError('IO', "Node can't use the driver's pipe");
    this.#handle = null;
    return new Socket({ fd, readable: true, writable: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#handle === null) return;
    this.#calls.now('CloseHandle', this.#handle);
    this.#handle = null;
  }
}

export class NativePipeServer implements PipeServer {
  readonly name: string;
  readonly #calls: Calls;
  readonly #overlapped = Buffer.alloc(OVERLAPPED_ROOM);
  /** Null once the handle is closed or belongs to the client's end. */
  #handle: unknown;
  #isPending = true;

  constructor(calls: Calls, name = newPipeName()) {
    this.#calls = calls;
    this.name = name;
    this.#handle = createPipe(calls, name);
    // An overlapped call returns 0 and sets an error code: ERROR_PIPE_CONNECTED if a client has already connected.
    const isConnected = calls.now('ConnectNamedPipe', this.#handle, this.#overlapped) !== 0;
    const code = isConnected ? ERROR_PIPE_CONNECTED : calls.lastError();
    if (code === ERROR_IO_PENDING) return;
    this.#isPending = false;
    if (code === ERROR_PIPE_CONNECTED) return;
    try {
      calls.failLast('ConnectNamedPipe', name);
    } finally {
      calls.now('CloseHandle', this.#handle);
    }
  }

  take(): PipeEnd | null {
    if (this.#handle === null) throw new LayerscopeError('INTERNAL', 'the pipe has already had its client');
    if (this.#isPending) {
      if (this.#calls.now('GetOverlappedResult', this.#handle, this.#overlapped, [0], 0) === 0) {
        if (this.#calls.lastError() === ERROR_IO_INCOMPLETE) return null;
        this.#isPending = false;
        this.#calls.failLast('GetOverlappedResult', "the driver's pipe");
      }
      this.#isPending = false;
    }
    const id: [number] = [0];
    if (this.#calls.now('GetNamedPipeClientProcessId', this.#handle, id) === 0) {
      this.#calls.failLast('GetNamedPipeClientProcessId', "the driver's pipe");
    }
    const end = new NativePipeEnd(this.#calls, this.#handle, id[0]);
    this.#handle = null;
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#handle === null) return;
    if (this.#isPending) {
      this.#calls.now('CancelIoEx', this.#handle, this.#overlapped);
      // Waits until Windows no longer writes into the OVERLAPPED.
      this.#calls.now('GetOverlappedResult', this.#handle, this.#overlapped, [0], 1);
    }
    this.#calls.now('CloseHandle', this.#handle);
    this.#handle = null;
  }
}

function createPipe(calls: Calls, name: string): unknown {
  const descriptor: [unknown] = [null];
  if (calls.now('ConvertStringSecurityDescriptorToSecurityDescriptorW', ACCESS_LIST, SDDL_REVISION_1, descriptor, null) === 0) {
    calls.failLast('ConvertStringSecurityDescriptorToSecurityDescriptorW', ACCESS_LIST);
  }
  try {
    const security = { nLength: SECURITY_ATTRIBUTES_BYTES, lpSecurityDescriptor: descriptor[0], bInheritHandle: 0 };
    const handle = calls.now('CreateNamedPipeW', pathOf(name), OPEN_MODE, PIPE_MODE, 1, BUFFER_BYTES, BUFFER_BYTES, 0, security);
    if (isInvalid(handle)) calls.failLast('CreateNamedPipeW', name);
    return handle;
  } finally {
    calls.now('LocalFree', descriptor[0]);
  }
}

/** Opens the client's end. See {@link ElevationSystem.connect}. */
export function connectPipe(calls: Calls, name: string): PipeEnd {
  const handle = calls.now('CreateFileW', pathOf(name), READ_WRITE, 0, null, OPEN_EXISTING, OPEN_FLAGS, null);
  if (isInvalid(handle)) calls.failLast('CreateFileW', name);
  const id: [number] = [0];
  if (calls.now('GetNamedPipeServerProcessId', handle, id) === 0) {
    try {
      calls.failLast('GetNamedPipeServerProcessId', name);
    } finally {
      calls.now('CloseHandle', handle);
    }
  }
  return new NativePipeEnd(calls, handle, id[0]);
}
