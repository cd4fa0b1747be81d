import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownCommand } from '../../src/engine/read/shown-command.ts';

test('a command shown to others contains no build-argument values and no whole tokens', () => {
  const token = `ghp_${'aB3'.repeat(12)}`;
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  for (const [createdBy, shown] of [
    [`RUN |2 A=hunter2 B=${token} /bin/sh -c curl -H "x: ${token}" https://x # buildkit`, 'RUN curl -H "x: ghp_…B3" https://x # buildkit'],
    ['|1 A=hunter2 /bin/sh -c\n make', 'RUN make'],
    [`RUN |1 A=${'x'.repeat(50_000)} bash make`, 'RUN'],
    [
      `COPY --from=${digest} /a/long/path/with/many/parts /opt/Foo-1.2`,
      'COPY --from=sha256:0123…ef /a/long/path/with/many/parts /opt/Foo-1.2',
    ],
    ['RUN apt-get install -y\t\tlinux-headers-generic', 'RUN apt-get install -y linux-headers-generic'],
    [null, ''],
  ] as const)
    assert.equal(shownCommand(createdBy), shown);
});
