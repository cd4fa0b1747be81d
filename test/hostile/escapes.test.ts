// Names and links that point outside: reading such entries is safe, and exporting them is refused with an error that names the entry.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { directory, file, gnuLongName, hardlink, pax, symlink, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const PLANTED = 'planted by an image\n';

/**
 * Every escape known from public reports, each as a layer. `named`: how the refusal names the entry; `inside`: where the entry may be
 * extracted.
 */
const ESCAPES: readonly { readonly what: string; readonly layer: Uint8Array; readonly named: RegExp; readonly inside?: string }[] = [
  { what: 'a name with ..', layer: tar(file('../escaped', PLANTED), file('ok', 'ok')), named: /\.\.\/escaped/ },
  { what: 'an absolute name', layer: tar(file('/escaped', PLANTED)), named: /escaped/, inside: 'escaped' },
  { what: 'a name that climbs out of the root', layer: tar(file('a/../../escaped', PLANTED)), named: /a\/\.\.\/\.\.\/escaped/ },
  { what: 'a PAX path with ..', layer: tar(pax({ path: '../escaped' }), file('safe', PLANTED)), named: /\.\.\/escaped/ },
  { what: 'a GNU long name with ..', layer: tar(gnuLongName('x/../../escaped'), file('safe', PLANTED)), named: /escaped/ },
  { what: '.. with a space before it', layer: tar(file('.. /escaped', PLANTED)), named: /\.\. / },
  { what: 'backslashes', layer: tar(file('a\\..\\..\\escaped', PLANTED)), named: /escaped/ },
  { what: 'a drive', layer: tar(file('C:\\escaped', PLANTED)), named: /escaped/ },
  { what: 'a link to the outside, then a file through it', layer: tar(symlink('out', '..'), file('out/escaped', PLANTED)), named: /out/ },
  {
    what: 'an absolute link, then a file through it',
    layer: tar(symlink('out', '/'), file('out/escaped', PLANTED)),
    named: /out/,
    inside: 'escaped',
  },
  {
    what: 'a folder replaced by a link, then a file through it',
    layer: tar(directory('d/'), symlink('d', '../..'), file('d/escaped', PLANTED)),
    named: /escaped/,
  },
  { what: 'a hard link to a file outside', layer: tar(hardlink('inside', '../secret')), named: /inside/ },
  { what: 'a hard link to an absolute path', layer: tar(hardlink('inside', '/etc/passwd')), named: /inside/ },
  {
    what: 'a hard link through a link',
    layer: tar(symlink('out', '..'), hardlink('inside', 'out/secret')),
    named: /inside/,
  },
];

for (const { what, layer, named, inside } of ESCAPES) {
  test(`${what} can be read, and is never extracted outside`, async (t) => {
    const outer = testFolder(t);
    const image = path.join(outer, 'layer.tar');
    writeFileSync(image, layer);
    writeFileSync(path.join(outer, 'secret'), 'not in the image\n');
    for (const command of [
      ['inspect', image, '--json'],
      ['ls', image, '--json'],
      ['raw', image, '--layer', '0', '--json'],
    ]) {
      const { code, stderr } = await runCommand(command);
      assert.equal(code, 0, stderr);
    }

    const to = path.join(outer, 'to', 'folder');
    mkdirSync(to, { recursive: true });
    const { code, stderr } = await runCommand(['export', image, '/', '--to', to]);

    assert.deepEqual(readdirSync(outer).sort(), ['layer.tar', 'secret', 'to'], stderr);
    assert.deepEqual(readdirSync(path.join(outer, 'to')), ['folder'], stderr);
    assert.equal(readFileSync(path.join(outer, 'secret'), 'utf8'), 'not in the image\n');
    assert.equal(existsSync('/escaped'), false);
    assert.equal(existsSync(path.join(to, 'inside')), false, 'no hard link to a file outside');
    if (inside !== undefined) {
      assert.equal(code, 0, stderr);
      assert.equal(readFileSync(path.join(to, inside), 'utf8'), PLANTED);
      return;
    }
    // A name with a backslash or a colon is an ordinary name here and may be extracted inside; everything else is refused.
    const plainHere = process.platform !== 'win32' && (what === 'backslashes' || what === 'a drive' || what.startsWith('.. with'));
    if (!plainHere || code !== 0) {
      assert.equal(code, 3, `${what}: ${stderr}`);
      assert.match(stderr, named);
      assert.match(stderr, /PATH_ESCAPE|path-escape|NAME_REFUSED|NOT_FOUND|dangling/, stderr);
    }
  });
}

test('exporting into a folder that is a link doesn’t write next to its target', async (t) => {
  const outer = testFolder(t);
  const image = path.join(outer, 'layer.tar');
  writeFileSync(image, tar(directory('d/'), symlink('d/up', '../..'), file('d/f', 'x')));
  const { code, stderr } = await runCommand(['export', image, '/d', '--to', path.join(outer, 'to')]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(readdirSync(path.join(outer, 'to', 'd')).sort(), ['f', 'up']);
  assert.deepEqual(readdirSync(outer).sort(), ['layer.tar', 'to']);
});
