import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The program's version: put in by the build, read from package.json where the sources run as they are. */
export function programVersion(): string {
  const built = process.env.LAYERSCOPE_VERSION;
  if (built) return built;
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
  return version;
}
