// Runs `ssh HOST docker system dial-stdio` and uses its standard streams as a connection to the remote engine. Runs the user's own ssh, so
// the user's keys, agent and jump hosts apply. Source: docker/cli cli/connhelper.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { findProgram } from '#files';
import { displayText, LayerscopeError } from '#model';
import { http } from '../http/node-http.ts';

const MAX_COMPLAINT = 2000;

export interface SshTarget {
  readonly host: string;
  /** If empty, ssh decides. */
  readonly user: string;
  readonly port: string;
  /** `docker` or `podman`. */
  readonly command: string;
  readonly identity: string | null;
  /** For tests: the program in place of `ssh`. */
  readonly program?: string;
}

/** Runs one ssh per connection; connections are kept for further requests. */
export class SshAgent extends http.Agent {
  readonly #target: SshTarget;

  constructor(target: SshTarget) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#target = target;
  }

  override createConnection(): Duplex {
    const place = `ssh ${displayText(this.#target.host)}`;
    const program = this.#target.program ?? findProgram('ssh', process.env);
    if (program === null) throw new LayerscopeError('UNREACHABLE', `${place}: there is no ssh on the PATH`);
    const child = spawn(program, sshArguments(this.#target), { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    return new SshStream(child, place);
  }
}

/** Returns ssh's arguments. Parts of the address are either values of options before `--`, or the host, which never begins with a dash. */
export function sshArguments({ host, user, port, command, identity }: SshTarget): string[] {
  return [
    ...(user === '' ? [] : ['-l', user]),
    ...(port === '' ? [] : ['-p', port]),
    ...(identity === null ? [] : ['-i', identity]),
    '-o',
    'ConnectTimeout=30',
    '-T',
    '--',
    host,
    command,
    'system',
    'dial-stdio',
  ];
}

/** The streams of a program as one connection. */
class SshStream extends Duplex {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, place: string) {
    super();
    this.#child = child;
    let complaint = '';
    let hasBegun = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-MAX_COMPLAINT);
    });
    child.stdout.on('data', (bytes: Uint8Array) => {
      hasBegun = true;
      if (!this.push(bytes)) child.stdout.pause();
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => this.destroy(new LayerscopeError('UNREACHABLE', `${place}: ssh cannot be started`, { cause: error })));
    child.on('close', (code) => {
      const [last = ''] = complaint.trim().split('\n').slice(-1);
      if (code !== 0 && !hasBegun)
        this.destroy(new LayerscopeError('UNREACHABLE', `${place}: ${displayText(last) || `ended with exit code ${String(code)}`}`));
      else this.push(null);
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(bytes, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  // Called by node:http on connections that are kept alive.
  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
