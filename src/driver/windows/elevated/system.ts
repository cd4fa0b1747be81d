// What a driver in an elevated process needs of Windows, and no more. `ffi/elevation.ts` fulfils it with koffi; tests with fakes of their
// own. Errors are NativeErrors by the codes of `native.ts`, unless another is named.
import type { Duplex } from 'node:stream';
import type { Privilege } from '../native.ts';

/** Another process, held: while it is, no other process gets its number. Disposing lets go of it and ends nothing. */
export interface HeldProcess extends AsyncDisposable {
  readonly processId: number;
  /** Absolute path of the program that runs in it, as Windows names it. PERMISSION where that may not be asked. */
  imagePath(): string;
  /** Null while it runs. */
  exitCode(): number | null;
}

/** One end of a pipe. Disposing closes it, unless {@link toStream} has given it away. */
export interface PipeEnd extends AsyncDisposable {
  /** Of the process at the other end, as the system knows it. */
  readonly peerProcessId: number;
  /** The end as a stream, which owns it from then on. Once. IO where Node doesn't take it. */
  toStream(): Duplex;
}

/** A named pipe of this process, with room for one client in its life. Disposing closes it; a client that was taken stays. */
export interface PipeServer extends AsyncDisposable {
  /** Without `\\.\pipe\`: {@link isPipeName}. */
  readonly name: string;
  /** The client, once it is there; else null. Never waits. */
  take(): PipeEnd | null;
}

export interface StartOptions {
  /** What the shell does with the program: `runas` asks the user to let it run as an administrator. */
  readonly verb: 'runas' | 'open';
  /** HWND of the window that asks: without one the question may come up behind it. */
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
  /** Whether this process runs with an administrator's rights in effect. */
  isElevated(): boolean;
  /** Names of the privileges of the list that this process holds, switched on or not. Changes nothing. */
  heldPrivileges(names: readonly Privilege[]): readonly Privilege[];
  hasVmcompute(): boolean;
  /** Of a service, by its short name. Changes nothing. */
  serviceState(name: string): ServiceState;
  /** Of this process, as {@link HeldProcess.imagePath} names it. */
  ownImagePath(): string;
  /** `file`: absolute. NOT_FOUND, PERMISSION. */
  placeOf(file: string): FilePlace;
  /** Of all that is in a folder. */
  namesIn(folder: string): readonly string[];
  /** Whether a drive, `C:\\`, is a disk of this machine, neither one that is taken away nor a share's. */
  isFixedDrive(root: string): boolean;
  /** NOT_FOUND where there is no such process. */
  holdProcess(processId: number): HeldProcess;
  /**
   * Starts a program without a window. `args` reach it as they are: TOO_LARGE over 30,000 characters of command line, NAME_REFUSED with
   * U+0000. Null: the user refused. It waits for the user's answer, as long as that takes.
   */
  start(executable: string, args: readonly string[], options: StartOptions): Promise<HeldProcess | null>;
  /** A pipe of a new name that only this system's elevated administrators, and the system itself, can open. */
  listen(): PipeServer;
  /** Opens another process's pipe, by the name without `\\.\pipe\`. The server can't act as this process. NOT_FOUND, PERMISSION. */
  connect(name: string): PipeEnd;
}
