import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Returns the program's version, which the build sets; when run from source, reads it from package.json. */
export function programVersion(): string {
  const built = process.env.LAYERSCOPE_VERSION;
  if (built) return built;
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
  return version;
}
