// Every form of a path that one command prints is accepted by the other commands.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseImagePath } from '#format/path';
import { displayPath, escapePath } from '#model';
import { runCommand } from '../support/command-line.ts';
import { concat, file, latin1, tar, utf8 } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const NAMES: readonly Uint8Array[] = [
  utf8('bidi\u202etxt.exe'),
  utf8('arabic\u061cmark'),
  utf8('esc\u001b[31m'),
  utf8('line\nbreak\tand tab'),
  utf8('back\\slash'),
  utf8('looks\\u202Elike\\x41one\\n'),
  utf8('c1\u0085'),
  latin1('latin\xE4\\'),
  latin1('x\\\xE4'),
  utf8('emoji😀'),
  utf8('[a]*?'),
  utf8(' blanks '),
];

test('each path that ls prints as text or JSON names the same file in ls, cat and export', async (t) => {
  const folder = testFolder(t);
  const image = path.join(folder, 'layer.tar');
  writeFileSync(image, tar(...NAMES.map((name, at) => file(concat(utf8('d/'), name), `body ${at}`, { mtime: 1_000_000_000 }))));
  const forPeople = (await runCommand(['ls', image, 'd'])).stdout.trimEnd().split('\n');
  const printed = forPeople.map((line) => line.slice(line.indexOf('d/')));
  const asJson = (await runCommand(['ls', image, 'd', '--json'])).stdout.trimEnd().split('\n');
  const bodies = new Set<string>();
  for (const [at, line] of asJson.entries()) {
    const forms = [printed[at] ?? '', (JSON.parse(line) as { path: string }).path];
    for (const [which, form] of forms.entries()) {
      const { stdout: body, stderr } = await runCommand(['cat', image, form]);
      assert.match(body, /^body \d+$/, `${form}: ${stderr}`);
      bodies.add(body);
      assert.equal(bodies.size, at + 1, form);
      assert.equal((await runCommand(['ls', image, `/${form}`, '--json'])).stdout, `${line}\n`);
      const out = path.join(folder, `out-${at}-${which}`);
      assert.equal((await runCommand(['export', image, form, '--to', out])).stderr, '', form);
      assert.equal(readdirSync(out).length, 1);
    }
  }
  assert.equal(bodies.size, NAMES.length);
});

test('a path can be typed as an error prints it', async (t) => {
  const image = path.join(testFolder(t), 'layer.tar');
  writeFileSync(image, tar(file('a', '')));
  const { stderr } = await runCommand(['cat', image, 'no\u202e\\xE4\n']);
  const said = /no (\S+) in the image/.exec(stderr)?.[1] ?? '';
  assert.equal((await runCommand(['cat', image, said])).stderr, stderr);
});

test('a path of any bytes can be parsed from both printed forms, component by component', () => {
  const component = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => bytes.map((byte) => (byte === 0x2f ? 0x5c : byte)));
  fc.assert(
    fc.property(fc.array(component, { minLength: 1, maxLength: 5 }), (parts) => {
      const wanted = parts.filter((part) => !(part.length === 1 && part[0] === 0x2e));
      const bytes = Uint8Array.from(parts.flatMap((part, at) => (at === 0 ? [...part] : [0x2f, ...part])));
      for (const form of [escapePath(bytes), displayPath(bytes), `/${displayPath(bytes)}/`]) {
        assert.deepEqual(
          parseImagePath(form).parts.map((part) => [...part]),
          wanted.map((part) => [...part]),
        );
      }
    }),
    { seed: 7, numRuns: 1000 },
  );
});
