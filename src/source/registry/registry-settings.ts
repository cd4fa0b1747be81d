// Settings for where a repository is served and how to connect: registries.conf (Podman, skopeo, Buildah), daemon.json (Docker) and
// hosts.toml (containerd). Source: containers-registries.conf(5); docker docs, "daemon configuration file".
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'smol-toml';
import { readSettings } from '#files';
import { asArray, asObject, asText, asTexts, type JsonObject, parseJson } from '#format/image';
import type { Reference } from '#format/reference';
import { displayText, LayerscopeError, trimEnd } from '#model';
import { isWithin } from '../http/proxies.ts';
import { type HostsFile, type HostsServer, readHosts } from './hosts-toml.ts';
import type { EndpointPlace } from './registry-endpoint.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const HUB = 'docker.io';
const HUB_SERVER = 'registry-1.docker.io';

interface MirrorRule {
  readonly location: string;
  readonly insecure: boolean;
  readonly only: 'all' | 'digest-only' | 'tag-only';
}

interface RegistryRule {
  readonly prefix: string;
  readonly location: string;
  readonly insecure: boolean;
  readonly blocked: boolean;
  readonly mirrors: readonly MirrorRule[];
}

export interface SettingsOptions {
  readonly env: Environment;
  readonly home: string;
  /** Hosts that may be contacted without TLS, in addition to those named in the files. */
  readonly plainHttp?: readonly string[];
  /** For tests: a folder to use in place of `/etc`. */
  readonly system?: string;
}

/** The user's and the system's settings, read once. */
export class RegistrySettings {
  readonly #rules: readonly RegistryRule[];
  readonly #hubMirrors: readonly URL[];
  readonly #insecure: readonly string[];
  readonly #plainHttp: ReadonlySet<string>;
  /** containerd's certs.d. */
  readonly #hostsFolders: readonly string[];
  /** Contents of the hosts.toml files read so far, by registry. */
  readonly #hosts = new Map<string, HostsFile>();

  /** Reads the settings. Throws UNREACHABLE if a file can't be parsed; TOO_LARGE, PERMISSION, IO. */
  constructor({ env, home, plainHttp = [], system = '/etc' }: SettingsOptions) {
    this.#rules = readRules(env, home, system);
    const daemons = [
      path.join(system, 'docker/daemon.json'),
      path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'docker/daemon.json'),
      path.join(home, '.docker/daemon.json'),
    ].map(readDaemon);
    this.#hubMirrors = daemons.flatMap((daemon) => asTexts(daemon?.['registry-mirrors'])).flatMap(toUrl);
    this.#insecure = daemons.flatMap((daemon) => asTexts(daemon?.['insecure-registries']));
    this.#plainHttp = new Set(plainHttp);
    const config = env.XDG_CONFIG_HOME || path.join(home, '.config');
    this.#hostsFolders = [path.join(config, 'containerd/certs.d'), path.join(system, 'containerd/certs.d')];
  }

  /** Returns the endpoints of a repository in the order to try them. Throws UNAUTHORIZED if the settings block it. */
  places({ host, name, digest }: Pick<Reference, 'host' | 'name' | 'digest'>): readonly EndpointPlace[] {
    const full = `${host}/${name}`;
    const rule = this.#ruleFor(full);
    if (rule?.blocked) throw new LayerscopeError('UNAUTHORIZED', `${displayText(host)}: registries.conf blocks it`);
    const mirrors = (rule?.mirrors ?? [])
      .filter(({ only }) => only === 'all' || (only === 'digest-only') === (digest !== null))
      .map(({ location, insecure }) => this.#place(relocated(full, rule?.prefix ?? host, location), insecure, true));
    const hubMirrors = host === HUB ? this.#hubMirrors.map((url) => this.#mirrorOfHub(url, name)) : [];
    const hosts = this.#hostsOf(host);
    const ofContainerd = hosts.mirrors
      .filter(({ only }) => only === 'all' || (only === 'digest-only') === (digest !== null))
      .map((mirror) => this.#server(mirror, name, true));
    const own =
      rule === null && hosts.server !== null
        ? this.#server(hosts.server, name, false)
        : this.#place(rule === null ? full : relocated(full, rule.prefix, rule.location), rule?.insecure ?? false, false);
    // Leaves out the registry itself, which containerd lists among its hosts, because it comes last.
    return [...mirrors, ...hubMirrors, ...ofContainerd.filter((place) => place.host !== own.host || place.name !== own.name), own];
  }

  #hostsOf(host: string): HostsFile {
    const known = this.#hosts.get(host) ?? readHosts(this.#hostsFolders, host);
    this.#hosts.set(host, known);
    return known;
  }

  /** Returns the CA certificate files for a host of {@link places}. */
  authorities(host: string): readonly string[] {
    return this.#servers(host).flatMap((server) => server.authorities);
  }

  #servers(host: string): readonly HostsServer[] {
    return [...this.#hosts.values()]
      .flatMap(({ mirrors, server }) => [...mirrors, ...(server === null ? [] : [server])])
      .filter(({ url }) => url.host === host);
  }

  /** Whether a host's certificate doesn't have to be checked. */
  isInsecure(host: string): boolean {
    if (this.#servers(host).some(({ skipVerify }) => skipVerify)) return true;
    if (
      this.#rules.some(({ location, insecure, mirrors }) =>
        [{ location, insecure }, ...mirrors].some((at) => at.insecure && serverOf(at.location) === host),
      )
    )
      return true;
    const name = host.replace(/:\d+$/, '');
    return this.#insecure.some((entry) => entry === host || entry === name || isInSubnet(name, entry));
  }

  #place(full: string, insecure: boolean, isMirror: boolean): EndpointPlace {
    const slash = full.indexOf('/');
    const host = full.slice(0, slash);
    return {
      host: host === HUB ? HUB_SERVER : host,
      path: '',
      name: full.slice(slash + 1),
      credentialHost: host,
      mayBePlain: insecure || this.#mayBePlain(host),
      isMirror,
    };
  }

  #server({ url, path: before, prefix }: HostsServer, name: string, isMirror: boolean): EndpointPlace {
    return {
      host: url.host,
      path: before,
      name: `${prefix}${name}`,
      // Docker Hub's server uses the credentials stored for Docker Hub.
      credentialHost: url.host === HUB_SERVER ? HUB : url.host,
      mayBePlain: url.protocol === 'http:' || this.#mayBePlain(url.host),
      isMirror,
    };
  }

  #mirrorOfHub(url: URL, name: string): EndpointPlace {
    return {
      host: url.host,
      path: trimEnd(url.pathname, '/'),
      name,
      credentialHost: url.host,
      mayBePlain: url.protocol === 'http:' || this.#mayBePlain(url.host),
      isMirror: true,
    };
  }

  #mayBePlain(host: string): boolean {
    return this.#plainHttp.has(host) || this.isInsecure(host);
  }

  /** Returns the rule with the longest prefix. */
  #ruleFor(full: string): RegistryRule | null {
    const fitting = this.#rules.filter(({ prefix }) => hasPrefix(full, prefix));
    return fitting.reduce<RegistryRule | null>(
      (best, rule) => (best === null || rule.prefix.length > best.prefix.length ? rule : best),
      null,
    );
  }
}

/** Whether a name starts with a prefix that ends at a component boundary. `*.example.com` matches any host below. */
function hasPrefix(full: string, prefix: string): boolean {
  if (prefix.startsWith('*.')) return hostPart(full).endsWith(prefix.slice(1));
  return full === prefix || full.startsWith(`${prefix}/`);
}

function relocated(full: string, prefix: string, location: string): string {
  if (location === '') return full;
  return prefix.startsWith('*.') ? `${location}${full.slice(hostPart(full).length)}` : `${location}${full.slice(prefix.length)}`;
}

function hostPart(full: string): string {
  return full.split('/', 1)[0] ?? '';
}

function serverOf(location: string): string {
  const host = hostPart(location);
  return host === HUB ? HUB_SERVER : host;
}

function isInSubnet(host: string, entry: string): boolean {
  const [, subnet, bits] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  return subnet !== undefined && isWithin(host, subnet, Number(bits));
}

/**
 * Reads the first existing registries.conf, and every file in the registries.conf.d next to it. Later rules for a prefix replace earlier
 * ones.
 */
function readRules(env: Environment, home: string, system: string): readonly RegistryRule[] {
  const own = path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'containers/registries.conf');
  const shared = path.join(system, 'containers/registries.conf');
  const files = env.CONTAINERS_REGISTRIES_CONF ? [env.CONTAINERS_REGISTRIES_CONF] : [own, shared];
  const main = files.map((file) => readText(file)).find((text) => text !== null) ?? null;
  const folders = env.CONTAINERS_REGISTRIES_CONF ? [] : [`${shared}.d`, `${own}.d`];
  const dropped = folders.flatMap((folder) => namesIn(folder).map((name) => path.join(folder, name)));
  const rules = new Map<string, RegistryRule>();
  for (const { file, text } of [...(main === null ? [] : [main]), ...dropped.map(readText).filter((each) => each !== null)]) {
    for (const rule of parseRules(text, file)) rules.set(rule.prefix, rule);
  }
  return [...rules.values()];
}

function parseRules(text: string, file: string): readonly RegistryRule[] {
  let value: JsonObject | null;
  try {
    value = asObject(parse(text));
  } catch (error) {
    throw new LayerscopeError('UNREACHABLE', `${displayText(file)} is not valid TOML`, { cause: error });
  }
  return asArray(value?.registry).flatMap((entry): RegistryRule[] => {
    const object = asObject(entry);
    const location = asText(object?.location) ?? '';
    const prefix = asText(object?.prefix) ?? location;
    if (object === null || prefix === '') return [];
    const isByDigest = object['mirror-by-digest-only'] === true;
    const mirrors = asArray(object.mirror).flatMap((each): MirrorRule[] => {
      const mirror = asObject(each);
      const at = asText(mirror?.location);
      if (mirror === null || at === null) return [];
      const stated = asText(mirror['pull-from-mirror']);
      const only = stated === 'digest-only' || stated === 'tag-only' ? stated : isByDigest ? 'digest-only' : 'all';
      return [{ location: at, insecure: mirror.insecure === true, only }];
    });
    return [
      {
        prefix,
        location: location === '' ? prefix : location,
        insecure: object.insecure === true,
        blocked: object.blocked === true,
        mirrors,
      },
    ];
  });
}

function readDaemon(file: string): JsonObject | null {
  const found = readText(file);
  if (found === null) return null;
  try {
    return asObject(parseJson(Buffer.from(found.text), 'it'));
  } catch (error) {
    throw new LayerscopeError('UNREACHABLE', `${displayText(file)} is not valid JSON`, { cause: error });
  }
}

function readText(file: string): { readonly file: string; readonly text: string } | null {
  const bytes = readSettings(file);
  return bytes === null ? null : { file, text: bytes.toString() };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.conf'))
      .sort();
  } catch {
    // Most systems don't have this folder.
    return [];
  }
}

function toUrl(text: string): URL[] {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? [url] : [];
  } catch {
    return [];
  }
}
