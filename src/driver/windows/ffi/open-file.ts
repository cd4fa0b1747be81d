// An open file or folder, and its backup stream. Source: winbase.h; [MS-BKUP] for the format of a backup stream.
import { encodeFileBasicInfo, FILE_BASIC_INFO_BYTES, type FileBasicInfo, parseFileBasicInfo } from '#format/windows-tar';
import { LayerscopeError } from '#model';
import type { BackupSink, FileFacts, FileLinks, OpenFile } from '../native.ts';
import type { Calls } from './calls.ts';

/** FILE_INFO_BY_HANDLE_CLASS. */
const FILE_BASIC_INFO = 0;
const FILE_STANDARD_INFO = 1;
const FILE_ID_INFO = 18;
const STANDARD_INFO_BYTES = 24;
const ID_INFO_BYTES = 24;
const OVERLAPPED_BYTES = 32;
const BACKUP_BUFFER_BYTES = 64 * 1024;
const ERROR_HANDLE_EOF = 38;

export class NativeFile implements OpenFile {
  readonly #calls: Calls;
  readonly #handle: unknown;
  readonly #name: string;
  #written = 0n;
  #closed = false;

  /** Takes ownership of the handle. */
  constructor(calls: Calls, handle: unknown, name: string) {
    this.#calls = calls;
    this.#handle = handle;
    this.#name = name;
  }

  #info(kind: number, bytes: number): Buffer {
    const buffer = Buffer.alloc(bytes);
    if (this.#calls.now('GetFileInformationByHandleEx', this.#handle, kind, buffer, bytes) === 0) {
      this.#calls.failLast('GetFileInformationByHandleEx', this.#name);
    }
    return buffer;
  }

  async basicInfo(): Promise<FileBasicInfo> {
    return parseFileBasicInfo(this.#info(FILE_BASIC_INFO, FILE_BASIC_INFO_BYTES));
  }

  async setBasicInfo(info: FileBasicInfo): Promise<void> {
    const bytes = Buffer.from(encodeFileBasicInfo(info));
    if (this.#calls.now('SetFileInformationByHandle', this.#handle, FILE_BASIC_INFO, bytes, bytes.length) === 0) {
      this.#calls.failLast('SetFileInformationByHandle', this.#name);
    }
  }

  async facts(): Promise<FileFacts> {
    const { attributes } = await this.basicInfo();
    return { attributes, sizeBytes: Number(this.#info(FILE_STANDARD_INFO, STANDARD_INFO_BYTES).readBigInt64LE(8)) };
  }

  async links(): Promise<FileLinks> {
    const count = this.#info(FILE_STANDARD_INFO, STANDARD_INFO_BYTES).readUInt32LE(16);
    return { count, fileId: this.#info(FILE_ID_INFO, ID_INFO_BYTES).toString('hex', 8) };
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    const got: [number] = [0];
    await this.#calls.later('ReadFile', [this.#handle, buffer, buffer.length, got, overlapped(BigInt(offset))], (result) => {
      if (result === 0 && this.#calls.lastError() !== ERROR_HANDLE_EOF) this.#calls.failLast('ReadFile', this.#name);
    });
    return got[0];
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const rest = bytes.subarray(at);
      const put: [number] = [0];
      await this.#calls.check('WriteFile', this.#name, this.#handle, rest, rest.length, put, overlapped(this.#written));
      if (put[0] === 0) throw new LayerscopeError('IO', `WriteFile of ${this.#name}: not all bytes were written`);
      at += put[0];
      this.#written += BigInt(put[0]);
    }
  }

  async *backup({ security }: { readonly security: boolean }): AsyncGenerator<Uint8Array, void, undefined> {
    const context: [unknown] = [null];
    const buffer = new Uint8Array(BACKUP_BUFFER_BYTES);
    try {
      for (;;) {
        const got: [number] = [0];
        await this.#calls.check('BackupRead', this.#name, this.#handle, buffer, buffer.length, got, 0, security ? 1 : 0, context);
        if (got[0] === 0) return;
        yield buffer.subarray(0, got[0]);
      }
    } finally {
      this.#endBackup('BackupRead', context);
    }
  }

  backupSink({ security }: { readonly security: boolean }): BackupSink {
    const context: [unknown] = [null];
    return {
      write: async (bytes) => {
        const put: [number] = [0];
        await this.#calls.check('BackupWrite', this.#name, this.#handle, bytes, bytes.length, put, 0, security ? 1 : 0, context);
        if (put[0] !== bytes.length) throw new LayerscopeError('IO', `BackupWrite of ${this.#name}: not all bytes were written`);
      },
      [Symbol.asyncDispose]: async () => this.#endBackup('BackupWrite', context),
    };
  }

  /** Frees a backup's context, once. Ignores the call's result. */
  #endBackup(name: 'BackupRead' | 'BackupWrite', context: [unknown]): void {
    if (!context[0]) return;
    this.#calls.now(name, this.#handle, null, 0, [0], 1, 0, context);
    context[0] = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#calls.now('CloseHandle', this.#handle) === 0) this.#calls.failLast('CloseHandle', this.#name);
  }
}

/** Returns an OVERLAPPED with the offset to read or write at. */
function overlapped(offset: bigint): Buffer {
  const bytes = Buffer.alloc(OVERLAPPED_BYTES);
  bytes.writeBigUInt64LE(offset, 16);
  return bytes;
}
