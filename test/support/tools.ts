// Runs the programs that tests compare ours with. A missing program is a failure that names its package, never a skipped test.
import { spawnSync } from 'node:child_process';

const PACKAGES: Readonly<Record<string, string>> = {
  skopeo: 'skopeo',
  umoci: 'umoci',
  'cmark-gfm': 'cmark-gfm',
  bsdtar: 'libarchive-tools',
  zstd: 'zstd',
  tar: 'tar',
  python3: 'python3',
};

export interface ToolResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly stdin?: Uint8Array | string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end, regardless of the exit code. */
export function tryTool(command: string, args: readonly (string | Buffer)[], options: ToolOptions = {}): ToolResult {
  const run = spawnSync(command, args as string[], {
    cwd: options.cwd,
    input: options.stdin ?? '',
    env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...options.env },
    maxBuffer: 1 << 28,
    timeout: 120_000,
  });
  if (run.error !== undefined) {
    const missing = (run.error as NodeJS.ErrnoException).code === 'ENOENT' && PACKAGES[command] !== undefined;
    throw new Error(missing ? `this test needs ${command} (Debian package ${PACKAGES[command]})` : `${command}: ${run.error.message}`);
  }
  return { code: run.status ?? -1, stdout: run.stdout, stderr: run.stderr.toString() };
}

/** Runs a program and returns its output. Throws unless the exit code is 0. */
export function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Buffer {
  const { code, stdout, stderr } = tryTool(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}: ${stderr.trim()}`);
  return stdout;
}

/** Returns a message naming the first program that isn't installed; null if all are. */
export function missingProgram(...programs: readonly string[]): string | null {
  const missing = programs.find((program) => tryTool('sh', ['-c', `command -v ${program}`]).code !== 0);
  return missing === undefined ? null : `not run: ${missing} is not installed`;
}
