// An image's attached statements are read by one walk, whichever feature needs them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { attachedSboms, readProvenance } from '#engine';
import { readStated } from '../../src/engine/provenance/read-stated.ts';
import { walkStatements } from '../../src/engine/provenance/walk-statements.ts';
import { hasCode } from '../support/asserts.ts';
import { attestationOf, slsaPredicate, statement } from '../support/attestation-builder.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const V1 = 'https://slsa.dev/provenance/v1';
const SPDX = 'https://spdx.dev/Document';
const sbom = (name: string): object => ({ spdxVersion: 'SPDX-2.3', name, packages: [] });

async function opened(t: TestContext, statementsOf: (digest: string) => readonly (object | string)[]) {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a', 'x')) }] });
  const attached = attestationOf(files, image, statementsOf(image.digest));
  const archive = await testReader(t).open(testFile(t, archiveOf(ociLayout(files, [image, attached]))));
  t.after(() => archive[Symbol.asyncDispose]());
  const [first] = archive.images;
  assert.ok(first);
  return first;
}

test('a damaged statement is a problem, and the statements after it are read', async (t) => {
  const image = await opened(t, (digest) => [
    statement(digest, SPDX, sbom('first')),
    '{cut',
    { predicateType: V1 },
    statement(digest, V1, slsaPredicate('v1', 'FROM scratch\n', { step0: { lines: [[1, 1]], layers: [['sha256:1']] } })),
    statement(digest, SPDX, sbom('second')),
  ]);
  const problems: string[] = [];
  const onProblem = ({ code }: { code: string }): number => problems.push(code);
  const sboms: (string | null)[] = [];
  for await (const { sbom } of attachedSboms(image, { onProblem })) sboms.push(sbom.name);
  assert.deepEqual(sboms, ['first', 'second']);
  assert.equal((await readProvenance(image, { onProblem })).kind, 'with-lines');
  const stated = await readStated(image.attestations, new AbortController().signal);
  assert.deepEqual(
    stated.map((each) => [each.sbom?.name ?? null, each.provenance?.version ?? null, each.problem !== null || each.status !== 'present']),
    [
      ['first', null, false],
      [null, null, true],
      [null, 'v0.2', false],
      [null, 'v1', false],
      ['second', null, false],
    ],
  );
  assert.ok(problems.every((code) => code === 'BAD_MANIFEST'));
});

test('at most 100 statements are read, and only wanted statements; the others are passed on unread', async (t) => {
  const image = await opened(t, (digest) =>
    Array.from({ length: 130 }, (_, at) => statement(digest, at % 2 === 0 ? SPDX : V1, sbom(`s${at}`))),
  );
  const read = async (options: Parameters<typeof walkStatements>[2] = {}): Promise<(string | null)[]> => {
    const names: (string | null)[] = [];
    const parse = ({ predicate }: { predicate: { readonly name?: unknown } }): string => String(predicate.name);
    for await (const { value } of walkStatements(image.attestations, parse, options)) names.push(value);
    return names;
  };
  const all = await read();
  assert.deepEqual([all.length, all[99], all[100], all.filter((name) => name !== null).length], [130, 's99', null, 100]);
  const wanted = await read({ isWanted: ({ predicateType }) => predicateType === SPDX });
  assert.deepEqual([wanted.length, wanted[1], wanted[128]], [130, null, 's128']);
});

test('content that is attached many times is read once', async (t) => {
  const image = await opened(t, (digest) => Array(130).fill(statement(digest, SPDX, sbom('same'))));
  assert.equal(image.attestations.length, 130);
  let read = 0;
  for await (const { value } of walkStatements(image.attestations, () => ++read)) assert.ok(value === null || value === 1);
  assert.equal(read, 1);
  const stated = await readStated(image.attestations, new AbortController().signal);
  assert.deepEqual([stated.length, stated[0]?.sbom?.name, stated[1]?.sbom, stated[1]?.problem], [130, 'same', null, null]);
});

test('an image’s statements share a limit of 64 MiB; the first over it is a problem, and a small one after it is read', async (t) => {
  const large = (digest: string, name: string): object => ({ ...statement(digest, SPDX, sbom(name)), x: 'x'.repeat(25 * 2 ** 20) });
  const image = await opened(t, (digest) => [...['a', 'b', 'c'].map((name) => large(digest, name)), statement(digest, SPDX, sbom('d'))]);
  const walked: (string | null)[] = [];
  const parse = ({ predicate }: { predicate: { readonly name?: unknown } }): string => String(predicate.name);
  for await (const { value, problem } of walkStatements(image.attestations, parse)) walked.push(problem?.code ?? value);
  assert.deepEqual(walked, ['a', 'b', 'TOO_LARGE', 'd']);
});

test('an image’s statements share a limit of 6.4 million values', async (t) => {
  const many = (digest: string, name: string): string =>
    JSON.stringify(statement(digest, SPDX, { name, x: 0 })).replace('"x":0', `"x":[${'0,'.repeat(2_500_000)}0]`);
  const image = await opened(t, (digest) => ['a', 'b', 'c'].map((name) => many(digest, name)));
  const codes: (string | null)[] = [];
  for await (const { problem } of walkStatements(image.attestations, () => true)) codes.push(problem?.code ?? null);
  assert.deepEqual(codes, [null, null, 'TOO_LARGE']);
});

test('a walk of an image’s statements can be cancelled', async (t) => {
  const image = await opened(t, (digest) => [statement(digest, SPDX, sbom('a'))]);
  await assert.rejects(readStated(image.attestations, AbortSignal.abort()), hasCode('CANCELLED'));
});
