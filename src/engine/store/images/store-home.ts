import { homedir } from 'node:os';
import path from 'node:path';

/** Where the portable store of this user is, unless another home is named. */
export function defaultStoreHome(): string {
  return path.join(dataFolder(), 'store');
}

/** Where the user's programs keep what isn't a cache: XDG Base Directory Specification; Apple's and Microsoft's folders. */
function dataFolder(): string {
  const { env, platform } = process;
  if (platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(homedir(), 'AppData', 'Local'), 'Layerscope');
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Layerscope');
  const base = env.XDG_DATA_HOME;
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.local', 'share'), 'layerscope');
}
