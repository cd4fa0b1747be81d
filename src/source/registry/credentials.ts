// Finds the registry credentials of the user's tools. Source: docker docs, "docker login"; containers-auth.json(5).
import path from 'node:path';
import { readSettings } from '#files';
import { asObject, asText, type JsonObject, parseJson } from '#format/image';
import { displayText, LayerscopeError, trimEnd } from '#model';
import { askHelper, type Credentials, type HelperOptions } from './credential-helper.ts';

/** Finds credentials for a registry. */
export interface CredentialSource {
  /**
   * Returns the credentials; null if there are none. `host` is spelled as in references, `name` is the repository. Throws UNAUTHORIZED if a
   * helper fails; TOO_LARGE, PERMISSION, IO.
   */
  find(host: string, name: string, signal: AbortSignal | undefined): Promise<Credentials | null>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const HUB_KEY = 'https://index.docker.io/v1/';

interface CredentialFile {
  readonly path: string;
  /** Whether keys may be paths of repositories; if so, the longest match wins. */
  readonly hasPaths: boolean;
  /** Whether the file itself is the list of `auths`, as `~/.dockercfg` is. */
  readonly isBare?: boolean;
}

/** Returns the files in order of precedence. */
function credentialFiles(env: Environment, home: string): readonly CredentialFile[] {
  const config = env.XDG_CONFIG_HOME || path.join(home, '.config');
  return [
    ...(env.REGISTRY_AUTH_FILE ? [{ path: env.REGISTRY_AUTH_FILE, hasPaths: true }] : []),
    ...(env.XDG_RUNTIME_DIR ? [{ path: path.join(env.XDG_RUNTIME_DIR, 'containers/auth.json'), hasPaths: true }] : []),
    { path: path.join(config, 'containers/auth.json'), hasPaths: true },
    { path: path.join(env.DOCKER_CONFIG || path.join(home, '.docker'), 'config.json'), hasPaths: false },
    { path: path.join(home, '.dockercfg'), hasPaths: false, isBare: true },
  ];
}

/** The user's credentials. Files are read again for each request, because credentials may expire. */
export class UserCredentials implements CredentialSource {
  readonly #env: Environment;
  readonly #home: string;
  readonly #helper: HelperOptions;

  constructor(env: Environment, home: string, helper: HelperOptions = {}) {
    this.#env = env;
    this.#home = home;
    this.#helper = { env, ...helper };
  }

  async find(host: string, name: string, signal: AbortSignal | undefined): Promise<Credentials | null> {
    for (const file of credentialFiles(this.#env, this.#home)) {
      const value = readFile(file);
      if (value === null) continue;
      const found = await this.#inFile(value, file, host, name, signal);
      if (found !== null) return found;
    }
    return null;
  }

  async #inFile(
    value: JsonObject,
    file: CredentialFile,
    host: string,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<Credentials | null> {
    const auths = file.isBare ? value : asObject(value.auths);
    const keys = file.hasPaths ? [...pathKeys(host, name), ...hostKeys(host)] : hostKeys(host);
    const helpers = asObject(value.credHelpers);
    const server = host === 'docker.io' ? HUB_KEY : host;
    if (!file.isBare) {
      for (const key of keys) {
        const helper = own(helpers, key);
        if (typeof helper === 'string' && helper !== '') return askHelper(helper, server, signal, this.#helper);
      }
      const store = asText(value.credsStore);
      const stored = store === null ? null : await askHelper(store, server, signal, this.#helper);
      if (stored !== null) return stored;
    }
    for (const key of keys) {
      const found = entryCredentials(own(auths, key));
      if (found !== null) return found;
    }
    // Old files have addresses as keys, such as `https://host/v1/`.
    for (const [key, entry] of Object.entries(auths ?? {})) {
      if (!/^https?:\/\//.test(key) || hostOfKey(key) !== host) continue;
      const found = entryCredentials(entry);
      if (found !== null) return found;
    }
    return null;
  }
}

function hostKeys(host: string): readonly string[] {
  return host === 'docker.io' ? [HUB_KEY, 'docker.io', 'index.docker.io', 'registry-1.docker.io'] : [host];
}

/** Returns `host/a/b` and `host/a`, longest first. */
function pathKeys(host: string, name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, index) => `${host}/${parts.slice(0, parts.length - index).join('/')}`);
}

function hostOfKey(key: string): string {
  try {
    return new URL(key).host;
  } catch {
    return '';
  }
}

function own(object: JsonObject | null, key: string): unknown {
  return object !== null && Object.hasOwn(object, key) ? object[key] : undefined;
}

function entryCredentials(value: unknown): Credentials | null {
  const entry = asObject(value);
  if (entry === null) return null;
  const pair = trimEnd(Buffer.from(asText(entry.auth) ?? '', 'base64').toString('utf8'), '\0');
  const colon = pair.indexOf(':');
  const username = colon < 0 ? (asText(entry.username) ?? '') : pair.slice(0, colon);
  const password = colon < 0 ? (asText(entry.password) ?? '') : pair.slice(colon + 1);
  const identityToken = asText(entry.identitytoken);
  if (identityToken !== null) return { username, password: '', identityToken };
  return username === '' && password === '' ? null : { username, password, identityToken: null };
}

/** Reads a credentials file; null if there is none. Throws TOO_LARGE, PERMISSION, IO; UNAUTHORIZED if damaged. */
function readFile({ path: file }: CredentialFile): JsonObject | null {
  const bytes = readSettings(file);
  if (bytes === null || bytes.length === 0) return null;
  try {
    return asObject(parseJson(bytes, 'it'));
  } catch {
    // Without the parser's message, which may quote a secret.
    throw new LayerscopeError('UNAUTHORIZED', `${displayText(file)} is not a list of credentials`);
  }
}
