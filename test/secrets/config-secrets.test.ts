import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigTexts, secretsOfConfig } from '#secrets';
import { checkedToken, randomText } from '../support/secret-samples.ts';

function found(texts: Partial<ConfigTexts>): string[] {
  return secretsOfConfig({ env: [], labels: [], steps: [], ...texts }).map(({ code, severity, where, name, layer }) =>
    [severity, code, where, name ?? '-', layer ?? '-'].join(' '),
  );
}

const token = checkedToken('npm'.concat('_'));
const password = randomText(12);

test('secrets in variables are found by their token’s form, or else by names that suggest secrets', () => {
  assert.deepEqual(found({ env: ['PATH=/bin', `NPM_TOKEN=${token}`, `PASSWORD=${password}`, `X=y ${token}`] }), [
    'error secret-npm-token env NPM_TOKEN -',
    'warning secret-env-password env PASSWORD -',
    'error secret-npm-token env X -',
  ]);
});

test('harmless variables are not reported', () => {
  const env = [
    'GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568',
    'PUBLIC_KEY_URL=https://x',
    'AWS_ACCESS_KEY_ID=abc',
    'POSTGRES_PASSWORD_FILE=/run/secrets/x',
    'SSL_KEY=/etc/ssl/key.pem',
    'ALLOW_EMPTY_PASSWORD=yes',
    'API_TOKEN=',
    'API_TOKEN=$'.concat('{TOKEN}'),
    'MONKEY=x',
    'TOKENIZER=x',
    'NO_VALUE',
    '=x',
  ];
  assert.deepEqual(found({ env }), []);
});

test('secrets in labels are found by value and by name', () => {
  assert.deepEqual(
    found({
      labels: [
        ['a', token],
        ['deploy.api-token', password],
        ['maintainer', 'x'],
      ],
    }),
    ['error secret-npm-token label a -', 'warning secret-env-password label deploy.api-token -'],
  );
});

test('the history is searched for tokens anywhere and build arguments by name, with the step’s layer', () => {
  const steps = [
    { command: `RUN |2 TOKEN=${token} USER=me /bin/sh -c curl -H "$TOKEN" https://x`, layer: 3 },
    { command: `|2 A=b with spaces DB_PASSWORD=${password} more /bin/sh -c make # API_KEY=x`, layer: 4 },
    { command: `RUN curl -H "Authorization: ${token}" https://x`, layer: null },
    { command: 'RUN |1 API_KEY= /bin/sh -c x', layer: 5 },
    { command: `RUN API_KEY=${password} make`, layer: 6 },
  ];
  assert.deepEqual(found({ steps }), [
    'error secret-npm-token history - 3',
    'warning secret-build-arg history DB_PASSWORD 4',
    'error secret-npm-token history - -',
  ]);
});

test('the step that sets a variable is not reported again', () => {
  const steps = [{ command: `ENV NPM_TOKEN=${token}`, layer: null }];
  assert.deepEqual(found({ env: [`NPM_TOKEN=${token}`], steps }), ['error secret-npm-token env NPM_TOKEN -']);
  const other = checkedToken('npm'.concat('_'));
  assert.deepEqual(found({ env: [`NPM_TOKEN=${token}`], steps: [{ command: `ENV NPM_TOKEN=${other}`, layer: null }] }).length, 2);
});

test('the number of secrets found in a config is limited', () => {
  assert.equal(found({ env: Array.from({ length: 3_000 }, (_, at) => `A${at}_TOKEN=x${at}y`) }).length, 2_000);
});
