// The tar reader returns the same members, findings and error for input in pieces of any size, whether bodies are pushed or skipped.
import assert from 'node:assert/strict';
import { type Collected, collect, inPieces, whole, withSkips } from '../../support/tar-collect.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { mutateTar, TAR_TOKENS } from '../engine/mutate-tar.ts';
import { Random } from '../engine/random.ts';
import { expectSame } from '../engine/same.ts';
import { sharedFiles, tarSeeds } from '../engine/seeds.ts';
import { session, type Target } from '../engine/target.ts';

function told({ members, findings, error }: Collected, withContent: boolean): unknown {
  return {
    members: withContent ? members : members.map((member) => ({ ...member, content: '' })),
    findings,
    error: error === null ? null : [error.code, error.message, error.offset],
  };
}

function run(input: Uint8Array): void {
  const once = collect(input, whole);
  if (once.error !== null) expectRefusal(once.error, ['BAD_TAR']);
  for (const { message } of once.findings) expectCleanText(message);
  const random = new Random(input.length);
  expectSame(
    told(
      collect(
        input,
        inPieces(() => 1 + random.int(700)),
      ),
      true,
    ),
    told(once, true),
  );
  expectSame(
    told(
      collect(
        input,
        withSkips(() => 1 + random.int(1500)),
      ),
      false,
    ),
    told(once, false),
  );
  let end = 0;
  for (const { headerOffset, ownHeaderOffset, bodyOffset, dataOffset, size, storedSize, sparse } of once.members) {
    assert.ok(headerOffset >= end && headerOffset <= ownHeaderOffset && ownHeaderOffset < bodyOffset && bodyOffset <= dataOffset);
    assert.ok(Number.isSafeInteger(size) && size >= 0 && Number.isSafeInteger(storedSize) && storedSize >= 0);
    if (sparse !== null) assert.ok(sparse.every(([at, length]) => at >= 0 && length >= 0 && at + length <= size));
    end = bodyOffset;
  }
}

export const target: Target = {
  name: 'tar',
  seeds: () => [...tarSeeds(), ...sharedFiles('corpus/go-archive-tar', 20_000)],
  tokens: TAR_TOKENS,
  mutate: mutateTar,
  open: () => session(run),
};
