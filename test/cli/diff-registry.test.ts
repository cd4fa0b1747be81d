// `diff A B --registry`: how the registries of Windows images differ.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { commandLines, runCommand } from '../support/command-line.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { deltaHive, dword, hive, removedValue, sz } from '../support/hive-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile } from '../support/workbench.ts';

const CONFIG = 'Files/Windows/System32/config';

/** Returns the SOFTWARE hive of a version. `written`, the time of some keys, differs between versions too. */
function software(version: string, written: bigint): Uint8Array {
  return hive({
    name: 'ROOT',
    keys: [
      {
        name: 'Microsoft',
        written,
        keys: [
          { name: 'Run', written, values: [sz('Updater', `C:\\updater-${version}.exe`), dword('Delay', 30)] },
          { name: `Only ${version}`, values: [dword('Value', 1)], keys: [{ name: 'Below' }] },
        ],
      },
    ],
  });
}

const NTUSER = hive({ name: 'ROOT', keys: [{ name: 'Software', values: [sz('Path', 'C:\\user')] }] });
const SYSTEM = hive({ name: 'ROOT', keys: [{ name: 'Select', values: [dword('Current', 1)] }] });
const DELTA = deltaHive({
  name: 'ROOT',
  keys: [{ name: 'Microsoft', layer: 0x80, keys: [{ name: 'Run', layer: 0x80, values: [removedValue('Updater'), dword('Delay', 5)] }] }],
});

const OLD = tar(
  file(`${CONFIG}/SOFTWARE`, software('1', 100n)),
  file(`${CONFIG}/SYSTEM`, SYSTEM),
  file('Files/Users/u/NTUSER.DAT', NTUSER),
);
const NEW = tar(
  file(`${CONFIG}/software`, software('2', 200n)),
  file(`${CONFIG}/SYSTEM`, SYSTEM),
  file('Files/Users/v/NTUSER.DAT', NTUSER),
);

function image(t: TestContext, name: string, ...layers: readonly Uint8Array[]): string {
  return testFile(t, dockerArchive({ name: 'w:1', os: 'windows', layers }), `${name}.tar`);
}

async function compared(...argv: readonly string[]): Promise<{ code: number; lines: string[]; stderr: string }> {
  const { code, stdout, stderr } = await runCommand(['diff', ...argv, '--registry']);
  return { code, lines: stdout.split('\n').slice(0, -1), stderr };
}

test('diff --registry compares the registries of two images: common hives first, then those of one side', async (t) => {
  const [a, b] = [image(t, 'a', OLD), image(t, 'b', NEW)];
  assert.deepEqual((await compared(a, b)).lines, [
    'SOFTWARE',
    '− Microsoft\\Only 1  (with 1 key, 1 value)',
    '+ Microsoft\\Only 2',
    '    + Value  REG_DWORD      0x00000001 (1)',
    '+ Microsoft\\Only 2\\Below',
    '~ Microsoft\\Run',
    '    ~ Updater  REG_SZ         C:\\updater-2.exe',
    '        was C:\\updater-1.exe',
    'Files/Users/v/NTUSER.DAT  only in B',
    '+ \\',
    '+ Software',
    '    + Path  REG_SZ         C:\\user',
    'Files/Users/u/NTUSER.DAT  only in A',
    '− \\  (with 1 key, 1 value)',
  ]);
  assert.equal((await compared(a, b, '--exit-code')).code, 1);
  const found = await compared(a, b, '--search', 'UPDATER-1');
  assert.deepEqual(found.lines, [
    'SOFTWARE',
    '~ Microsoft\\Run',
    '    ~ Updater  REG_SZ         C:\\updater-2.exe',
    '        was C:\\updater-1.exe',
  ]);
  const lines = await commandLines(['diff', a, b, '--registry', '--json']);
  assert.deepEqual(
    lines.map(({ kind, hive: name, path, in: sides }) => [kind, name, path ?? sides]),
    [
      ['compared', 'SOFTWARE', 'both'],
      ['removed', 'SOFTWARE', 'Microsoft\\Only 1'],
      ['added', 'SOFTWARE', 'Microsoft\\Only 2'],
      ['added', 'SOFTWARE', 'Microsoft\\Only 2\\Below'],
      ['modified', 'SOFTWARE', 'Microsoft\\Run'],
      ['compared', 'SYSTEM', 'both'],
      ['compared', 'Files/Users/v/NTUSER.DAT', 'b'],
      ['added', 'Files/Users/v/NTUSER.DAT', ''],
      ['added', 'Files/Users/v/NTUSER.DAT', 'Software'],
      ['compared', 'Files/Users/u/NTUSER.DAT', 'a'],
      ['removed', 'Files/Users/u/NTUSER.DAT', ''],
    ],
  );
});

test('diff --registry compares layers of an image, and images on the same base', async (t) => {
  const own = image(t, 'own', OLD, tar(file('Hives/Software_Delta', DELTA)));
  const expected = [
    'SOFTWARE',
    '~ Microsoft\\Run',
    '    ~ Delay    REG_DWORD      0x00000005 (5)',
    '        was 0x0000001e (30)',
    '    − Updater  REG_SZ         C:\\updater-1.exe',
  ];
  assert.deepEqual((await compared(`${own}#0`, `${own}#1`)).lines, expected);
  assert.deepEqual((await compared(image(t, 'base', OLD), own)).lines, expected);
  const same = await compared(own, image(t, 'copy', OLD, tar(file('Hives/Software_Delta', DELTA))), '--exit-code');
  assert.deepEqual([same.code, same.lines], [0, ['no difference']]);
});

test('if one side has no registry, the other’s whole registry is a difference', async (t) => {
  const [a, b] = [image(t, 'a', OLD), image(t, 'b', tar(file('Files/note.txt', 'x')))];
  assert.deepEqual(
    (await compared(a, b)).lines.filter((line) => line.startsWith('−')),
    ['− \\  (with 4 keys, 3 values)', '− \\  (with 1 key, 1 value)', '− \\  (with 1 key, 1 value)'],
  );
  assert.ok((await compared(b, a)).lines.includes('+ Microsoft\\Run'));
  const none = await compared(b, b);
  assert.deepEqual([none.lines, none.stderr], [[], 'layerscope: neither A nor B has registry hives\n']);
});

test('the error for an unreadable hive names it, and the hive isn’t treated as missing', async (t) => {
  const [a, b] = [image(t, 'a', OLD), image(t, 'b', tar(file(`${CONFIG}/SOFTWARE`, 'regf'), file(`${CONFIG}/SYSTEM`, SYSTEM)))];
  const { code, lines, stderr } = await compared(a, b, '--exit-code', '--search', 'Microsoft');
  assert.deepEqual([code, lines], [1, []]);
  assert.match(stderr, /B, layer 0: Files\/Windows\/System32\/config\/SOFTWARE: .*: the rest is compared/);
});

test('diff --registry refuses options that don’t go together', async (t) => {
  const a = image(t, 'a', OLD);
  for (const [options, message] of [
    [['--search', 'x'], /--search needs --registry/],
    [['--registry', '--markdown'], /--registry cannot be used with --markdown/],
    [['--registry', '--ignore', 'time'], /--registry and --ignore cannot be used together/],
  ] as const) {
    const { code, stderr } = await runCommand(['diff', a, a, ...options]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
