// The elevated side: the second copy of the program, which hosts the driver.
import { asLayerscopeError, LayerscopeError } from '#model';
import type { GraphDriver } from '../../driver.ts';
import { openDriver } from '../../open-driver.ts';
import { serveDriver } from '../../remote/index.ts';
import { Held } from '../held.ts';
import { checkPeer } from './check-peer.ts';
import { type ElevatedDriverName, parseHostArguments } from './host-arguments.ts';
import { exitCodeOf, exitLine } from './host-exit.ts';
import type { ElevationSystem, HeldProcess } from './system.ts';

/** How often to check that the parent is alive. Its death closes the pipe too, unless another process holds the pipe open. */
const LOOK_MS = 1_000;

export interface HostOptions {
  /** Called with the error as one line. Default: writes to stderr, for anyone who started the process by hand. */
  readonly report?: (line: string) => void;
  /** Ends the process after this long without calls, mounts or open files. Default 10 minutes. */
  readonly idleMs?: number;
  /** How long the parent may take to prove itself. Default 10 s. */
  readonly handshakeMs?: number;
  readonly lookMs?: number;
  /** For tests: replaces the calls into Windows. */
  readonly system?: ElevationSystem;
  /** For tests: opens the driver. */
  readonly open?: (name: ElevatedDriverName, home: string) => Promise<GraphDriver>;
}

/**
 * Hosts the driver named in the arguments for the process named there, until that process disconnects, ends, or is idle for ten minutes;
 * then releases its mounts. Reports an error and returns the exit code (./host-exit.ts); never throws. `argv`: all of this process's
 * arguments.
 */
export async function runDriverHost(argv: readonly string[], options: HostOptions = {}): Promise<number> {
  try {
    await host(argv, options);
    return 0;
  } catch (error) {
    const { report = (line) => void process.stderr.write(`${line}\n`) } = options;
    report(exitLine(error));
    return exitCodeOf(asLayerscopeError(error));
  }
}

async function host(argv: readonly string[], options: HostOptions): Promise<void> {
  const { driver: name, home, pipe, parentProcessId, secret } = parseHostArguments(argv);
  const system = options.system ?? (await import('../ffi/elevation.ts')).openElevationSystem();
  await using held = new Held();
  const parent = held.use(system.holdProcess(parentProcessId));
  const end = held.use(system.connect(pipe));
  checkPeer(system, end, parent);
  // Open the driver only after the check: for a process that isn't the parent, nothing is opened or even read.
  const driver = held.use(await (options.open ?? openDriver)(name, home));
  const { idleMs, handshakeMs } = options;
  const served = held.use(
    serveDriver(driver, end.toStream(), {
      secret,
      ...(idleMs === undefined ? {} : { idleMs }),
      ...(handshakeMs === undefined ? {} : { handshakeMs }),
    }),
  );
  const watch = watchFor(parent, options.lookMs ?? LOOK_MS);
  try {
    const error = await Promise.race([served.ended, watch.ended]);
    // If the parent was killed, the pipe broke at an arbitrary point, which isn't a failure of this process.
    if (error !== null && !(error.code === 'IO' && parent.exitCode() !== null)) throw error;
  } finally {
    watch.stop();
  }
}

interface Watch {
  /** Resolves when the process has exited. */
  readonly ended: Promise<null>;
  stop(): void;
}

function watchFor(process: HeldProcess, everyMs: number): Watch {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<null>((resolve, reject) => {
    timer = setInterval(() => {
      try {
        if (process.exitCode() !== null) resolve(null);
      } catch (error) {
        reject(new LayerscopeError('IO', `can't check on the parent process: ${asLayerscopeError(error).message}`));
      }
    }, everyMs);
  });
  return { ended, stop: () => clearInterval(timer) };
}
