import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

function newest(folder: string): number {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) time = Math.max(time, statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  }
  return time;
}

export type Target = 'current' | 'chrome108';

/** Returns the folder of a target's build. */
export function outFolder(target: Target): string {
  return path.join(root, target === 'chrome108' ? path.join('out', 'chrome108') : 'dist');
}

/** Builds a target unless its build is newer than every source; ends the process if the build fails. */
export function buildIfStale(target: Target): void {
  const stamp = path.join(outFolder(target), '.built');
  const sources = Math.max(
    ...['src', 'electron', 'renderer', 'scripts'].map((folder) => newest(path.join(root, folder))),
    ...['package.json', 'package-lock.json', 'vite.config.ts'].map((file) => statSync(path.join(root, file)).mtimeMs),
  );
  if (existsSync(stamp) && statSync(stamp).mtimeMs > sources) return;
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'build.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, LAYERSCOPE_TARGET: target },
  });
  if (status !== 0) {
    console.error('layerscope: INTERNAL: the build failed');
    process.exit(1);
  }
  writeFileSync(stamp, '');
}
