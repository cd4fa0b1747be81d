// Everything that elevation needs from Windows. `ffi/elevation.ts` implements it with koffi, tests with fakes. Errors are NativeErrors with
// the codes of `native.ts` unless stated otherwise.
import type { Duplex } from 'node:stream';
import type { Privilege } from '../native.ts';

/**
 * An open handle to another process, which keeps its process id from being reused. Disposing closes the handle; the process keeps running.
 */
export interface HeldProcess extends AsyncDisposable {
  readonly processId: number;
  /** Returns the absolute path of the process's program, as Windows spells it. Throws PERMISSION if the process may not be queried. */
  imagePath(): string;
  /** Returns the exit code; null while the process runs. */
  exitCode(): number | null;
}

/** One end of a pipe. Disposing closes it, unless {@link toStream} has handed it over. */
export interface PipeEnd extends AsyncDisposable {
  /** Id of the process at the other end, as reported by the system. */
  readonly peerProcessId: number;
  /** Turns the end into a stream, which owns it from then on. Call it only once. Throws IO if Node can't use the handle. */
  toStream(): Duplex;
}

/**
 * A named pipe of this process that accepts one client in its lifetime. Disposing closes the pipe; a client already taken stays connected.
 */
export interface PipeServer extends AsyncDisposable {
  /** Name without `\\.\pipe\`: {@link isPipeName}. */
  readonly name: string;
  /** Takes the client; null if none has connected yet. Never waits. */
  take(): PipeEnd | null;
}

export interface StartOptions {
  /** The shell's verb: `runas` asks for the user's consent to run the program as an administrator. */
  readonly verb: 'runas' | 'open';
  /** HWND of the window that the prompt belongs to; without it, the prompt may open behind the window. */
  readonly ownerWindow?: bigint | undefined;
}

export type ServiceState = 'running' | 'stopped' | 'changing' | 'missing';

/** What Windows reports about a file or folder itself, without following links. */
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
  /** Returns the listed privileges that this process holds, enabled or not. Changes nothing. */
  heldPrivileges(names: readonly Privilege[]): readonly Privilege[];
  hasVmcompute(): boolean;
  /** Returns the state of a service, by its short name. Changes nothing. */
  serviceState(name: string): ServiceState;
  /** Returns {@link HeldProcess.imagePath} of this process. */
  ownImagePath(): string;
  /** Returns the kind, owner and access list of a file or folder, by its absolute path. Throws NOT_FOUND, PERMISSION. */
  placeOf(file: string): FilePlace;
  /** Returns the names in a folder. */
  namesIn(folder: string): readonly string[];
  /** Whether a drive, `C:\\`, is a fixed disk of this machine: neither removable nor a network share. */
  isFixedDrive(root: string): boolean;
  /** Opens a handle to a process. Throws NOT_FOUND if there is no such process. */
  holdProcess(processId: number): HeldProcess;
  /**
   * Starts a program without a window, with exactly these arguments. Waits for the user's answer, however long that takes; null if the user
   * refuses. Throws TOO_LARGE for a command line over 30,000 characters, NAME_REFUSED for U+0000.
   */
  start(executable: string, args: readonly string[], options: StartOptions): Promise<HeldProcess | null>;
  /** Makes a pipe with a new name that only elevated administrators of this machine, and the system itself, can open. */
  listen(): PipeServer;
  /**
   * Opens another process's pipe, by its name without `\\.\pipe\`. The server can't impersonate this process. Throws NOT_FOUND, PERMISSION.
   */
  connect(name: string): PipeEnd;
}
