// Files whose names say what they contain. They are parsed leniently, by lines or by quoted strings: a file that is cut off or that isn't
// quite JSON may contain a secret too. The time is linear in the length of the text.

import type { FindingCode, Severity } from '#model';
import { decodeBase64Text } from './base64-text.ts';
import { latin1 } from './characters.ts';
import { isSecretName, isSecretValue, unquoted } from './secret-names.ts';

/** A secret in a known file. `at`: offset of its line or value. */
interface FoundInFile {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly at: number;
  /** The whole secret, which the caller masks; absent if none of it may be shown. */
  readonly secret?: string;
}

export interface KnownFile {
  /** Returns the first secret in the first bytes of the file, which for a small file are all of it. */
  look(bytes: Uint8Array): FoundInFile | null;
}

/** Maximum number of bytes of a known file that are examined. */
const MOST_BYTES = 128 * 1024;

interface Line {
  readonly at: number;
  readonly text: string;
}

function* linesOf(text: string): Generator<Line> {
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const stop = end < 0 ? text.length : end;
    yield { at, text: text.slice(at, stop).trim() };
    at = stop + 1;
  }
}

interface Pair {
  readonly at: number;
  readonly name: string;
  readonly value: string;
}

/** Yields `name = value` or `name: value` from each line, without quotes and without what INI and YAML put before a name. */
function* pairsOf(text: string, separator: '=' | ':'): Generator<Pair> {
  for (const { at, text: line } of linesOf(text)) {
    const middle = line.indexOf(separator);
    if (middle <= 0 || line[0] === '#' || line[0] === ';') continue;
    const name = unquoted(line.slice(0, middle).replace(/^(?:- +|export )/, ''));
    yield { at, name, value: unquoted(line.slice(middle + 1)) };
  }
}

/** Yields each `"name": "value"`, at any depth. */
function* stringsOf(text: string): Generator<Pair> {
  let name: string | null = null;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    const content = text.slice(at + 1, end);
    if (name !== null) yield { at, name, value: content };
    let next = end + 1;
    while (next < text.length && ' \t\r\n'.includes(text[next] as string)) next++;
    const isName: boolean = name === null && text[next] === ':';
    if (isName) {
      next++;
      while (next < text.length && ' \t\r\n'.includes(text[next] as string)) next++;
    }
    name = isName && text[next] === '"' ? content : null;
    at = next;
  }
}

type Look = (text: string) => Generator<FoundInFile, void>;

function known(look: Look): KnownFile {
  return {
    look(bytes) {
      const { value } = look(latin1(bytes, 0, Math.min(bytes.length, MOST_BYTES))).next();
      return value ?? null;
    },
  };
}

/** A file that is reported just for existing, unless it is empty. */
const byKind = (code: FindingCode): KnownFile =>
  known(function* (text) {
    if (text.length > 0) yield { code, severity: 'warning', at: 0 };
  });

const DOCKER_KEYS = new Set(['auth', 'identitytoken', 'registrytoken']);
const dockerConfig = known(function* (text) {
  for (const { at, name, value } of stringsOf(text)) {
    if (DOCKER_KEYS.has(name) && isSecretValue(value)) yield { code: 'secret-docker-auth', severity: 'error', at, secret: value };
  }
});

const gitCredentials = known(function* (text) {
  for (const { at, text: line } of linesOf(text)) {
    const start = line.indexOf('://');
    const end = line.lastIndexOf('@');
    const colon = line.indexOf(':', start + 3);
    if (start <= 0 || colon < 0 || end <= colon + 1) continue;
    const secret = line.slice(colon + 1, end);
    if (isSecretValue(secret)) yield { code: 'secret-git-credentials', severity: 'error', at, secret };
  }
});

const netrc = known(function* (text) {
  let isPassword = false;
  for (const { at, text: line } of linesOf(text)) {
    if (line.startsWith('#')) continue;
    for (const word of line.split(/\s+/)) {
      if (isPassword && isSecretValue(word)) yield { code: 'secret-netrc', severity: 'warning', at };
      isPassword = word === 'password';
    }
  }
});

const NPM_NAMES = ['_authToken', '_auth', '_password'];
const npmrc = known(function* (text) {
  for (const { at, name, value } of pairsOf(text, '=')) {
    const isSecret = NPM_NAMES.some((ending) => name === ending || name.endsWith(`:${ending}`)) && isSecretValue(value);
    // npm's own tokens have a separate rule.
    if (isSecret && !value.startsWith('npm_')) yield { code: 'secret-npm-token', severity: 'error', at, secret: value };
  }
});

const yarnrc = known(function* (text) {
  for (const { at, name, value } of pairsOf(text, ':')) {
    const isSecret = (name === 'npmAuthToken' || name === 'npmAuthIdent') && isSecretValue(value);
    if (isSecret && !value.startsWith('npm_')) yield { code: 'secret-npm-token', severity: 'error', at, secret: value };
  }
});

const pypirc = known(function* (text) {
  for (const { at, name, value } of pairsOf(text, '=')) {
    if (name === 'password' && isSecretValue(value) && !value.startsWith('pypi-')) yield { code: 'secret-pypirc', severity: 'warning', at };
  }
});

const AWS_SECRET_LENGTH = 40;
const awsCredentials = known(function* (text) {
  for (const { at, name, value } of pairsOf(text, '=')) {
    const isSecret = name.toLowerCase() === 'aws_secret_access_key' && value.length === AWS_SECRET_LENGTH && isSecretValue(value);
    if (isSecret) yield { code: 'secret-aws-key', severity: 'error', at, secret: value };
  }
});

const KUBE_SECRETS = new Set(['client-key-data', 'token', 'password']);
const kubeconfig = known(function* (text) {
  const pairs = text.trimStart().startsWith('{') ? stringsOf(text) : pairsOf(text, ':');
  for (const { at, name, value } of pairs) {
    if (!KUBE_SECRETS.has(name) || !isSecretValue(value)) continue;
    const isKey = name === 'client-key-data';
    if (isKey && latin1(decodeBase64Text(value, 2048), 0, 2048).includes('ENCRYPTED')) continue;
    yield { code: 'secret-kubeconfig-key', severity: 'error', at, secret: value };
  }
});

const envFile = known(function* (text) {
  for (const { at, name, value } of pairsOf(text, '=')) {
    if (isSecretName(name) && isSecretValue(value)) yield { code: 'secret-env-file', severity: 'warning', at };
  }
});

const WP_NAMES = ['DB_PASSWORD', 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY'];
const WP_PLACEHOLDERS = ['password_here', 'put your unique phrase here', 'getenv'];
const wpConfig = known(function* (text) {
  for (const { at, text: line } of linesOf(text)) {
    if (!line.startsWith('define') || !WP_NAMES.some((name) => line.includes(name))) continue;
    const value = line.slice(line.indexOf(',') + 1, line.lastIndexOf(')'));
    if (!WP_PLACEHOLDERS.some((word) => value.includes(word)) && isSecretValue(value)) {
      yield { code: 'secret-wp-config', severity: 'warning', at };
    }
  }
});

/** `name:hash:…`, as in /etc/shadow and .htpasswd. A locked account has `!` or `*` in place of the hash. */
const passwordHashes = known(function* (text) {
  for (const { at, text: line } of linesOf(text)) {
    const hash = line.split(':', 2)[1] ?? '';
    if (/^(?:\$[0-9a-z]|\{SHA\}|[./0-9A-Za-z]{13}$|_[./0-9A-Za-z]{19}$)/.test(hash.slice(0, 64))) {
      yield { code: 'secret-password-hash', severity: 'warning', at };
    }
  }
});

const terraformState = known(function* (text) {
  const resources = text.indexOf('"resources"');
  const list = resources < 0 ? -1 : text.indexOf('[', resources);
  if (list >= 0 && text.slice(list + 1, list + 200).trimStart()[0] === '{') {
    yield { code: 'secret-terraform-state', severity: 'warning', at: resources };
  }
});

const keyStore = byKind('secret-key-store');
const KEY_STORES = ['.pfx', '.p12', '.jks', '.kdbx'];

/** Known files by the end of their path: a name, or a name with its folder. */
const BY_NAME: Readonly<Record<string, KnownFile>> = {
  '.git-credentials': gitCredentials,
  'git/credentials': gitCredentials,
  '.netrc': netrc,
  _netrc: netrc,
  '.npmrc': npmrc,
  '.yarnrc.yml': yarnrc,
  '.pypirc': pypirc,
  '.dockercfg': dockerConfig,
  '.docker/config.json': dockerConfig,
  'containers/auth.json': dockerConfig,
  '.aws/credentials': awsCredentials,
  '.kube/config': kubeconfig,
  kubeconfig: kubeconfig,
  'k3s/k3s.yaml': kubeconfig,
  'kubernetes/admin.conf': kubeconfig,
  'wp-config.php': wpConfig,
  '.htpasswd': passwordHashes,
  'terraform.tfstate': terraformState,
  'gcloud/application_default_credentials.json': byKind('secret-gcloud-credentials'),
  'gcloud/credentials.db': byKind('secret-gcloud-credentials'),
  'gcloud/access_tokens.db': byKind('secret-gcloud-credentials'),
  '.azure/accessTokens.json': byKind('secret-azure-credentials'),
  '.azure/msal_token_cache.json': byKind('secret-azure-credentials'),
  '.azure/msal_token_cache.bin': byKind('secret-azure-credentials'),
  '.azure/service_principal_entries.json': byKind('secret-azure-credentials'),
};
/**
 * Known files by the last name of their path, so that most files need a single lookup. Each comes with the folder and name that the path
 * must end with, or null if it may be in any folder.
 */
const byLastName = new Map<string, [string | null, KnownFile][]>();
for (const [name, file] of Object.entries(BY_NAME)) {
  const last = name.slice(name.lastIndexOf('/') + 1);
  byLastName.set(last, [...(byLastName.get(last) ?? []), [last === name ? null : name, file]]);
}

const SHADOW = new Set(['etc/shadow', 'etc/shadow-', 'etc/gshadow']);
const ENV_SAMPLES = ['example', 'sample', 'template', 'dist', 'tpl', 'defaults'];

/** Returns the known file for a path; null for most paths. `path`: relative, with `/`. */
export function knownFileOf(path: string): KnownFile | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  for (const [ending, file] of byLastName.get(name) ?? []) {
    if (ending === null || path === ending || path.endsWith(`/${ending}`)) return file;
  }
  if (name === '.env' || name.startsWith('.env.')) return ENV_SAMPLES.some((word) => name.includes(word)) ? null : envFile;
  if (path.startsWith('etc/') && SHADOW.has(path)) return passwordHashes;
  const dot = name.lastIndexOf('.');
  return dot >= 0 && KEY_STORES.includes(name.slice(dot).toLowerCase()) ? keyStore : null;
}
