// Compiles the stand-in for vmcompute.dll, once for each version of its source: a shared object with gcc, or a DLL with mingw's.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const source = path.join(here, 'vmcompute.c');
/** Included by vmcompute.c on Linux. */
const kernel = path.join(here, 'kernel.c');
const out = path.join(here, '..', '..', 'out', 'native');

export interface StandInBuild {
  readonly system: 'linux' | 'windows';
  /** Whether to leave out the export that Windows Server 2016 TP4 lacks. */
  readonly tp4?: boolean;
}

const COMPILER = { linux: 'gcc', windows: 'x86_64-w64-mingw32-gcc' } as const;

export function hasCompiler(system: StandInBuild['system']): boolean {
  return spawnSync(COMPILER[system], ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Compiles the library if needed; returns its path. Throws the compiler's output. */
export function buildStandIn({ system, tp4 = false }: StandInBuild): string {
  const state = createHash('sha256').update(readFileSync(source)).update(readFileSync(kernel)).digest('hex').slice(0, 12);
  const folder = path.join(out, `${state}${tp4 ? '-tp4' : ''}`);
  const file = path.join(folder, system === 'linux' ? 'vmcompute.so' : 'vmcompute.dll');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  const flags = system === 'linux' ? ['-fPIC', '-fvisibility=hidden', '-lpthread'] : ['-lole32', '-static-libgcc'];
  const args = ['-shared', '-O1', '-Wall', '-Wextra', '-Werror', ...(tp4 ? ['-DTP4'] : []), '-o', unfinished, source, ...flags];
  const { status, stderr } = spawnSync(COMPILER[system], args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${COMPILER[system]}: ${stderr}`);
  renameSync(unfinished, file);
  return file;
}
