import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from '../../renderer/state/address.ts';
import { NOTHING, type Selection } from '../../renderer/state/selection.ts';

test('an address describes a selection, and parsing the address returns that selection', () => {
  const selections: Selection[] = [
    { archiveId: 'a1', image: 2, from: 0, to: 0, mode: 'image', path: 'usr/lib', view: 'breakdown' },
    { archiveId: 'a1', image: 2, from: 0, to: 0, mode: 'image', path: 'usr/lib', view: 'packages' },
    { archiveId: 'a1', image: 0, from: 1, to: 3, mode: 'layer', path: null, view: 'registry' },
    { archiveId: 'a1', image: 0, from: 4, to: 4, mode: 'layer', path: null },
    { archiveId: 'a1', image: 3, from: 2, to: 6, mode: 'layer', path: 'usr/lib/a b?&#%.so' },
    { archiveId: 'x-y', image: 0, from: 0, to: 0, mode: 'stacked', path: 'odd\\xE4\\\\name' },
    {
      archiveId: 'a1',
      image: 0,
      from: 4,
      to: 4,
      mode: 'compare',
      path: null,
      against: { archiveId: 'a2', image: 1, layer: 3, since: 2 },
      since: 4,
    },
    { archiveId: 'a1', image: 0, from: 4, to: 4, mode: 'compare', path: null, against: { archiveId: 'a2', image: 0, layer: 3 } },
  ];
  for (const selection of selections) assert.deepEqual(parseAddress(formatAddress(selection)), selection);
});

test('an address omits defaults', () => {
  const selection: Selection = { archiveId: 'a1', image: 0, from: 4, to: 4, mode: 'layer', path: null };
  assert.equal(formatAddress(selection), '#/image/a1/layer/4');
  assert.equal(
    formatAddress({ ...selection, image: 2, from: 1, path: 'etc/passwd', mode: 'stacked' }),
    '#/image/a1.2/layer/1-4?path=etc/passwd&mode=stacked',
  );
  assert.equal(formatAddress({ ...selection, from: 0, mode: 'image' }), '#/image/a1');
  assert.equal(formatAddress({ ...selection, from: 0, mode: 'image', view: 'treemap' }), '#/image/a1?view=treemap');
  assert.equal(formatAddress(NOTHING), '#/');
});

test('a range of layers in an address may be in either order', () => {
  const parsed = parseAddress('#/image/a1/layer/7-4');
  assert.equal(parsed?.from, 4);
  assert.equal(parsed?.to, 7);
});

test('an invalid address is refused', () => {
  for (const hash of ['', '#/', '#/image/', '#/image/a1/', '#/image/a1/layer/x', '#/image/a1/layer/-1', '#/image/%E0%A4%A/layer/1']) {
    assert.equal(parseAddress(hash), null, hash);
  }
});

test('a path in an address may have any printed form, and slashes around it', () => {
  const pathOf = (text: string): string | null | undefined => parseAddress(`#/image/a1/layer/0?path=${text}`)?.path;
  assert.equal(pathOf('bidi\\u202Etxt.exe'), 'bidi\u202etxt.exe');
  assert.equal(pathOf('/etc/'), 'etc');
  assert.equal(pathOf('./back\\\\slash\\xE4'), 'back\\\\slash\\xE4');
  assert.equal(pathOf('/'), null);
});
