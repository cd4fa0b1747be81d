// Made-up secrets in every form, put together at run time: none of them opens anything, and repository scanners don't find them here.
import { randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FindingCode } from '#model';

export const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
export const LETTERS = ALNUM.slice(0, 52);
export const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const HEX = '0123456789abcdef';
export const URL_BASE64 = `${ALNUM}-_`;
export const BASE64 = `${ALNUM}+/`;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Returns random characters from an alphabet. */
export function randomText(count: number, alphabet = ALNUM): string {
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** Returns `prefix` and 36 characters. The last six are a checksum of the others. */
export function checkedToken(prefix: string, body = randomText(30)): string {
  let left = crc32(body);
  let digits = '';
  for (; left > 0; left = Math.floor(left / 62)) digits = (BASE62[left % 62] as string) + digits;
  return prefix + body + digits.padStart(6, '0');
}

/** Returns a private key in PEM whose body is random text. `label`: `RSA `, … */
export function privateKey(label = '', headers = ''): string {
  const lines = Array.from({ length: 12 }, () => randomText(64, BASE64)).join('\n');
  return `-----BEGIN ${label}PRIVATE KEY-----\n${headers}${lines}\n-----END ${label}PRIVATE KEY-----\n`;
}

/** Returns an OpenSSH private key with a cipher. */
export function opensshKey(cipher = 'none'): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(cipher.length);
  const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), length, Buffer.from(cipher), randomBytes(300)]).toString('base64');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.replaceAll(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

interface Sample {
  readonly path: string;
  /** The file's content, and the whole secret in it if it has a fixed form. */
  readonly text: string;
  readonly secret?: string;
}

const inText = (secret: string): Sample => ({ path: 'app/settings.txt', text: `first line\nvalue = "${secret}"\n`, secret });

/** For every code for secrets in files: a file that contains such a secret. */
export const SECRET_SAMPLES: Readonly<Partial<Record<FindingCode, () => Sample>>> = {
  'secret-private-key': () => ({ path: 'root/.ssh/id_rsa', text: privateKey('RSA ') }),
  'secret-github-token': () => inText(checkedToken('gh'.concat('p_'))),
  'secret-npm-token': () => inText(checkedToken('npm'.concat('_'))),
  'secret-gitlab-token': () => inText('glpat'.concat('-', randomText(20, URL_BASE64))),
  'secret-aws-key': () => {
    const secret = 'AKI'.concat('A', randomText(16, BASE32));
    return { path: 'app/aws.ini', text: `id = ${secret}\nsecret = ${randomText(40, BASE64)}\n`, secret };
  },
  'secret-slack-token': () => inText('xox'.concat('b-', randomText(12, '0123456789'), '-', randomText(24))),
  'secret-slack-webhook': () =>
    inText('hooks.slack'.concat('.com/services/T', randomText(8, BASE32), '/B', randomText(8, BASE32), '/', randomText(24))),
  'secret-stripe-key': () => inText('sk_li'.concat('ve_', randomText(24))),
  'secret-gcp-key': () => inText('AIz'.concat('a', randomText(35, URL_BASE64))),
  'secret-gcp-service-account': () => ({
    path: 'app/account.json',
    text: JSON.stringify({ type: 'service_account', private_key: privateKey(), client_email: 'a@b' }),
  }),
  'secret-pypi-token': () => inText('pypi-AgEIcHlwaS5'.concat('vcmc', randomText(80, URL_BASE64))),
  'secret-huggingface-token': () => inText('hf'.concat('_', randomText(34, LETTERS))),
  'secret-openai-token': () => inText('sk'.concat('-proj-', randomText(40), 'T3Blbk', 'FJ', randomText(40))),
  'secret-anthropic-token': () => inText('sk-ant'.concat('-api03-', randomText(93, URL_BASE64), 'AA')),
  'secret-digitalocean-token': () => inText('dop'.concat('_v1_', randomText(64, HEX))),
  'secret-databricks-token': () => inText('dap'.concat('i', randomText(32, HEX))),
  'secret-rubygems-token': () => inText('rubygems'.concat('_', randomText(48, HEX))),
  'secret-sendgrid-token': () => inText('SG'.concat('.', randomText(22, URL_BASE64), '.', randomText(43, URL_BASE64))),
  'secret-shopify-token': () => inText('shpat'.concat('_', randomText(32, HEX))),
  'secret-vault-token': () => inText('hvs'.concat('.', randomText(95, URL_BASE64))),
  'secret-age-key': () => inText('AGE-SECRET'.concat('-KEY-1', randomText(58, ALNUM.slice(0, 26)))),
  'secret-pulumi-token': () => inText('pul'.concat('-', randomText(40, HEX))),
  'secret-grafana-token': () => inText('glsa'.concat('_', randomText(32), '_', randomText(8, HEX))),
  'secret-postman-token': () => inText('PMAK'.concat('-', randomText(24, HEX), '-', randomText(34, HEX))),
  'secret-artifactory-token': () => inText('AKC'.concat('p', randomText(69))),
  'secret-docker-token': () => inText('dckr'.concat('_pat_', randomText(27, URL_BASE64))),
  'secret-docker-auth': () => {
    const secret = Buffer.from(`me:${randomText(20)}`).toString('base64');
    return { path: 'root/.docker/config.json', text: JSON.stringify({ auths: { 'r.example': { auth: secret } } }), secret };
  },
  'secret-git-credentials': () => {
    const secret = randomText(20);
    return { path: 'root/.git-credentials', text: `https://me:${secret}@git.example\n`, secret };
  },
  'secret-kubeconfig-key': () => {
    const secret = Buffer.from(privateKey('RSA ')).toString('base64');
    return { path: 'root/.kube/config', text: `apiVersion: v1\nusers:\n- user:\n    client-key-data: ${secret}\n`, secret };
  },
  'secret-netrc': () => {
    const secret = randomText(16);
    return { path: 'root/.netrc', text: `machine a.example login b password ${secret}\n`, secret };
  },
  'secret-env-file': () => {
    const secret = randomText(20);
    return { path: 'app/.env', text: `DEBUG=1\nDB_PASSWORD=${secret}\n`, secret };
  },
  'secret-pypirc': () => {
    const secret = randomText(20);
    return { path: 'root/.pypirc', text: `[pypi]\nusername = a\npassword = ${secret}\n`, secret };
  },
  'secret-key-store': () => ({ path: 'app/server.p12', text: randomText(200) }),
  'secret-password-hash': () => {
    const secret = `$6$${randomText(16)}$${randomText(86)}`;
    return { path: 'etc/shadow', text: `daemon:*:1:0:::::\nroot:${secret}:1:0:::::\n`, secret };
  },
  'secret-wp-config': () => {
    const secret = randomText(20);
    return { path: 'srv/wp-config.php', text: `<?php\ndefine( 'DB_PASSWORD', '${secret}' );\n`, secret };
  },
  'secret-terraform-state': () => ({ path: 'app/terraform.tfstate', text: '{"version": 4, "resources": [{"type": "x"}]}' }),
  'secret-azure-credentials': () => ({ path: 'root/.azure/accessTokens.json', text: '[{"accessToken": "x"}]' }),
  'secret-gcloud-credentials': () => ({ path: 'root/.config/gcloud/credentials.db', text: randomText(200) }),
};
