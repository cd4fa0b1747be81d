import { existsSync } from 'node:fs';
import path from 'node:path';
import { readSettings } from '#files';
import type { ImageSource, SourceEnvironment } from '../types.ts';
import { containerdRootSource } from './containerd-root.ts';
import { containersStorageSource } from './containers-storage.ts';
import { dockerRootSource } from './docker-root.ts';

/**
 * Returns sources for the folders of engines on this machine, in the order to try them. Omits Docker's if the user's Docker runs on another
 * machine, or at a socket that doesn't reveal the folder: in that case, its API is queried ({@link dockerFolderSources}).
 */
export function findDiskSources(environment: SourceEnvironment): readonly ImageSource[] {
  if (environment.platform !== 'linux') return [];
  const sources: ImageSource[] = [];
  const containerd = containerdRoots(environment);
  const docker = dockerHere(environment);
  if (docker !== 'elsewhere') {
    const roots = dockerRoots(environment, docker);
    for (const root of roots) if (existsSync(path.join(root, 'image'))) sources.push(dockerRootSource(root));
    // Docker 29 stores images in containerd: its own, below the data root, or the system's.
    for (const root of [...roots.map(containerdOf), ...containerd]) {
      if (existsSync(root)) sources.push(containerdRootSource(root, 'docker'));
    }
  }
  if (isPodmanHere(environment)) {
    for (const root of storageRoots(environment)) if (existsSync(root)) sources.push(containersStorageSource(root));
  }
  for (const root of containerd) if (existsSync(root)) sources.push(containerdRootSource(root));
  return sources;
}

/** Returns sources for the folders below a data root named by Docker itself. The folders need not exist. */
export function dockerFolderSources(root: string): readonly ImageSource[] {
  return [dockerRootSource(root), containerdRootSource(containerdOf(root), 'docker')];
}

function containerdOf(dataRoot: string): string {
  return path.join(dataRoot, 'containerd', 'daemon');
}

/**
 * Determines which Docker the `docker` command uses: the system's, the user's own (rootless), either of these, or one whose folder isn't
 * known.
 */
function dockerHere({ env, home }: SourceEnvironment): 'any' | 'system' | 'own' | 'elsewhere' {
  const host = env.DOCKER_HOST;
  if (host) {
    if (/^unix:\/\/(\/var)?\/run\/docker\.sock$/.test(host)) return 'system';
    return env.XDG_RUNTIME_DIR && host === `unix://${path.join(env.XDG_RUNTIME_DIR, 'docker.sock')}` ? 'own' : 'elsewhere';
  }
  const folder = env.DOCKER_CONFIG || path.join(home, '.docker');
  const context = env.DOCKER_CONTEXT || settings(path.join(folder, 'config.json')).currentContext;
  if (context === 'rootless') return 'own';
  return context === undefined || context === '' || context === 'default' ? 'any' : 'elsewhere';
}

/** Returns the data roots, likeliest first. */
function dockerRoots({ env, home }: SourceEnvironment, whose: 'any' | 'system' | 'own'): readonly string[] {
  const own = settings(path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'docker', 'daemon.json'))['data-root'];
  const system = settings('/etc/docker/daemon.json')['data-root'];
  const roots = [
    ...(whose === 'system' ? [] : [own ?? path.join(env.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'docker')]),
    ...(whose === 'own' ? [] : [system ?? '/var/lib/docker']),
  ];
  return [...new Set(roots.filter((root): root is string => typeof root === 'string' && path.isAbsolute(root)))];
}

/** Returns the folders of the user's containerd, the system's and k3s's. */
function containerdRoots({ env, home }: SourceEnvironment): readonly string[] {
  const own = path.join(env.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'containerd');
  return [own, '/var/lib/containerd', '/var/lib/rancher/k3s/agent/containerd'];
}

function isPodmanHere({ env }: SourceEnvironment): boolean {
  const host = env.CONTAINER_HOST;
  return host === undefined || host === '' || host.startsWith('unix:');
}

/**
 * Returns the storage folders of Podman, CRI-O and Buildah: those from the settings file that applies to this user, and the usual ones.
 * Source: containers/storage docs/containers-storage.conf.5.md.
 */
function storageRoots({ env, home }: SourceEnvironment): readonly string[] {
  const named = env.CONTAINERS_STORAGE_CONF;
  const own = path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'containers', 'storage.conf');
  const files = named ? [named] : [own, '/etc/containers/storage.conf', '/usr/share/containers/storage.conf'];
  const stated = files.flatMap(storageFolders);
  const usual = [
    path.join(env.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'containers', 'storage'),
    '/var/lib/containers/storage',
  ];
  return [...new Set([...stated, ...(named ? [] : usual)])].filter((root) => path.isAbsolute(root));
}

/** Reads `graphroot` and `additionalimagestores` from a storage.conf, which is TOML; only the forms in its manual are understood. */
function storageFolders(file: string): readonly string[] {
  // Line by line, because a regular expression over the whole text would take quadratic time for empty lines.
  const lines = settingsText(file)
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'));
  const graphroot = first(lines, /^\s*graphroot\s*=\s*"([^"$]+)"/);
  return [...(graphroot === undefined ? [] : [graphroot]), ...additionalStores(lines)];
}

function first(lines: readonly string[], expression: RegExp): string | undefined {
  for (const line of lines) {
    const found = expression.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the folders in the list `additionalimagestores`, which may span several lines. */
function additionalStores(lines: readonly string[]): readonly string[] {
  const begin = lines.findIndex((line) => /^\s*additionalimagestores\s*=\s*\[/.test(line));
  if (begin < 0) return [];
  const rest = lines.slice(begin).join('\n');
  const list = rest.slice(rest.indexOf('['), Math.max(rest.indexOf(']'), 0));
  return [...list.matchAll(/"([^"\n]+)"/g)].map(([, folder = '']) => folder);
}

/** Returns a settings file's text; empty if it can't be read. */
function settingsText(file: string): string {
  try {
    return readSettings(file)?.toString() ?? '';
  } catch {
    return '';
  }
}

/** Reads a settings file in JSON; empty if it is missing or invalid. The engine itself reports an invalid file. */
function settings(file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(settingsText(file));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
