// Hostile names and targets: resolving them must not take time proportional to the number of names times the length of the paths that they
// go through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_NODE } from '#format/layer';
import { directory, file, hardlink, pax, symlink, tar } from '../support/tar-builder.ts';
import { buildLayer } from '../support/tar-collect.ts';

const codes = ({ findings }: ReturnType<typeof buildLayer>) => [...new Set(findings.map(({ code }) => code))];

test('hard links to long paths are resolved in time proportional to the path’s length', { timeout: 60_000 }, () => {
  const folder = 'd/'.repeat(4_000);
  const links = Array.from({ length: 300 }, (_, i) => [
    pax({ linkpath: `${folder}${i === 0 ? 'f' : `p${i}`}` }),
    hardlink(`l${i}`, ''),
  ]).flat();
  const built = buildLayer(tar(pax({ path: `${folder}f` }), file('', 'abc'), ...links));
  assert.deepEqual([built.table.linkTarget[0], built.table.memberCount], [1, 301]);
});

test('names through links to deep folders are refused once they would take too long, and earlier names are kept', {
  timeout: 60_000,
}, () => {
  const parts = [directory('d/'), pax({ linkpath: `${'./'.repeat(15_000)}d` }), symlink('l', '')];
  const files = Array.from({ length: 5_000 }, (_, i) => file(`l/${i}/f`, ''));
  const built = buildLayer(tar(...parts, ...files));
  assert.ok(codes(built).includes('symlink-loop'), codes(built).join());
  assert.notEqual(built.table.node[2], NO_NODE);
  assert.equal(built.table.node.at(-1), NO_NODE);
});

test('names through links of any usual length are never refused', () => {
  const target = `${'a-folder-of-some-length/'.repeat(20)}d`;
  const built = buildLayer(tar(symlink('l', target), ...Array.from({ length: 30_000 }, (_, i) => file(`l/${i}/f`, ''))));
  assert.deepEqual(codes(built), ['name-through-link']);
});

test('a name through a link into a folder deeper than any system allows has no path', () => {
  const deep = 'd/'.repeat(5_000);
  const built = buildLayer(tar(pax({ linkpath: deep }), symlink('l', ''), file('l/f', '')));
  assert.deepEqual([built.table.node[1], codes(built)], [NO_NODE, ['odd-name', 'name-through-link']]);
});
