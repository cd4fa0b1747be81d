// Finds the API of Docker or Podman: from the environment, the current context, or the existing sockets. Source: docker docs, "Docker
// contexts", docker/cli cli/context/store; podman-system-connection(1).
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readSettings } from '#files';
import { asObject, asText, type JsonObject, parseJson } from '#format/image';
import type { EngineKind } from '#format/reference';
import { displayText, LayerscopeError } from '#model';
import { readAuthorities, readClientCertificate, type TlsFiles } from '../http/tls-files.ts';
import type { SourceEnvironment } from '../types.ts';

/** The location of an engine's API. No request has been sent yet. */
export interface EngineEndpoint {
  readonly engine: EngineKind;
  /** `unix:///var/run/docker.sock`, `npipe:////./pipe/docker_engine`, `tcp://host:2376`, `ssh://me@host`; contains no secrets. */
  readonly address: string;
  /**
   * Set for tcp with TLS. Reads the files when called. Throws UNREACHABLE for a file that isn't a certificate or key; TOO_LARGE,
   * PERMISSION, IO.
   */
  readonly tls: (() => TlsFiles) | null;
  /** Path of the private key for ssh, if the user's settings specify one. */
  readonly identity: string | null;
}

/**
 * Returns the endpoints to try, in order. If the user specified an endpoint, it is the only one for its engine. Throws USAGE; NOT_FOUND for
 * a context that doesn't exist.
 */
export function findEndpoints(environment: SourceEnvironment): readonly EngineEndpoint[] {
  return [...dockerEndpoints(environment), ...podmanEndpoints(environment)];
}

function dockerEndpoints(environment: SourceEnvironment): readonly EngineEndpoint[] {
  const { env, home, platform } = environment;
  const folder = env.DOCKER_CONFIG || path.join(home, '.docker');
  if (env.DOCKER_HOST) return [endpoint('docker', env.DOCKER_HOST, isTlsWanted(env) ? tlsIn(env.DOCKER_CERT_PATH || folder, env) : null)];
  const context = env.DOCKER_CONTEXT || asText(readObject(path.join(folder, 'config.json'))?.currentContext);
  if (context !== null && context !== '' && context !== 'default') return [contextEndpoint(context, folder)];
  if (platform === 'win32') return [endpoint('docker', 'npipe:////./pipe/docker_engine', null)];
  return existing(dockerSockets(environment)).map((socket) => endpoint('docker', `unix://${socket}`, null));
}

function dockerSockets({ env, home }: SourceEnvironment): readonly string[] {
  return [
    '/var/run/docker.sock',
    ...(env.XDG_RUNTIME_DIR ? [path.join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    path.join(home, '.docker/run/docker.sock'),
    path.join(home, '.docker/desktop/docker.sock'),
    path.join(home, '.rd/docker.sock'),
    ...below(path.join(home, '.colima'), 'docker.sock'),
    ...below(path.join(home, '.lima'), 'sock/docker.sock'),
    path.join(home, '.orbstack/run/docker.sock'),
  ];
}

function podmanEndpoints({ env, home, platform }: SourceEnvironment): readonly EngineEndpoint[] {
  if (env.CONTAINER_HOST) return [endpoint('podman', env.CONTAINER_HOST, null, env.CONTAINER_SSHKEY ?? null)];
  const sockets = [
    ...(env.XDG_RUNTIME_DIR ? [path.join(env.XDG_RUNTIME_DIR, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
    ...below(path.join(home, '.lima'), 'sock/podman.sock'),
  ];
  const local = platform === 'win32' ? [] : existing(sockets).map((socket) => endpoint('podman', `unix://${socket}`, null));
  return [...local, ...podmanConnections(env.XDG_CONFIG_HOME || path.join(home, '.config'))];
}

/** Returns Podman's default connection, if any. */
function podmanConnections(config: string): readonly EngineEndpoint[] {
  const connection = asObject(readObject(path.join(config, 'containers/podman-connections.json'))?.Connection);
  const name = asText(connection?.Default);
  const all = asObject(connection?.Connections);
  const chosen = name !== null && all !== null && Object.hasOwn(all, name) ? asObject(all[name]) : null;
  const uri = asText(chosen?.URI);
  return uri === null ? [] : [endpoint('podman', uri, null, asText(chosen?.Identity))];
}

/** Returns the endpoint of a context. Throws NOT_FOUND if the context doesn't exist or has no endpoint. */
function contextEndpoint(name: string, folder: string): EngineEndpoint {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readObject(path.join(folder, 'contexts/meta', id, 'meta.json'));
  const docker = asObject(asObject(meta?.Endpoints)?.docker);
  const host = asText(docker?.Host);
  if (host === null) throw new LayerscopeError('NOT_FOUND', `the Docker context ${displayText(name)} has no endpoint`);
  const certificates = path.join(folder, 'contexts/tls', id, 'docker');
  const isTls = existsSync(certificates) || docker?.SkipTLSVerify === true;
  return endpoint('docker', host, isTls ? () => tlsFiles(certificates, docker?.SkipTLSVerify === true) : null);
}

/** Makes an endpoint from an address. Throws USAGE if the address is invalid or its scheme is unknown. */
function endpoint(engine: EngineKind, text: string, tls: EngineEndpoint['tls'], identity: string | null = null): EngineEndpoint {
  // A pipe's address may have either kind of slash, and any number of them. Docker accepts a bare host and port.
  const pipe = /^npipe:[\\/]*\.[\\/]pipe[\\/]([^\\/]+)$/i.exec(text)?.[1];
  const address = pipe !== undefined ? `npipe:////./pipe/${pipe}` : /^[a-z]+:\/\//i.test(text) ? text : `tcp://${text}`;
  if (!/^(unix|npipe|tcp|http|https|ssh):\/\//.test(address))
    throw new LayerscopeError('USAGE', `${engine}: ${scheme(text)} is not supported`);
  if (/^(unix|npipe):\/\/$/.test(address)) throw notAnAddress(address, engine);
  if (/^(tcp|https?|ssh):/.test(address)) {
    const url = parseUrl(address, engine);
    if (url.password !== '') throw new LayerscopeError('USAGE', `${engine}: an address with a password is not supported`);
  }
  return { engine, address, tls, identity };
}

function scheme(text: string): string {
  return displayText(text.slice(0, text.indexOf(':') + 3));
}

/** Parses an address as {@link EngineRouter} does, so that it can't fail there. */
function parseUrl(address: string, engine: EngineKind): URL {
  try {
    // If there is no host, URL would take the first part of the path as the host.
    if (/^[a-z]+:\/\/(\/|$)/.test(address)) throw notAnAddress(address, engine);
    const url = new URL(address.replace(/^tcp:/, 'http:'));
    decodeURIComponent(url.username);
    return url;
  } catch {
    throw notAnAddress(address, engine);
  }
}

function notAnAddress(address: string, engine: EngineKind): LayerscopeError {
  return new LayerscopeError('USAGE', `${engine}: not an address: ${displayText(address.slice(0, 200))}`);
}

function isTlsWanted(env: SourceEnvironment['env']): boolean {
  return Boolean(env.DOCKER_TLS_VERIFY) || Boolean(env.DOCKER_TLS);
}

function tlsIn(folder: string, env: SourceEnvironment['env']): () => TlsFiles {
  return () => tlsFiles(folder, !env.DOCKER_TLS_VERIFY);
}

function tlsFiles(folder: string, isUnchecked: boolean): TlsFiles {
  const ca = readAuthorities(path.join(folder, 'ca.pem'));
  return {
    ...(ca === null ? {} : { ca: [ca] }),
    ...(readClientCertificate(path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')) ?? {}),
    ...(isUnchecked ? { rejectUnauthorized: false } : {}),
  };
}

function existing(files: readonly string[]): readonly string[] {
  return [...new Set(files)].filter((file) => existsSync(file));
}

/** Returns a file's path in each subfolder of a folder. */
function below(folder: string, name: string): readonly string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((each) => path.join(folder, each, name));
  } catch {
    return [];
  }
}

/** Reads a JSON object; null if the file is missing or contains something else. The user's own tools report such a file. */
function readObject(file: string): JsonObject | null {
  try {
    const bytes = readSettings(file);
    return bytes === null ? null : asObject(parseJson(bytes, 'it'));
  } catch {
    return null;
  }
}
