import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchDockerfile } from '#format/attestation';
import { parseStages, stageAt } from '../../src/format/attestation/dockerfile.ts';

const lines = (...text: readonly string[]): string => text.join('\n');

const noRest = async (): Promise<void> => {};

async function matched(dockerfile: string, ...createdBy: readonly (string | null)[]): Promise<unknown[]> {
  return (await matchDockerfile(dockerfile, createdBy, noRest)).map((guess) => guess && [guess.lines[0], guess.from, guess.stage]);
}

test('a Dockerfile is split into stages, instructions and lines', () => {
  const stages = parseStages(
    lines(
      'ARG BEFORE=1',
      'FROM --platform=$BUILDPLATFORM golang AS Build',
      '',
      'run a \\ ',
      '  # a comment',
      '',
      '  b',
      'COPY <<-one <<two /dest',
      '\tx',
      '\tone',
      'y',
      'two',
      'FROM build',
      'RUN c',
    ),
  );
  assert.deepEqual(
    stages.map(({ name, base, instructions }) => [name, base, instructions.map(({ keyword, lines: range }) => [keyword, ...range])]),
    [
      [
        'build',
        'golang',
        [
          ['RUN', 4, 7],
          ['COPY', 8, 12],
        ] as unknown[],
      ],
      [null, 'build', [['RUN', 14, 14]]],
    ],
  );
  assert.equal(stages[0]?.instructions[0]?.text, 'a   b');
});

test('a directive changes the character that continues a line', () => {
  const [stage] = parseStages(lines('# escape=`', 'FROM x', 'RUN dir C:\\', 'RUN a `', '  b'));
  assert.deepEqual(
    stage?.instructions.map(({ lines: range }) => range),
    [
      [3, 3],
      [4, 5],
    ],
  );
});

const STAGES = lines(
  'FROM alpine AS base', // 1
  'COPY tool /bin/tool', // 2
  'FROM base AS build', // 3
  'ARG VERSION=1', // 4
  'RUN make $VERSION', // 5
  'FROM base', // 6
  'ENV A=b', // 7
  'WORKDIR /srv', // 8
  'COPY --chown=1:1 --from=build /out/$A \\', // 9
  '  /srv', // 10
  'RUN ["/bin/tool", "sh", "-c", "x  y"]', // 11
);

test('commands from BuildKit, Docker’s classic builder and kaniko lead to the same lines', async () => {
  const expected = [null, [[2, 2], [], 'base'], [[8, 8], [], '2'], [[9, 10], [[5, 5]], '2'], [[11, 11], [], '2']];
  const hash = 'f'.repeat(64);
  const histories = [
    [
      'ADD base',
      'COPY tool /bin/tool # buildkit',
      'WORKDIR /srv',
      'COPY --chown=1:1 /out/b /srv # buildkit',
      'RUN /bin/tool sh -c x  y # buildkit',
    ],
    [
      `/bin/sh -c #(nop) ADD file:${hash} in / `,
      `/bin/sh -c #(nop) COPY file:${hash} in /bin/tool `,
      '/bin/sh -c #(nop) WORKDIR /srv',
      `/bin/sh -c #(nop) COPY dir:${hash} in /srv `,
      '/bin/tool sh -c x  y',
    ],
  ];
  assert.deepEqual(await matched(STAGES, ...(histories[0] as string[])), expected);
  assert.deepEqual((await matched(STAGES, ...(histories[1] as string[]))).slice(0, 4), expected.slice(0, 4));
  assert.deepEqual(await matched('FROM x\nRUN make all', 'RUN make all'), [[[2, 2], [], null]]);
  assert.deepEqual(await matched('FROM x\nRUN make all', '/bin/sh -c make all'), [[[2, 2], [], null]]);
  assert.deepEqual(await matched('FROM x\nRUN make all', 'RUN |2 A=1 B=x y /bin/bash -o pipefail -c make   all # buildkit'), [
    [[2, 2], [], null],
  ]);
});

test('a here-document is found by its lines', async () => {
  const file = lines('FROM x', 'RUN <<EOF', 'one', 'two', 'EOF', 'RUN b');
  assert.deepEqual(await matched(file, 'RUN /bin/sh -c one\ntwo\n # buildkit', 'RUN /bin/sh -c b # buildkit'), [
    [[2, 5], [], null],
    [[6, 6], [], null],
  ]);
});

test('steps match lines in order, equal lines are distinguished by their neighbours, and an unrelated Dockerfile matches nothing', async () => {
  const file = lines('FROM x', 'RUN a', 'RUN b', 'RUN a');
  const ranges = async (...commands: readonly string[]) => {
    const createdBy = commands.map((each) => `RUN /bin/sh -c ${each}`);
    return (await matchDockerfile(file, createdBy, noRest)).map((guess) => guess?.lines[0]?.[0]);
  };
  assert.deepEqual(await ranges('a', 'b', 'a'), [2, 3, 4]);
  assert.deepEqual(await ranges('b', 'a'), [3, 4]);
  assert.deepEqual(await ranges('a', 'b'), [2, 3]);
  assert.deepEqual(await ranges('c', 'd'), [undefined, undefined]);
  assert.deepEqual(await matched('', 'RUN a', null), [null, null]);
});

test('the best-matching stage is chosen', async () => {
  const file = lines('FROM a AS one', 'RUN x', 'RUN y', 'FROM a AS two', 'RUN z');
  assert.deepEqual(await matched(file, 'RUN x', 'RUN y'), [
    [[2, 2], [], 'one'],
    [[3, 3], [], 'one'],
  ]);
});

test('a line belongs to the last stage that begins before it', () => {
  assert.deepEqual(
    [1, 3, 5, 11].map((line) => stageAt(parseStages(STAGES), line)?.name ?? null),
    ['base', 'build', 'build', '2'],
  );
  assert.deepEqual(
    [stageAt(parseStages('FROM x'), 1), stageAt(parseStages('ARG A\nFROM x\nFROM y'), 1)],
    [{ name: null, base: 'x' }, null],
  );
});
