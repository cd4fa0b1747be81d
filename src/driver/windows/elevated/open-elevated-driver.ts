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
/** From the user's consent until the second process is at the pipe: a cold start of a big program behind a virus scanner. */
const START_MS = 60_000;
/** How long a process that has left the connection may take to end, so that its exit code says why. */
const EXIT_MS = 2_000;

export interface ElevatedOptions {
  /** The program to start: this one. Its image must be that of this process. */
  readonly executable: string;
  /** What this program needs before its own arguments: the app's folder where it isn't packed. */
  readonly args: readonly string[];
  /** Stops the waiting. A question that the user is asked stays until it is answered; its yes then comes to nothing. */
  readonly signal?: AbortSignal | undefined;
  /** HWND of the window that asks. */
  readonly ownerWindow?: bigint | undefined;
  /** Until the started process is at the pipe, after the consent. Default 60 s. */
  readonly startMs?: number | undefined;
  /** `open`, for tests: no consent, no elevation, from anywhere. */
  readonly verb?: StartOptions['verb'] | undefined;
  /** For tests: what looks at where this program lies. */
  readonly requirePlace?: typeof requireSafePlace | undefined;
  /** For tests: what fulfils the calls of Windows. */
  readonly system?: ElevationSystem | undefined;
}

/**
 * The driver over one home, hosted by a second copy of this program with an administrator's rights, for which the user is asked; null where
 * the user refused. That process serves this home to this process only, and ends with the driver that is returned here, when it is
 * disposed, or with this process. Errors: NAME_REFUSED (a home that is no absolute path on a drive); UNSUPPORTED (no Windows, or without
 * what the driver needs); NOT_FOUND (no such home); PERMISSION (also where this program lies in a place that others can change: then nobody is
 * asked); FORBIDDEN (another process came to the pipe); IO (it did not start in
 * time, or ended); CANCELLED.
 */
export async function openElevatedDriver(name: ElevatedDriverName, home: string, options: ElevatedOptions): Promise<GraphDriver | null> {
  const { executable, args, signal, ownerWindow, startMs = START_MS, verb = 'runas', requirePlace = requireSafePlace } = options;
  refuseCancelled(signal);
  const system = options.system ?? (await import('../ffi/elevation.ts')).openElevationSystem();
  const folder = path.win32.normalize(home);
  if (!isElevatedHome(folder)) throw new LayerscopeError('NAME_REFUSED', "the store's folder is not an absolute path on a drive");
  // By its real path: what was typed may lead through a link that is another by the time of the yes.
  const program = verb === 'runas' ? system.ownImagePath() : executable;
  if (verb === 'runas') requirePlace(system, [program, ...args]);
  await using server = system.listen();
  // It is on the command line of the elevated process, which every process of this user can ask for (ProcessCommandLineInformation), and
  // so can whatever logs the start of processes. So it isn't its secrecy that counts: the pipe opens for elevated administrators only, the
  // system says which processes are at its two ends, both are held and looked at, and each proof is made of the nonces of one connection.
  // The secret binds the two processes to this one start.
  const secret = randomBytes(SECRET_BYTES);
  const told = formatHostArguments({ driver: name, home: folder, pipe: server.name, parentProcessId: process.pid, secret });
  const answer = await system.start(program, [...args, ...told], { verb, ownerWindow });
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

/** Waits for the client. IO: too late. What its exit code says where it ended before. */
async function clientOf(
  server: PipeServer,
  started: HeldProcess,
  { signal, startMs }: { readonly signal: AbortSignal | undefined; readonly startMs: number },
): Promise<PipeEnd> {
  const last = performance.now() + startMs;
  for (;;) {
    refuseCancelled(signal);
    // In this order: it may have come and gone since.
    const exitCode = started.exitCode();
    const end = server.take();
    if (end !== null) return end;
    if (exitCode !== null) throw errorOfExit(exitCode);
    if (performance.now() > last) throw new LayerscopeError('IO', `the elevated process did not connect in ${startMs} ms`);
    await sleep(POLL_MS);
  }
}

/** Of a connection that was lost: what the exit code of the other process says, which knows more. */
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
