// containerd's mirrors: `certs.d/HOST[:PORT]/hosts.toml`, or the file in `_default` for hosts without one.
//
//   server = "https://registry-1.docker.io"
//   [host."https://mirror.example/v2/hub"]
//     capabilities = ["pull", "resolve"]
//     override_path = true
//     skip_verify = true
//     ca = ["company.pem"]
//
// Source: containerd docs/hosts.md, core/remotes/docker/config/hosts.go. Client certificates and headers in the file aren't used.
import path from 'node:path';
import { parse } from 'smol-toml';
import { readSettings } from '#files';
import { asArray, asObject, asText, type JsonObject } from '#format/image';
import { asLayerscopeError, displayText, LayerscopeError, trimEnd } from '#model';

/** A server that has a registry's images. */
export interface HostsServer {
  readonly url: URL;
  /** Path before `/v2/`. */
  readonly path: string;
  /** Prefix for the names of repositories, ending in a slash; usually empty. */
  readonly prefix: string;
  readonly only: 'all' | 'digest-only' | 'tag-only';
  readonly skipVerify: boolean;
  /** CA certificate files for this server. */
  readonly authorities: readonly string[];
}

/** The content of a hosts.toml. */
export interface HostsFile {
  /** The mirrors, in the order to try them. */
  readonly mirrors: readonly HostsServer[];
  /** The registry itself; null if the file doesn't name it. */
  readonly server: HostsServer | null;
}

const NONE: HostsFile = { mirrors: [], server: null };

/** Reads the first existing file for a registry. Throws UNREACHABLE if the file isn't TOML; IO, TOO_LARGE. */
export function readHosts(folders: readonly string[], host: string): HostsFile {
  // The host is used as a folder's name, which must not contain a separator.
  if (/[/\\]|^\.+$/.test(host)) return NONE;
  const names = [host, host.replace(/:(\d+)$/, '_$1_'), host.replace(/:\d+$/, ''), '_default'];
  for (const folder of folders) {
    for (const name of new Set(names)) {
      const file = path.join(folder, name, 'hosts.toml');
      const text = readText(file);
      if (text !== null) return parseHosts(text, file);
    }
  }
  return NONE;
}

function parseHosts(text: string, file: string): HostsFile {
  let value: JsonObject | null;
  try {
    value = asObject(parse(text));
  } catch (error) {
    throw new LayerscopeError('UNREACHABLE', `${displayText(file)} is not valid TOML`, { cause: error });
  }
  const folder = path.dirname(file);
  const mirrors = Object.entries(asObject(value?.host) ?? {}).flatMap(([address, options]) => serverOf(address, asObject(options), folder));
  const own = asText(value?.server);
  return { mirrors, server: own === null ? null : (serverOf(own, value, folder)[0] ?? null) };
}

/** Returns a server as a list of one; empty if it isn't for pulling images or its address can't be used. */
function serverOf(address: string, options: JsonObject | null, folder: string): readonly HostsServer[] {
  const url = toUrl(address.includes('://') ? address : `https://${address}`);
  const capabilities = options?.capabilities === undefined ? ['pull', 'resolve'] : asArray(options.capabilities);
  const only = capabilities.includes('pull') ? (capabilities.includes('resolve') ? 'all' : 'digest-only') : null;
  const at = url === null ? null : placeIn(url, options?.override_path === true);
  if (url === null || at === null || only === null) return [];
  const ca = options?.ca;
  const files = (typeof ca === 'string' ? [ca] : asArray(ca)).filter((each): each is string => typeof each === 'string');
  return [{ url, ...at, only, skipVerify: options?.skip_verify === true, authorities: files.map((each) => path.resolve(folder, each)) }];
}

/** Splits a server's path. containerd appends `/v2`, unless `override_path` says that the path already includes it. */
function placeIn({ pathname }: URL, isApi: boolean): { readonly path: string; readonly prefix: string } | null {
  const trimmed = trimEnd(pathname, '/');
  if (!isApi || trimmed === '') return { path: trimmed.replace(/\/v2$/, ''), prefix: '' };
  const [, before, prefix = ''] = /^(.*?)\/v2(?:\/(.+))?$/.exec(trimmed) ?? [];
  return before === undefined ? null : { path: before, prefix: prefix === '' ? '' : `${prefix}/` };
}

function toUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' ? url : null;
  } catch {
    return null;
  }
}

function readText(file: string): string | null {
  try {
    return readSettings(file)?.toString() ?? null;
  } catch (error) {
    // containerd runs as root, so its folder may be closed to the user; in that case, its settings don't apply to the user.
    if (asLayerscopeError(error).code === 'PERMISSION') return null;
    throw error;
  }
}
