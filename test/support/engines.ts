// Starts real engines, as root and without systemd, in a temporary folder. A test whose engine isn't installed is skipped with that reason.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { tryTool } from './tools.ts';
import { until } from './waiting.ts';
import { atEnd, testFolder } from './workbench.ts';

/** Returns why an engine can't be run here; null if it can. */
export function engineProblem(program: string): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return `not run: ${program} needs root on Linux`;
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0 ? null : `not run: ${program} is not installed`;
}

/** An engine's HTTP API on a socket. */
export class EngineApi {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Sends a request. Throws for any status other than 2xx. */
  call(method: 'GET' | 'POST' | 'PUT', url: string, body: Uint8Array | null = null, type = 'application/x-tar'): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = body === null ? {} : { 'content-type': type, 'content-length': body.length };
      const sent = request({ socketPath: this.#socketPath, path: url, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(bytes);
          else reject(new Error(`${method} ${url}: ${statusCode} ${bytes}`));
        });
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/**
 * Runs a program until the test ends, then asks it to stop and waits. Shows the output if the program ends early, unless it `mayEnd`.
 * Returns its process id.
 */
export function runEngine(
  context: TestContext,
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; mayEnd?: boolean } = {},
): number {
  const log = path.join(testFolder(context), 'log');
  writeFileSync(log, '');
  const child: ChildProcess = spawn('sh', ['-c', 'exec "$0" "$@" >"$ENGINE_LOG" 2>&1', program, ...args], {
    stdio: 'ignore',
    env: { ...process.env, ...options.env, ENGINE_LOG: log },
  });
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    child.on('exit', () => {
      isOver = true;
      resolve();
    });
  });
  atEnd(context, async () => {
    if (isOver && !options.mayEnd) context.diagnostic(`${program} ended by itself: ${readFileSync(log, 'utf8').slice(-2000)}`);
    child.kill('SIGTERM');
    await over;
  });
  if (child.pid === undefined) throw new Error(`${program} can’t be started`);
  return child.pid;
}

/** Starts a Docker daemon with its own data root. */
export async function startDocker(
  context: TestContext,
  home = testFolder(context),
): Promise<{ readonly root: string; readonly socket: string; readonly api: EngineApi }> {
  const root = path.join(home, 'data');
  const socket = path.join(home, 'docker.sock');
  runEngine(context, 'dockerd', [
    ...['--data-root', root, '--exec-root', path.join(home, 'exec'), '-H', `unix://${socket}`, '--pidfile', path.join(home, 'pid')],
    ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
  ]);
  const api = new EngineApi(socket);
  await until(async () => (await api.call('GET', '/_ping').catch(() => null)) !== null, 'dockerd answers');
  return { root, socket, api };
}

/** Starts a containerd with its own folder. `ctr` runs ctr with arguments and returns its output. */
export async function startContainerd(
  context: TestContext,
): Promise<{ readonly root: string; readonly ctr: (...args: string[]) => string }> {
  const home = testFolder(context);
  const root = path.join(home, 'root');
  const socket = path.join(home, 'containerd.sock');
  const config = path.join(home, 'config.toml');
  const lines = [
    'version = 2',
    `root = "${root}"`,
    `state = "${path.join(home, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    `[grpc]\n  address = "${socket}"`,
    `[debug]\n  address = "${path.join(home, 'debug.sock')}"`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  runEngine(context, 'containerd', ['-c', config]);
  const run = (...args: string[]) => tryTool('ctr', ['-a', socket, ...args]);
  await until(() => run('version').code === 0, 'containerd answers');
  return {
    root,
    ctr: (...args) => {
      const { code, stdout, stderr } = run(...args);
      if (code !== 0) throw new Error(`ctr ${args.join(' ')}: ${stderr}`);
      return stdout.toString();
    },
  };
}

/** Creates a Podman with its own storage, without a service. `run` runs podman with arguments and returns its output. */
export function podman(
  context: TestContext,
  driver: 'overlay' | 'vfs',
): { readonly root: string; readonly settings: string; readonly run: (...args: string[]) => string } {
  const home = testFolder(context);
  const root = path.join(home, 'storage');
  const settings = path.join(home, 'storage.conf');
  writeFileSync(settings, `[storage]\ndriver = "${driver}"\nrunroot = "${path.join(home, 'run')}"\ngraphroot = "${root}"\n`);
  // Podman bind-mounts its storage on itself, so it must be unmounted.
  atEnd(context, () => {
    tryTool('umount', [path.join(root, driver)]);
  });
  return {
    root,
    settings,
    run: (...args) => {
      const { code, stdout, stderr } = tryTool('podman', args, { env: { CONTAINERS_STORAGE_CONF: settings } });
      if (code !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`);
      return stdout.toString();
    },
  };
}
