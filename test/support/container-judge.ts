// The judge, ../shared/check/container.py, compares the command line's reports on an image with what a container sees according to
// containerd's applier and the kernel's overlayfs. It needs root, overlay mounts, Go (it builds a small program), Python and zstd.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');

export const JUDGE: string = path.join(root, '..', 'shared', 'check', 'container.py');

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function mountsOverlays(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-overlay-'));
  const [a, b, merged] = ['a', 'b', 'merged'].map((name) => path.join(folder, name)) as [string, string, string];
  try {
    for (const each of [a, b, merged]) mkdirSync(each);
    if (!runs('mount', ['-t', 'overlay', 'layerscope', '-o', `lowerdir=${a}:${b}`, merged])) return false;
    return runs('umount', [merged]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns what this machine lacks to run the judge, in words; null if nothing. */
export function judgeLacks(): string | null {
  if (process.getuid?.() !== 0) return 'this user is not root';
  for (const [tool, args, where] of [
    ['python3', ['--version'], 'Debian: python3'],
    ['go', ['version'], 'https://go.dev'],
    ['zstd', ['--version'], 'Debian: zstd'],
  ] as const)
    if (!runs(tool, args)) return `no ${tool} (${where})`;
  return mountsOverlays() ? null : 'overlay file systems cannot be mounted here';
}

export interface Verdict {
  /** Number of images or stacks, of those `asked` and accepted by containerd, on which the command line and a container agree. */
  readonly agree: number;
  readonly asked: number;
  /** Differences by file name, such as `lib: type symlink for directory`. */
  readonly differences: ReadonlyMap<string, readonly string[]>;
  /** Number of differences by file name, because the judge prints only the first few. */
  readonly counts: ReadonlyMap<string, number>;
  /** Names of files that containerd refuses. */
  readonly refused: readonly string[];
  readonly output: string;
}

/** Returns the command that the judge runs. The judge compares set-id bits, which a mount keeps only with --as-is. */
export function judgedCommand(cli: string): string {
  const program = [process.execPath, cli].map((word) => `"${word}"`).join(' ');
  return `sh -c 'if [ "$1 $2" = "store mount" ]; then shift 2; exec ${program} store mount --as-is "$@"; fi; exec ${program} "$@"' sh`;
}

/** Runs the judge on the program at `cli`, with temporary files in `folder`. Throws if there is no verdict. */
export async function askJudge(cli: string, args: readonly string[], folder: string): Promise<Verdict> {
  const command = judgedCommand(cli);
  const env = { ...process.env, TMPDIR: folder };
  delete (env as NodeJS.ProcessEnv).LAYERSCOPE_CACHE;
  const output = await new Promise<string>((resolve, reject) => {
    const child = spawn('python3', [JUDGE, command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
  return readVerdict(output);
}

function readVerdict(output: string): Verdict {
  const differences = new Map<string, string[]>();
  const counts = new Map<string, number>();
  const refused: string[] = [];
  for (const line of output.split('\n')) {
    const [, name = '', count, first = ''] = /^(.+?): (\d+) differ: (.*)$/.exec(line) ?? [];
    if (count !== undefined) {
      differences.set(name, first.split('; '));
      counts.set(name, Number(count));
    }
    const [, file] = /^(.+) containerd refuses it$/.exec(line) ?? [];
    if (file !== undefined) refused.push(path.basename(file));
  }
  const [, agree, asked] = /(?:^|\n)(\d+) of (\d+) agree\n*$/.exec(output) ?? [];
  if (agree === undefined || asked === undefined) throw new Error(`the judge gave no verdict:\n${output}`);
  return { agree: Number(agree), asked: Number(asked), differences, counts, refused, output };
}
