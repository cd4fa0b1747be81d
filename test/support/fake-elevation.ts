// Windows' processes, named pipe and consent, faked so that a test can run both sides of an elevated driver in one process.
import type { Duplex } from 'node:stream';
import { sddlToSecurityDescriptor } from '#format/security-descriptor';
import { LayerscopeError } from '#model';
import { isPipeName, newPipeName } from '../../src/driver/windows/elevated/host-arguments.ts';
import type { ElevationSystem, HeldProcess, PipeEnd, ServiceState, StartOptions } from '../../src/driver/windows/elevated/system.ts';
import type { Privilege } from '../../src/driver/windows/native.ts';
import type { Line } from './remote-bench.ts';

export interface FakeProcess {
  readonly image: string;
  exitCode: number | null;
}

export const PROGRAM = 'C:\\Program Files\\Layerscope\\Layerscope.exe';
export const WINDOW_PID = process.pid;
export const HOST_PID = 0x7fff_0001;

export interface Started {
  readonly executable: string;
  readonly args: readonly string[];
  readonly options: StartOptions;
}

/** Like Program Files: users may only read. */
export const ADMINISTRATORS_ONLY = 'O:BAG:SYD:(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)';

export class FakeWindows {
  /** The window's process. */
  readonly parent: FakeProcess = { image: PROGRAM, exitCode: null };
  readonly processes = new Map<number, FakeProcess>([
    [WINDOW_PID, this.parent],
    [HOST_PID, { image: PROGRAM.toUpperCase(), exitCode: null }],
  ]);
  /** Called instead of the shell; returns the id of the started process, or null if the user declines. */
  onStart: (started: Started) => Promise<number | null> = async () => null;
  privileges: readonly Privilege[] = [];
  elevated = false;
  vmcompute = false;
  service: () => ServiceState = () => 'missing';
  /** Owner and access list of files and folders as SDDL. Others have {@link ADMINISTRATORS_ONLY}. */
  readonly security = new Map<string, string>();
  readonly links = new Set<string>();
  /** The names in each folder; a path without an entry is a file. */
  readonly folders = new Map<string, readonly string[]>([['C:\\Program Files\\Layerscope', ['Layerscope.exe']]]);
  readonly fixedDrives = new Set(['C:\\']);
  readonly started: Started[] = [];
  /** The process that has connected to the pipe, if any. */
  client: number | null = null;
  /** The process that created the pipe. */
  server = WINDOW_PID;
  /** Pipe ends that were turned into streams. */
  readonly streams: string[] = [];
  readonly #line: Line;
  #pipe: string | null = null;
  readonly #open = new Map<string, number>();

  constructor(line: Line) {
    this.#line = line;
  }

  /** Handles and other resources that are still open. */
  get left(): readonly string[] {
    return [...this.#open].filter(([, count]) => count !== 0).map(([what, count]) => `${what}: ${count}`);
  }

  #count(what: string, by: 1 | -1): void {
    this.#open.set(what, (this.#open.get(what) ?? 0) + by);
  }

  #process(processId: number): FakeProcess {
    const found = this.processes.get(processId);
    if (found === undefined) throw new LayerscopeError('NOT_FOUND', `no process ${processId}`);
    return found;
  }

  #held(processId: number): HeldProcess {
    const found = this.#process(processId);
    this.#count(`process ${processId}`, 1);
    return {
      processId,
      imagePath: () => found.image,
      exitCode: () => found.exitCode,
      [Symbol.asyncDispose]: async () => this.#count(`process ${processId}`, -1),
    };
  }

  #end(what: string, peerProcessId: number, stream: Duplex): PipeEnd {
    let isHeld = true;
    this.#count(what, 1);
    const letGo = (): void => {
      if (isHeld) this.#count(what, -1);
      isHeld = false;
    };
    return {
      peerProcessId,
      toStream: () => {
        letGo();
        this.streams.push(what);
        return stream;
      },
      [Symbol.asyncDispose]: async () => {
        if (isHeld) stream.destroy();
        letGo();
      },
    };
  }

  /** Windows as seen by the process with this id. */
  seenBy(processId: number): ElevationSystem {
    return {
      isElevated: () => this.elevated,
      heldPrivileges: (names) => names.filter((name) => this.privileges.includes(name)),
      hasVmcompute: () => this.vmcompute,
      serviceState: () => this.service(),
      ownImagePath: () => this.#process(processId).image,
      placeOf: (file) => ({
        isFolder: this.folders.has(file),
        isLink: this.links.has(file),
        security: sddlToSecurityDescriptor(this.security.get(file) ?? ADMINISTRATORS_ONLY),
      }),
      namesIn: (folder) => this.folders.get(folder) ?? [],
      isFixedDrive: (root) => this.fixedDrives.has(root),
      holdProcess: (other) => this.#held(other),
      start: async (executable, args, options) => {
        const started = { executable, args, options };
        this.started.push(started);
        const child = await this.onStart(started);
        return child === null ? null : this.#held(child);
      },
      listen: () => {
        const name = newPipeName();
        this.#pipe = name;
        this.#count('pipe', 1);
        let isTaken = false;
        return {
          name,
          take: () => {
            if (this.client === null || isTaken) return null;
            isTaken = true;
            return this.#end("the server's end", this.client, this.#line.client);
          },
          [Symbol.asyncDispose]: async () => {
            this.#count('pipe', -1);
            this.#pipe = null;
          },
        };
      },
      connect: (name) => {
        if (!isPipeName(name) || name !== this.#pipe || this.client !== null) throw new LayerscopeError('NOT_FOUND', `no pipe ${name}`);
        this.client = processId;
        return this.#end("the client's end", this.server, this.#line.server);
      },
    };
  }
}
