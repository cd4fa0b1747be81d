// The files in certs.d: `HOST[:PORT]/*.crt` are certificate authorities for that host, `X.cert` and `X.key` a client's certificate and key.
// Source: docker docs, "Verify repository client with certificates"; containers-certs.d(5).
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import tls, { createSecureContext, rootCertificates } from 'node:tls';
import { readSettings } from '#files';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';

/** Options of TLS connections to one host; named as in node:tls. */
export interface TlsFiles {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Files with the system's certificate authorities; the first that exists is used. */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Systems with their own store of certificate authorities, to which a company may add its own. */
const STORES: ReadonlySet<NodeJS.Platform> = new Set(['win32', 'darwin']);

/**
 * Maximum size of a file of certificate authorities. The system's file takes several hundred kilobytes, including authorities that a
 * company added.
 */
const MAX_SYSTEM_BYTES = 8 << 20;

/** Returns the certs.d folders, the user's last. */
export function certificateFolders(env: Environment, home: string): readonly string[] {
  const config = env.XDG_CONFIG_HOME || path.join(home, '.config');
  return ['/etc/docker/certs.d', '/etc/containers/certs.d', path.join(config, 'docker/certs.d'), path.join(config, 'containers/certs.d')];
}

/** Reads certificate authorities and client certificates, once for each host. */
export class HostCertificates {
  readonly #folders: readonly string[];
  readonly #env: Environment;
  readonly #authorities: (host: string) => readonly string[];
  readonly #known = new Map<string, TlsFiles>();
  #system: readonly string[] | null = null;

  /** `authorities` returns paths of further files with certificate authorities for a host. */
  constructor(folders: readonly string[], env: Environment, authorities: (host: string) => readonly string[] = () => []) {
    this.#authorities = authorities;
    this.#folders = folders;
    this.#env = env;
  }

  /**
   * Returns the files for a host, which includes the port if the address has one. Throws UNREACHABLE for files that aren't certificates or
   * keys; NOT_FOUND, TOO_LARGE, PERMISSION, IO.
   */
  of(host: string): TlsFiles {
    const known = this.#known.get(host);
    if (known !== undefined) return known;
    const own = this.#authorities(host).map((file) => required(readAuthorities(file), file));
    let client: { readonly cert: string; readonly key: string } | null = null;
    // The host is used as a folder's name, which must not contain a separator.
    for (const folder of /[/\\]|^\.+$/.test(host) ? [] : this.#folders) {
      const found = path.join(folder, host);
      for (const name of namesIn(found)) {
        const file = path.join(found, name);
        if (name.endsWith('.crt')) own.push(required(readAuthorities(file), file));
        else if (name.endsWith('.cert')) client = clientOf(file);
      }
    }
    const system = this.#systemAuthorities();
    const files = { ...(own.length + system.length === 0 ? {} : { ca: [...rootCertificates, ...system, ...own] }), ...(client ?? {}) };
    this.#known.set(host, files);
    return files;
  }

  /** Returns the system's certificate authorities, because Node's own list lacks those that a company adds. */
  #systemAuthorities(): readonly string[] {
    if (this.#system !== null) return this.#system;
    const named = this.#env.SSL_CERT_FILE;
    const files = named ? [named] : SYSTEM_FILES;
    const texts = named ? [] : [...readStore()];
    for (const file of files) {
      const text = readSystem(file);
      if (text === null) continue;
      texts.push(text);
      break;
    }
    this.#system = texts;
    return texts;
  }
}

/** Returns the certificate authorities in the system's store, if there is one and this runtime can read it (Node 22.15 and 24). */
export function readStore(
  platform: NodeJS.Platform = process.platform,
  read: ((type: 'system') => readonly string[]) | null = tls.getCACertificates ?? null,
): readonly string[] {
  if (!STORES.has(platform) || read === null) return [];
  try {
    return read('system');
  } catch {
    return [];
  }
}

/** Reads a system's list of certificate authorities; null if missing or unusable. */
function readSystem(file: string): string | null {
  try {
    return readAuthorities(file, MAX_SYSTEM_BYTES);
  } catch {
    return null;
  }
}

function clientOf(certFile: string): { readonly cert: string; readonly key: string } {
  const keyFile = certFile.replace(/cert$/, 'key');
  return required(readClientCertificate(certFile, keyFile), keyFile);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code } = asLayerscopeError(error);
    if (code === 'NOT_FOUND') return [];
    throw new LayerscopeError(code, `${displayText(folder)} cannot be read`, { cause: error });
  }
}

/**
 * Reads a file of certificate authorities; null if there is none. Throws UNREACHABLE if the file doesn't begin with a certificate;
 * TOO_LARGE, PERMISSION, IO.
 */
export function readAuthorities(file: string, maxBytes?: number): string | null {
  const text = readSettings(file, maxBytes)?.toString() ?? null;
  // A TLS context accepts a file without any certificates, and then doesn't trust anybody.
  if (text !== null) refuseUnusable(() => new X509Certificate(text), `${displayText(file)} is not a list of certificates`);
  return text;
}

/**
 * Reads a client's certificate with its key; null if one of the files is missing. Throws what {@link readAuthorities} throws, and
 * UNREACHABLE if certificate and key don't match.
 */
export function readClientCertificate(certFile: string, keyFile: string): { readonly cert: string; readonly key: string } | null {
  const [cert, key] = [certFile, keyFile].map((file) => readSettings(file)?.toString());
  if (cert === undefined || key === undefined) return null;
  refuseUnusable(() => new X509Certificate(cert), `${displayText(certFile)} is not a certificate`);
  refuseUnusable(() => createPrivateKey(key), `${displayText(keyFile)} is not a private key, or has a passphrase`);
  refuseUnusable(() => createSecureContext({ cert, key }), `${displayText(keyFile)} is not the key of ${displayText(certFile)}`);
  return { cert, key };
}

function refuseUnusable(use: () => unknown, problem: string): void {
  try {
    use();
  } catch (error) {
    throw new LayerscopeError('UNREACHABLE', problem, { cause: error });
  }
}

/** Returns `found`. Throws NOT_FOUND if it is null, because a file that a setting or another file refers to must exist. */
function required<T>(found: T | null, file: string): T {
  if (found === null) throw new LayerscopeError('NOT_FOUND', `${displayText(file)} cannot be read: no such file`);
  return found;
}
