// Everything that elevation needs from Windows. `ffi/elevation.ts` implements it with koffi, tests with fakes. Errors are NativeErrors with
// the codes of `native.ts` unless stated otherwise.
import type { Duplex } from 'node:stream';
import type { Privilege } from '../native.ts';

/** An open handle to another process, which keeps its process id from being reused. Disposing closes the handle; the process goes on. */
export interface HeldProcess extends AsyncDisposable {
  readonly processId: number;
  /** Absolute path of its program, as Windows names it. Throws PERMISSION if it may not be queried. */
  imagePath(): string;
  /** Null while it runs. */
  exitCode(): number | null;
}

/** One end of a pipe. Disposing closes it, unless {@link toStream} has handed it over. */
export interface PipeEnd extends AsyncDisposable {
  /** Id of the process at the other end, as the system reports it. */
  readonly peerProcessId: number;
  /** Turns the end into a stream, which owns it from then on. Once only. Throws IO if Node can't use it. */
  toStream(): Duplex;
}

/** A named pipe of this process that accepts one client in its lifetime. Disposing closes it; a client that was taken stays. */
export interface PipeServer extends AsyncDisposable {
  /** Without `\\.\pipe\`: {@link isPipeName}. */
  readonly name: string;
  /** The client, or null if it hasn't connected yet. Never waits. */
  take(): PipeEnd | null;
}

export interface StartOptions {
  /** The shell's verb: `runas` asks for the user's consent to run the program as an administrator. */
  readonly verb: 'runas' | 'open';
  /** HWND of the window that the prompt belongs to: without it the prompt may open behind the window. */
  readonly ownerWindow?: bigint | undefined;
}

export type ServiceState = 'running' | 'stopped' | 'changing' | 'missing';

/** What Windows says of a file or folder itself, no link followed. */
export interface FilePlace {
  readonly isFolder: boolean;
  /** A reparse point of any kind. */
  readonly isLink: boolean;
  /** Owner, group and access list: a self-relative security descriptor. */
  readonly security: Uint8Array;
}

export interface ElevationSystem {
  /** Whether this process runs elevated, with an administrator's rights in effect. */
  isElevated(): boolean;
  /** Those of the listed privileges that this process holds, enabled or not. Changes nothing. */
  heldPrivileges(names: readonly Privilege[]): readonly Privilege[];
  hasVmcompute(): boolean;
  /** The state of a service, by its short name. Changes nothing. */
  serviceState(name: string): ServiceState;
  /** {@link HeldProcess.imagePath} of this process. */
  ownImagePath(): string;
  /** The kind, owner and access list of a file or folder, by its absolute path. NOT_FOUND, PERMISSION. */
  placeOf(file: string): FilePlace;
  /** The names in a folder. */
  namesIn(folder: string): readonly string[];
  /** Whether a drive, `C:\\`, is a fixed disk of this machine: neither removable nor a network share. */
  isFixedDrive(root: string): boolean;
  /** Throws NOT_FOUND if there is no such process. */
  holdProcess(processId: number): HeldProcess;
  /**
   * Starts a program without a window, with exactly these arguments. Waits for the user's answer, however long that takes; null if the user
   * refuses. Throws TOO_LARGE for a command line over 30,000 characters, NAME_REFUSED for U+0000.
   */
  start(executable: string, args: readonly string[], options: StartOptions): Promise<HeldProcess | null>;
  /** Makes a pipe with a new name that only elevated administrators of this machine, and the system itself, can open. */
  listen(): PipeServer;
  /** Opens another process's pipe, by its name without `\\.\pipe\`. The server can't impersonate this process. NOT_FOUND, PERMISSION. */
  connect(name: string): PipeEnd;
}
