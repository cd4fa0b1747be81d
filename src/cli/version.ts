import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The program's version: set by the build, or read from package.json when run from source. */
export function programVersion(): string {
  const built = process.env.LAYERSCOPE_VERSION;
  if (built) return built;
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
  return version;
}
