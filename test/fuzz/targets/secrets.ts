// The search for secrets must find the same secrets with and without vectors, and however its input is cut into pieces. For some codes, it
// must agree with slow regular expressions. It must never show a whole secret. The first byte of an input chooses the file's path, the
// second the size of the pieces.
import assert from 'node:assert/strict';
import { BodySearcher } from '#secrets';
import { LeadWindow, WINDOW } from '../../../src/secrets/lead-window.ts';
import { SECRET_SAMPLES } from '../../support/secret-samples.ts';
import { joined } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

const PATHS = [
  'app/file',
  '.npmrc',
  'a/.docker/config.json',
  '.netrc',
  '.env',
  '.git-credentials',
  '.pypirc',
  '.kube/config',
  '.aws/credentials',
  'wp-config.php',
  'etc/shadow',
  'terraform.tfstate',
  '.yarnrc.yml',
  'usr/lib/x',
];

const SLOW = [
  ['secret-huggingface-token', /(?<![A-Za-z0-9_])hf_[A-Za-z]{34}(?![A-Za-z0-9_])/g],
  ['secret-pulumi-token', /(?<![A-Za-z0-9_])pul-[0-9a-f]{40}(?![A-Za-z0-9_])/g],
  ['secret-gitlab-token', /(?<![A-Za-z0-9_])(?:glpat|glrt|gldt|glptt)-[A-Za-z0-9_-]{20,512}(?![A-Za-z0-9_-])/g],
] as const;

const MOST_SHOWN = 7;
const scanner = new BodySearcher();
const windows = [new LeadWindow(), new LeadWindow(null)] as const;

function hitsIn(path: string, bytes: Uint8Array, pieceBytes: number) {
  scanner.begin(path);
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.push(bytes, at, Math.min(bytes.length, at + pieceBytes));
  return scanner.finish();
}

/** Checks that vectors and plain loops find the same leads. */
function compareWays(bytes: Uint8Array): void {
  const start = bytes.subarray(0, WINDOW);
  const [vectors, plain] = windows.map((window) => {
    window.bytes.set(start);
    return window.places.subarray(0, window.find(0, start.length - 2));
  });
  assert.deepEqual(vectors, plain);
}

/** Returns UTF-16 text without its byte order mark; null for anything else. */
function wideText(bytes: Uint8Array): string | null {
  const mark = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  if (mark !== 'fffe' && mark !== 'feff') return null;
  const units = Buffer.from(bytes.subarray(2, bytes.length & ~1));
  return (mark === 'feff' ? units.swap16() : units).toString('utf16le');
}

/** Whether a token is a placeholder, which isn't reported. */
function isPlaceholder(token: string): boolean {
  return new Set(token).size < 10 || token.includes('EXAMPLE');
}

function run(input: Uint8Array): void {
  if (input.length < 2) return;
  const path = PATHS[(input[0] as number) % PATHS.length] as string;
  const bytes = input.subarray(2);
  compareWays(bytes);
  const hits = hitsIn(path, bytes, bytes.length);
  assert.deepEqual(hitsIn(path, bytes, 1 + (input[1] as number)), hits);
  const text = Buffer.from(bytes).toString('latin1');
  const wide = wideText(bytes);
  for (const { at, line, shown = '' } of hits) {
    assert.ok(at >= 0 && at < bytes.length && shown.length <= MOST_SHOWN);
    if (line !== undefined && wide === null) assert.equal(line, text.slice(0, at).split('\n').length);
  }
  if (wide !== null) {
    for (const [code, expression] of SLOW) {
      const isThere = [...wide.matchAll(expression)].some(([token]) => !isPlaceholder(token));
      if (isThere)
        assert.ok(
          hits.some((hit) => hit.code === code),
          code,
        );
    }
    return;
  }
  const found = new Map(hits.map(({ code, at }) => [code, at]));
  for (const [code, expression] of SLOW) {
    const wanted = [...text.matchAll(expression)].find(([token]) => !isPlaceholder(token));
    assert.equal(found.get(code) ?? -1, wanted?.index ?? -1, code);
  }
}

export const target: Target = {
  name: 'secrets',
  seeds: () =>
    Object.values(SECRET_SAMPLES).flatMap((sample, at) => {
      const little = Buffer.from(`\ufeff${sample().text}`, 'utf16le');
      return [Buffer.from(sample().text), little, Buffer.from(little).swap16()].map((bytes) => joined(Uint8Array.of(at, 3), bytes));
    }),
  tokens: [
    ...Object.values(SECRET_SAMPLES).map((sample) => Buffer.from(sample().secret ?? '')),
    ...['-----BEGIN ', 'PRIVATE KEY-----', 'Proc-Type: 4,ENCRYPTED\n', '"service_account"', '\\n', '$'.concat('{'), '":"', '=', ':'].map(
      (text) => Buffer.from(text),
    ),
  ],
  batch: 128,
  open: () => session(run),
};
