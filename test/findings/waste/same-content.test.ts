import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack } from '#changes';
import { SameContents } from '#findings/waste';
import { TYPE } from '#model';
import { file, hardlink, tar } from '../../support/tar-builder.ts';
import { buildLayer } from '../../support/tar-collect.ts';

const BIG = 5000;

type Layers = readonly (readonly Uint8Array<ArrayBuffer>[])[];

/** Returns the findings for layers whose files each consist of one letter, `size` times; the letter is the content's digest. */
function found(...layers: Layers): unknown[] {
  return foundIn(layers, false);
}

function foundIn(layers: Layers, caseInsensitive: boolean): unknown[] {
  const stack = buildStack(
    layers.map((members) => buildLayer(tar(...members)).table),
    { caseInsensitive },
  );
  const letters = layers.map((members) => members.map((member) => String.fromCharCode(member[512] ?? 0)));
  const contents = new SameContents(stack);
  stack.layers.forEach((table, layer) => {
    for (let row = 0; row < (table?.memberCount ?? 0); row++) {
      if (table?.type[row] !== TYPE.file) continue;
      contents.add({ layer, row, digest: letters[layer]?.[row] ?? '', size: table.size[row] as number });
    }
  });
  return [...contents.findings()].map(({ code, layer, path, bytes, of }) => [code.slice(6), layer, path, bytes, of]);
}

const body = (path: string, letter: string, size = BIG, mode = 0o644) => file(path, letter.repeat(size), { mode });

test('a file of any size rewritten with the same content but another mode is reported as a copy made for its metadata', () => {
  assert.deepEqual(found([body('a', 'x', 3), body('b', 'y')], [body('a', 'x', 3, 0o755), body('b', 'z')]), [
    ['metadata-only-copy', 1, 'a', 3, undefined],
  ]);
});

test('the same content at another path is reported for the later path, with the first one', () => {
  assert.deepEqual(found([body('a', 'x'), body('b', 'x')], [body('c', 'x'), body('small', 'x', 100)]), [
    ['same-content', 0, 'b', BIG, 'a'],
    ['same-content', 1, 'c', BIG, 'a'],
  ]);
});

test('a copy is reported once: for the path that changes its mode, not for the first path too', () => {
  assert.deepEqual(found([body('a', 'x')], [body('b', 'x')], [body('b', 'x', BIG, 0o755)]), [
    ['same-content', 1, 'b', BIG, 'a'],
    ['metadata-only-copy', 2, 'b', BIG, undefined],
  ]);
});

test('hard links, empty files and files that their own layer replaces are not copies', () => {
  assert.deepEqual(found([body('a', 'x'), hardlink('b', 'a'), file('c'), file('d'), body('a', 'x')]), []);
});

test('the same registry delta in two layers of a Windows image is not a copy, because Windows merges them', () => {
  const layers = [
    [body('Hives/System_Delta', 'x'), body('Files/a', 'y')],
    [body('Hives/System_Delta', 'x'), body('Files/a', 'y')],
  ];
  assert.deepEqual(foundIn(layers, true), [['metadata-only-copy', 1, 'Files/a', BIG, undefined]]);
  assert.equal(foundIn(layers, false).length, 2);
});

test('of thousands of copies in a layer, the biggest 250 are listed, and the others counted', () => {
  const count = 2_500;
  const size = (at: number) => BIG + ((at * 7919) % count);
  const copies = Array.from({ length: count }, (_, at) => body(`c${at}`, 'x', size(at)));
  const digests = ['first', ...copies.map(() => 'first')];
  const { table } = buildLayer(tar(body('a', 'x'), ...copies));
  const contents = new SameContents(buildStack([table]));
  digests.forEach((digest, row) => {
    contents.add({ layer: 0, row, digest, size: row === 0 ? BIG : size(row - 1) });
  });
  const findings = [...contents.findings()];
  const sorted = copies.map((_, at) => size(at)).sort((a, b) => b - a);
  assert.deepEqual(
    findings.slice(0, 250).map(({ bytes }) => bytes),
    sorted.slice(0, 250),
  );
  const rest = sorted.slice(250).reduce((sum, bytes) => sum + bytes, 0);
  assert.equal(findings.length, 251);
  assert.deepEqual([findings[250]?.path, findings[250]?.bytes], [undefined, rest]);
  assert.match(findings[250]?.message ?? '', /^2,250 more of these/);
});
