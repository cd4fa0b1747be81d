import { homedir } from 'node:os';
import path from 'node:path';

/** Returns the default home of this user's portable store. */
export function defaultStoreHome(): string {
  return path.join(dataFolder(), 'store');
}

/** Returns this user's folder for application data. Source: XDG Base Directory Specification; Apple's and Microsoft's conventions. */
export function dataFolder(): string {
  const { env, platform } = process;
  if (platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(homedir(), 'AppData', 'Local'), 'Layerscope');
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Layerscope');
  const base = env.XDG_DATA_HOME;
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.local', 'share'), 'layerscope');
}
