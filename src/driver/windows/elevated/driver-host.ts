// The elevated side: what the second copy of the program does.
import { asLayerscopeError, LayerscopeError } from '#model';
import type { GraphDriver } from '../../driver.ts';
import { openDriver } from '../../open-driver.ts';
import { serveDriver } from '../../remote/index.ts';
import { Held } from '../held.ts';
import { checkPeer } from './check-peer.ts';
import { type ElevatedDriverName, parseHostArguments } from './host-arguments.ts';
import { exitCodeOf, exitLine } from './host-exit.ts';
import type { ElevationSystem, HeldProcess } from './system.ts';

/** Between two looks at whether the parent lives. Its end ends the pipe too: this is for a pipe that another process holds open. */
const LOOK_MS = 1_000;

export interface HostOptions {
  /** One line for whoever started it by hand. Default: stderr. */
  readonly report?: (line: string) => void;
  /** Without calls, mounts and files held. Default 10 minutes. */
  readonly idleMs?: number;
  /** Until the parent has proven itself. Default 10 s. */
  readonly handshakeMs?: number;
  readonly lookMs?: number;
  /** For tests: what fulfils the calls of Windows. */
  readonly system?: ElevationSystem;
  /** For tests: what opens the driver. */
  readonly open?: (name: ElevatedDriverName, home: string) => Promise<GraphDriver>;
}

/**
 * Hosts the driver that the arguments name, for the process that they name, until that process leaves, ends, or asks nothing for ten
 * minutes; whatever is mounted then is released. Returns the exit code (./host-exit.ts), having reported what it failed with; never throws.
 * `argv`: the process's whole.
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
  // Only for a parent that is what it should be is anything done, or looked at, in its name.
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
    // A parent that was killed cuts the pipe wherever it is: that is no failure of this process.
    if (error !== null && !(error.code === 'IO' && parent.exitCode() !== null)) throw error;
  } finally {
    watch.stop();
  }
}

interface Watch {
  /** Resolves when the process has ended. */
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
        reject(new LayerscopeError('IO', `the process that is served can't be looked at: ${asLayerscopeError(error).message}`));
      }
    }, everyMs);
  });
  return { ended, stop: () => clearInterval(timer) };
}
