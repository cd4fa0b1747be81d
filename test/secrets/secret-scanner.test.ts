import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FINDING_SEVERITY, type FindingCode } from '#model';
import { type SecretHit, SecretScanner } from '#secrets';
import { RunMemory } from '../../src/secrets/run-memory.ts';
import { isPlaceholder, LONGEST_TOKEN, tokenAt } from '../../src/secrets/token-rules.ts';
import { ALNUM, checkedToken, HEX, opensshKey, privateKey, randomText, SECRET_SAMPLES, URL_BASE64 } from '../support/secret-samples.ts';

/** Returns the hits in text that is pushed in pieces of `pieceBytes`. */
function hitsIn(text: string | Uint8Array, path = 'app/file', pieceBytes = Number.POSITIVE_INFINITY): readonly SecretHit[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const scanner = new SecretScanner();
  scanner.begin(path);
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.push(bytes, at, Math.min(bytes.length, at + pieceBytes));
  return scanner.finish();
}

const summary = (hits: readonly SecretHit[]): string[] => hits.map(({ code, severity }) => `${severity} ${code}`).sort();
const TOKEN = (): string => checkedToken('gh'.concat('p_'));

for (const [code, sample] of Object.entries(SECRET_SAMPLES)) {
  test(`${code}: only its sample is found, masked and with its line, and never whole`, () => {
    for (let round = 0; round < 50; round++) {
      const { path, text, secret } = sample();
      const hits = hitsIn(text, path);
      assert.deepEqual(summary(hits), [`${FINDING_SEVERITY[code as FindingCode]} ${code}`], text);
      const [hit] = hits;
      if (secret !== undefined) {
        assert.ok(!JSON.stringify(hits).includes(secret.slice(0, 12)));
        const lines = text.slice(0, text.indexOf(secret)).split('\n').length;
        assert.equal(hit?.line, lines);
        if (hit?.shown !== undefined) assert.equal(hit.shown, `${secret.slice(0, 4)}…${secret.slice(-2)}`);
      }
    }
  });

  test(`${code}: finds the same however the input is cut into pieces`, () => {
    const { path, text } = sample();
    const whole = hitsIn(text, path);
    for (const pieceBytes of [1, 2, 3, 7, 64]) assert.deepEqual(hitsIn(text, path, pieceBytes), whole);
  });
}

test('tokens with the wrong form or length are not found', () => {
  const prefixes = ['gh'.concat('p_'), 'npm'.concat('_'), 'AKI'.concat('A'), 'hf'.concat('_'), 'dap'.concat('i'), 'AIz'.concat('a')];
  for (const prefix of prefixes) {
    for (const length of [5, 15, 17, 30, 33, 37, 60])
      assert.deepEqual(hitsIn(`x ${prefix}${randomText(length)} y`), [], `${prefix} ${length}`);
  }
  for (const text of [
    `SK${randomText(32, HEX)}`,
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.',
    'password = correct horse battery staple',
    `AKIAIOSFODNN7${'EXAMPLE'} wJalrXUtnFEMI/K7MDENG/bPxRfiCY${'EXAMPLEKEY'}`,
    `gh${'p_'}${'x'.repeat(36)}`,
    `sk_li${'ve_'}${'0'.repeat(24)}`,
    '-----BEGIN RSA PRIVATE KEY-----',
    '-----BEGIN RSA PRIVATE KEY-----\n<your key>\n-----END RSA PRIVATE KEY-----',
    `-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(64)}\n`,
    privateKey('RSA ').replaceAll('PRIVATE', 'PUBLIC'),
    `https://hooks.slack.com/services/x/y/${randomText(24)}`,
  ]) {
    assert.deepEqual(hitsIn(text), [], text);
  }
});

test('a webhook is found right after part of another one', () => {
  const webhook = SECRET_SAMPLES['secret-slack-webhook']?.().secret ?? '';
  const host = webhook.slice(0, webhook.indexOf('T'));
  for (const before of [host, `${host}T1/B2/`, `${host}T1/`]) {
    assert.deepEqual(
      hitsIn(`${before}${webhook} `).map(({ code, at }) => [code, at]),
      [['secret-slack-webhook', before.length + webhook.indexOf('hooks')]],
      before,
    );
  }
});

test('a token is a whole word', () => {
  const token = TOKEN();
  for (const [before, after] of [
    ['', ''],
    ['"', '"'],
    ['=', ';'],
    [':', '@'],
    ['-', '.'],
    ['\0', '\0'],
    ['é', 'é'],
  ] as const) {
    assert.equal(hitsIn(`${before}${token}${after}`).length, 1, before + after);
  }
  for (const [before, after] of [
    ['a', ''],
    ['_', ''],
    ['9', ' '],
    ['', 'a'],
    ['', '_'],
  ] as const) {
    assert.deepEqual(hitsIn(`${before}${token}${after}`), [], before + after);
  }
});

test('wrong check digits, test keys and an AWS id alone are notes', () => {
  const wrong = 'gh'.concat('p_', randomText(36));
  assert.deepEqual(summary(hitsIn(wrong)), ['note secret-github-token']);
  assert.deepEqual(summary(hitsIn('sk_te'.concat('st_', randomText(24)))), ['note secret-stripe-key']);
  const id = 'AKI'.concat('A', 'QYLPMN5HHHFPZAM2');
  assert.deepEqual(summary(hitsIn(id)), ['note secret-aws-key']);
  const digest = randomText(40, HEX);
  assert.deepEqual(summary(hitsIn(`${id} ${digest}`)), ['note secret-aws-key']);
  assert.deepEqual(summary(hitsIn(`${id}${' '.repeat(500)}${randomText(40)}`)), ['note secret-aws-key']);
  assert.deepEqual(summary(hitsIn(`${randomText(40)}\n${id}`)), ['error secret-aws-key']);
});

test('the shortest token is found wherever it lies between samples', () => {
  const id = 'AKI'.concat('A', 'QYLPMN5HHHFPZAM2');
  for (let at = 0; at < 48; at++)
    assert.deepEqual(summary(hitsIn(`${' '.repeat(at)}${id}${' '.repeat(30)}`)), ['note secret-aws-key'], `${at}`);
});

test('the most severe hit for a code is kept, or else the first', () => {
  const wrong = 'gh'.concat('o_', randomText(36));
  const token = TOKEN();
  const hits = hitsIn(`${wrong}\n${wrong}\n${token}\n${TOKEN()}\n`);
  assert.deepEqual(
    hits.map(({ severity, line, at, doubt }) => [severity, line, at, doubt]),
    [['error', 3, 82, undefined]],
  );
});

test('libraries, tests, examples and Markdown give only notes', () => {
  const token = TOKEN();
  for (const path of [
    'usr/share/doc/x',
    'usr/lib/x/y',
    'usr/local/lib/python3/site-packages/x/key.pem',
    'go/pkg/mod/x/y',
    'app/tests/data',
    'app/testdata/x',
    'srv/examples/x',
    'app/README.md',
  ]) {
    assert.deepEqual(
      hitsIn(token, path).map(({ severity, doubt }) => [severity, doubt]),
      [['note', 'place']],
      path,
    );
  }
  for (const path of ['usr/local/x', 'app/latest/x', 'app/test.txt', 'home/share/x', 'x.mdx'])
    assert.deepEqual(summary(hitsIn(token, path)), ['error secret-github-token'], path);
});

test('private keys in libraries are notes, wherever the libraries were copied to; other secrets there are not', () => {
  for (const path of ['opt/x/libgnutls.so.30.34.3', 'app/a.so', 'app/B.DLL', 'app/c.dylib'])
    assert.deepEqual(summary(hitsIn(`${privateKey()}${TOKEN()}`, path)), ['error secret-github-token', 'note secret-private-key'], path);
  assert.deepEqual(summary(hitsIn(privateKey(), 'app/x.so.pem')), ['error secret-private-key']);
});

test('encrypted keys are notes', () => {
  const old = privateKey('RSA ', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n');
  for (const text of [privateKey('ENCRYPTED '), old, old.replaceAll('\n', '\r\n'), JSON.stringify(old), opensshKey('aes256-ctr')]) {
    assert.deepEqual(
      hitsIn(text).map(({ severity, encrypted }) => [severity, encrypted]),
      [['note', true]],
      text,
    );
  }
  for (const text of [
    opensshKey(),
    privateKey(),
    privateKey('EC '),
    privateKey('DSA '),
    JSON.stringify(privateKey()),
    `${old}${privateKey()}`,
  ]) {
    assert.deepEqual(summary(hitsIn(text)), ['error secret-private-key'], text);
  }
});

test('a program that only contains the header has no key', () => {
  const header = '-----BEGIN RSA PRIVATE KEY-----\0-----END RSA PRIVATE KEY-----\0';
  assert.deepEqual(hitsIn(`\x7fELF\0${header}${randomText(500)}`), []);
});

test('a binary file has no lines', () => {
  const [hit] = hitsIn(`\0\n${TOKEN()}`);
  assert.deepEqual([hit?.at, hit && 'line' in hit], [2, false]);
});

const WINDOW = 256 * 1024;

test('a token is found wherever it lies in a large file, with its offset and line', () => {
  const token = TOKEN();
  const filler = Buffer.from(`${'some words of a text, '.repeat(3)}\n`.repeat(12_000));
  assert.ok(filler.length > 3 * WINDOW);
  const places = [0, 1, 3, 63, 64, 4096, 65_536];
  for (const edge of [WINDOW, WINDOW - 8192, WINDOW - 8192 - 4096, 2 * WINDOW - 8192 - 4096])
    for (let before = 0; before <= 44; before += 1) places.push(edge - before);
  for (const place of places) {
    const bytes = Buffer.from(filler);
    bytes.write(` ${token} `, place, 'latin1');
    const [hit, ...others] = hitsIn(bytes, 'app/file', 100_000);
    assert.deepEqual(others, []);
    const line = bytes
      .subarray(0, place + 1)
      .toString()
      .split('\n').length;
    assert.deepEqual([hit?.severity, hit?.at, hit?.line], ['error', place + 1, line], String(place));
  }
});

test('a key is found across every place where the window moves on', () => {
  const key = Buffer.from(privateKey('OPENSSH ').replace('OPENSSH ', ''));
  const filler = Buffer.from('IMAGE HEADER - NO KEY - '.repeat(20_000));
  for (let before = 0; before < 1200; before += 13) {
    const bytes = Buffer.from(filler);
    const place = WINDOW - 8192 - before;
    key.copy(bytes, place);
    assert.deepEqual(
      hitsIn(bytes).map(({ code, at }) => [code, at]),
      [['secret-private-key', place]],
    );
  }
});

test('text before the place where the window moves on is seen', () => {
  const edge = WINDOW - 8192;
  const token = TOKEN();
  const id = 'AKI'.concat('AQYLPMN5HHHFPZAM2');
  const account = `"type": "service_account", "key": "${JSON.stringify(privateKey()).slice(1)}`;
  for (let before = 0; before < 60; before++) {
    const hitsWith = (text: string, at: number): string[] => {
      const bytes = Buffer.alloc(WINDOW * 2, ' ');
      bytes.write(text, at, 'latin1');
      return summary(hitsIn(bytes));
    };
    assert.deepEqual(hitsWith(`a${token} `, edge - before), [], String(before));
    assert.deepEqual(hitsWith(`${randomText(40)} ${id} `, edge - before - 20), ['error secret-aws-key'], String(before));
    assert.deepEqual(hitsWith(account, edge - before), ['error secret-gcp-service-account'], String(before));
  }
});

/** The token documentation's rules, without regard to speed. */
const SLOW: readonly (readonly [FindingCode, RegExp])[] = [
  ['secret-huggingface-token', /(?<![A-Za-z0-9_])hf_[A-Za-z]{34}(?![A-Za-z0-9_])/],
  ['secret-gitlab-token', /(?<![A-Za-z0-9_])glpat-[A-Za-z0-9_-]{20,512}(?![A-Za-z0-9_-])/],
  ['secret-pulumi-token', /(?<![A-Za-z0-9_])pul-[0-9a-f]{40}(?![A-Za-z0-9_])/],
  ['secret-sendgrid-token', /(?<![A-Za-z0-9_])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/],
];

test('the scanner agrees with slow expressions on random text', () => {
  const pieces = [
    () => randomText(1 + Math.floor(Math.random() * 40), URL_BASE64),
    () => ['.', '-', '/', ' ', '\n', '_', ':', '"', '\0', '='][Math.floor(Math.random() * 10)] as string,
    () => 'hf'.concat('_', randomText(34, ALNUM.slice(0, 52))),
    () => 'hf'.concat('_', randomText(34 + Math.floor(Math.random() * 3) - 1, ALNUM.slice(0, 52))),
    () => 'glpat'.concat('-', randomText(18 + Math.floor(Math.random() * 4), URL_BASE64)),
    () => 'pul'.concat('-', randomText(39 + Math.floor(Math.random() * 3), HEX)),
    () => 'SG'.concat('.', randomText(22, URL_BASE64), '.', randomText(42 + Math.floor(Math.random() * 3), URL_BASE64)),
  ];
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: 8 }, () => (pieces[Math.floor(Math.random() * pieces.length)] as () => string)()).join('');
    const found = new Map(hitsIn(text).map(({ code, at }) => [code, at]));
    for (const [code, expression] of SLOW)
      assert.equal(found.get(code) ?? -1, text.search(expression), `${code} in ${JSON.stringify(text)}`);
  }
});

/**
 * Returns the offset of the first token that isn't a placeholder, trying a sticky expression at every start of a word; -1 if there is none.
 */
function firstToken(text: string, expression: RegExp, accepts: (after: string) => boolean): number {
  for (let at = 0; at < text.length; at++) {
    if (at > 0 && /[A-Za-z0-9_]/.test(text[at - 1] as string)) continue;
    expression.lastIndex = at;
    const [token = '', after = ''] = expression.exec(text) ?? [];
    if (token !== '' && accepts(after) && new Set(token).size >= 10 && !token.includes('EXAMPLE')) return at;
  }
  return -1;
}

const OVERLAPPING: readonly (readonly [FindingCode, RegExp, (after: string) => boolean])[] = [
  ['secret-gitlab-token', /glpat-([A-Za-z0-9_-]{20,512})(?![A-Za-z0-9_-])/y, () => true],
  ['secret-slack-token', /xoxb-([A-Za-z0-9_-]{20,512})(?![A-Za-z0-9_-])/y, (after) => after.indexOf('-') > 0],
  [
    'secret-openai-token',
    /sk-([A-Za-z0-9_-]{48,512})(?![A-Za-z0-9_-])/y,
    (after) => after.indexOf('T3BlbkFJ') >= 20 && after.length - after.indexOf('T3BlbkFJ') - 8 >= 20,
  ],
];

test('if tokens may start inside each other, the first real one is found', () => {
  const pieces = ['glpat-', 'xoxb-', 'sk-', 'T3BlbkFJ', 'EXAMPLE', '-', '_', 'aaaa', 'aaaaaaaaaaaaaaaaaaaaaaaa'];
  const rare = [' ', '.', ...Array.from({ length: 4 }, () => randomText(12, ALNUM))];
  let found = 0;
  for (let round = 0; round < 1_000; round++) {
    const rarely = 2 + (round % 60);
    const text = Array.from({ length: 10 + (round % 200) }, () => {
      const from = Math.random() * rarely < 1 ? rare : pieces;
      return from[Math.floor(Math.random() * from.length)] as string;
    }).join('');
    const hits = new Map(hitsIn(text).map(({ code, at }) => [code, at]));
    for (const [code, expression, accepts] of OVERLAPPING) {
      const wanted = firstToken(text, expression, accepts);
      assert.equal(hits.get(code) ?? -1, wanted, `${code} in ${JSON.stringify(text)}`);
      if (wanted >= 0) found++;
    }
  }
  assert.ok(found > 100, String(found));
});

test('each byte of overlapping tokens is examined only a few times', () => {
  for (const [prefix, before] of [
    ['xoxb-', ''],
    ['glpat-', ''],
    ['glpat-', 'ABCDEFGHIJ-EXAMPLE'],
    ['sk-', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ] as const) {
    for (const length of [200, 500, 5_000]) {
      const run = before + prefix.repeat(Math.ceil(length / prefix.length));
      const text = Buffer.from(`${run} `.repeat(Math.ceil(200_000 / run.length)));
      let looks = 0;
      // Typed arrays' own methods bypass the proxy, but the loops over bytes don't.
      const counted = new Proxy(text, {
        get(target, name) {
          looks++;
          const value = Reflect.get(target, name) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const memory = new RunMemory();
      for (let at = 0; at < text.length; at++) {
        if (text[at] === 0x20) memory.clear();
        const isStart = at === 0 || !/[A-Za-z0-9_]/.test(String.fromCharCode(text[at - 1] as number));
        const token = isStart ? tokenAt(counted, at, Math.min(text.length, at + LONGEST_TOKEN), memory) : null;
        if (token !== null) isPlaceholder(counted, token, memory);
      }
      assert.ok(looks < 20 * text.length, `${looks / text.length} looks at each byte of ${prefix} in runs of ${run.length}`);
    }
  }
});
