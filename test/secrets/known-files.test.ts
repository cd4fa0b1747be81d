import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretScanner } from '#secrets';
import { privateKey, randomText } from '../support/secret-samples.ts';

function codesIn(path: string, text: string): string[] {
  const scanner = new SecretScanner();
  scanner.begin(path);
  scanner.push(Buffer.from(text));
  return scanner.finish().map(({ code, severity, line }) => `${severity} ${code} ${line ?? '-'}`);
}

const secret = randomText(20);
const VARIABLE = '$'.concat('{NPM_TOKEN}');

test('files with variables, empty values and placeholders contain no secret', () => {
  for (const [path, text] of [
    ['a/.npmrc', `//r.example/:_authToken=${VARIABLE}\n//r.example/:_authToken=\n`],
    ['a/.yarnrc.yml', `npmAuthToken: "${VARIABLE}"\n`],
    ['a/.docker/config.json', '{"auths": {"x": {}, "y": {"auth": ""}}, "credsStore": "desktop"}'],
    [
      'a/.env',
      'DB_PASSWORD=\nAPI_KEY=$KEY\nX_TOKEN="changeme"\nALLOW_EMPTY_PASSWORD=yes\nPUBLIC_KEY=abc\nX_KEY_FILE=/run/x\n# A_KEY=abc\n',
    ],
    ['a/.env.example', `DB_PASSWORD=${secret}\n`],
    ['a/.env.sample', `DB_PASSWORD=${secret}\n`],
    ['a/.netrc', 'machine x login y\n# password abc\n'],
    ['a/.pypirc', '[pypi]\npassword = <token>\n'],
    ['a/.git-credentials', 'https://git.example\nhttps://me@git.example\n'],
    ['a/.aws/credentials', '[default]\naws_secret_access_key = short\n'],
    ['a/.kube/config', 'users:\n- user:\n    token: ""\n    client-certificate-data: QUJD\n'],
    ['etc/shadow', 'root:*:19000:0:99999:7:::\ndaemon:!:1::::::\nx::1::::::\ny:!$6$a$b:1::::::\n'],
    ['a/wp-config.php', "define( 'DB_PASSWORD', 'password_here' );\ndefine('DB_PASSWORD', getenv('X'));\n"],
    ['a/terraform.tfstate', '{"resources": []}'],
    ['a/empty.p12', ''],
    ['a/id_rsa.pub', `ssh-rsa ${randomText(300)} a@b`],
  ] as const) {
    assert.deepEqual(codesIn(path, text), [], path);
  }
});

test('variants of known files are read', () => {
  for (const [path, text, found] of [
    ['.netrc', `machine a\n  login b\n  password\n  ${secret}\n`, 'warning secret-netrc 4'],
    ['x/_netrc', `default login a password ${secret}`, 'warning secret-netrc 1'],
    ['x/.npmrc', `a=b\n_auth="${secret}"\n`, 'error secret-npm-token 2'],
    ['x/.yarnrc.yml', `npmRegistries:\n  //r.example:\n    npmAuthToken: "${secret}"\n`, 'error secret-npm-token 3'],
    ['kaniko/.docker/config.json', `{"auths":{"a":{"identitytoken" : "${secret}"}}}`, 'error secret-docker-auth 1'],
    ['x/.docker/config.json', `{"auths":{"a":{\n"auth":"${secret}"`, 'error secret-docker-auth 2'],
    ['x/.config/git/credentials', `https://a:${secret}@b`, 'error secret-git-credentials 1'],
    ['x/.kube/config', `users:\n- name: a\n  user:\n    token: ${secret}\n`, 'error secret-kubeconfig-key 4'],
    ['x/.kube/config', JSON.stringify({ users: [{ user: { password: secret } }] }), 'error secret-kubeconfig-key 1'],
    ['etc/kubernetes/admin.conf', `users:\n- user:\n    token: ${secret}\n`, 'error secret-kubeconfig-key 3'],
    ['etc/rancher/k3s/k3s.yaml', `users:\n- user:\n    token: ${secret}\n`, 'error secret-kubeconfig-key 3'],
    ['x/.aws/credentials', `[a]\nAWS_SECRET_ACCESS_KEY=${randomText(40)}\n`, 'error secret-aws-key 2'],
    ['x/.env.production', `A=1\nexport API_KEY='${secret}'\n`, 'warning secret-env-file 2'],
    ['.env', `MY_SECRET=${secret}`, 'warning secret-env-file 1'],
    ['x/.htpasswd', `a:{SHA}${secret}\n`, 'warning secret-password-hash 1'],
    ['x/KEYS.PFX', 'MZ', 'warning secret-key-store 1'],
    ['x/y.kdbx', 'x\0', 'warning secret-key-store -'],
  ] as const) {
    assert.deepEqual(codesIn(path, text), [found], path);
  }
});

test('a kubeconfig’s encrypted client key is not reported', () => {
  const key = Buffer.from(privateKey('ENCRYPTED ')).toString('base64');
  assert.deepEqual(codesIn('x/.kube/config', `client-key-data: ${key}\n`), []);
});

test('hostile known files take linear time', () => {
  const names = [
    '.npmrc',
    '.netrc',
    '.docker/config.json',
    '.env',
    '.git-credentials',
    '.kube/config',
    'wp-config.php',
    'terraform.tfstate',
  ];
  const texts = ['"', '"a":', '=\n', ':', '@', '\\', 'password ', '{"resources":[', "define('DB_PASSWORD',", '://:', '\n', '"auth":"${'];
  for (const name of names) for (const text of texts) codesIn(`x/${name}`, text.repeat(Math.ceil(300_000 / text.length)));
});
