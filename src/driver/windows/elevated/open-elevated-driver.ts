// The window's side: a driver in a second, elevated process of this program.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asLayerscopeError, LayerscopeError } from '#model';
import type { GraphDriver } from '../../driver.ts';
import { connectDriver } from '../../remote/index.ts';
import { checkPeer } from './check-peer.ts';
import { type ElevatedDriverName, formatHostArguments, isElevatedHome } from './host-arguments.ts';
import { errorOfExit } from './host-exit.ts';
import { requireSafePlace } from './program-place.ts';
import type { ElevationSystem, HeldProcess, PipeEnd, PipeServer, StartOptions } from './system.ts';

const SECRET_BYTES = 32;
const POLL_MS = 25;
/**
 * How long the second process may take to connect after the user's consent. Allows for a cold start of a large program under a virus
 * scanner.
 */
const START_MS = 60_000;
/** How long to wait for the exit code of a process that has disconnected. The code gives the reason. */
const EXIT_MS = 2_000;

export interface ElevatedOptions {
  /** The program to start, the same executable as this process. */
  readonly executable: string;
  /** Arguments to pass before the driver host's: the app's folder if the app isn't packed. */
  readonly args: readonly string[];
  /** Stops waiting. An open consent prompt stays until answered; consent then has no effect. */
  readonly signal?: AbortSignal | undefined;
  /** HWND of the window that the prompt belongs to. */
  readonly ownerWindow?: bigint | undefined;
  /** How long the started process may take to connect after the consent. Default 60 s. */
  readonly startMs?: number | undefined;
  /** `open` is for tests: no consent, no elevation, from any folder. */
  readonly verb?: StartOptions['verb'] | undefined;
  /** For tests: replaces the check of where this program is installed. */
  readonly requirePlace?: typeof requireSafePlace | undefined;
  /** For tests: replaces the calls into Windows. */
  readonly system?: ElevationSystem | undefined;
}

/**
 * Asks the user for consent and opens a driver on a home in a second copy of this program, which runs with an administrator's rights.
 * Returns null if the user refuses. The second process serves this home to this process only, and ends when the returned driver is disposed
 * or this process ends. Throws NAME_REFUSED (the home is not an absolute path on a drive), UNSUPPORTED (not Windows, or Windows lacks what
 * the driver needs), NOT_FOUND (no such home), PERMISSION (also, before the user is asked, if others can change the program's folder),
 * FORBIDDEN (another process connected to the pipe), IO (the process did not start in time, or ended), CANCELLED.
 */
export async function openElevatedDriver(name: ElevatedDriverName, home: string, options: ElevatedOptions): Promise<GraphDriver | null> {
  const { executable, args, signal, ownerWindow, startMs = START_MS, verb = 'runas', requirePlace = requireSafePlace } = options;
  refuseCancelled(signal);
  const system = options.system ?? (await import('../ffi/elevation.ts')).openElevationSystem();
  const folder = path.win32.normalize(home);
  if (!isElevatedHome(folder)) throw new LayerscopeError('NAME_REFUSED', "the store's folder is not an absolute path on a drive");
  // Use the real path: a link in the typed path may lead elsewhere by the time the user consents.
  const program = verb === 'runas' ? system.ownImagePath() : executable;
  if (verb === 'runas') requirePlace(system, [program, ...args]);
  await using server = system.listen();
  // Every process of this user, and anything that logs process starts, can read the elevated process's command line
  // (ProcessCommandLineInformation). So nothing relies on the secret staying secret: only elevated administrators can open the pipe, the
  // system names the processes at both ends, each side holds and checks the other, and a proof covers the nonces of one connection only.
  // The secret ties the two processes to this one start.
  const secret = randomBytes(SECRET_BYTES);
  const hostArguments = formatHostArguments({ driver: name, home: folder, pipe: server.name, parentProcessId: process.pid, secret });
  const answer = await system.start(program, [...args, ...hostArguments], { verb, ownerWindow });
  if (answer === null) return null;
  await using started = answer;
  await using end = await clientOf(server, started, { signal, startMs });
  checkPeer(system, end, started);
  const stream = end.toStream();
  const stop = (): void => void stream.destroy();
  signal?.addEventListener('abort', stop);
  try {
    return await connectDriver(stream, { secret, handshakeMs: startMs });
  } catch (error) {
    refuseCancelled(signal);
    throw await reasonOf(asLayerscopeError(error), started);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function refuseCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled', { cause: signal.reason });
}

/** Waits for the client. Throws IO if it doesn't connect in time, or the error of its exit code if it ends first. */
async function clientOf(
  server: PipeServer,
  started: HeldProcess,
  { signal, startMs }: { readonly signal: AbortSignal | undefined; readonly startMs: number },
): Promise<PipeEnd> {
  const last = performance.now() + startMs;
  for (;;) {
    refuseCancelled(signal);
    // Read the exit code first, so that a process that connects and then ends still counts as connected.
    const exitCode = started.exitCode();
    const end = server.take();
    if (end !== null) return end;
    if (exitCode !== null) throw errorOfExit(exitCode);
    if (performance.now() > last) throw new LayerscopeError('IO', `the elevated process did not connect in ${startMs} ms`);
    await sleep(POLL_MS);
  }
}

/** Replaces the error of a lost connection: the other process's exit code is more informative than the broken pipe. */
async function reasonOf(error: LayerscopeError, started: HeldProcess): Promise<LayerscopeError> {
  if (error.code !== 'IO') return error;
  const last = performance.now() + EXIT_MS;
  do {
    const exitCode = started.exitCode();
    if (exitCode !== null) return errorOfExit(exitCode);
    await sleep(POLL_MS);
  } while (performance.now() < last);
  return error;
}
