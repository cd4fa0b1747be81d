// The `hive` command: hives on disk, and the registry of Windows images. test/shared compares its JSON with another program's.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CommandResult, commandLines, type JsonLine, runCommand } from '../support/command-line.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { BINS, buildHive, deltaHive, dword, hive, removedValue, setBaseSum, sz } from '../support/hive-builder.ts';
import { newLog } from '../support/hive-logs.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFile, testFolder } from '../support/workbench.ts';

const CONFIG = 'Files/Windows/System32/config';
const RUN = 'Microsoft\\Windows\\CurrentVersion\\Run';

const SOFTWARE = hive({
  name: 'ROOT',
  keys: [
    {
      name: 'Microsoft',
      keys: [{ name: 'Windows', keys: [{ name: 'CurrentVersion', keys: [{ name: 'Run', values: [sz('Old', 'C:\\old.exe')] }] }] }],
    },
  ],
});
const SYSTEM = hive({
  name: 'ROOT',
  keys: [
    { name: 'ControlSet002', keys: [{ name: 'Services', keys: [{ name: 'Tcpip', values: [dword('Start', 1)] }] }] },
    { name: 'Select', values: [dword('Current', 2)] },
  ],
});
const SOFTWARE_DELTA = deltaHive({
  name: 'ROOT',
  keys: [
    {
      name: 'Microsoft',
      layer: 0x80,
      keys: [
        {
          name: 'Windows',
          layer: 0x80,
          keys: [
            {
              name: 'CurrentVersion',
              layer: 0x80,
              keys: [{ name: 'Run', layer: 0x80, values: [sz('App', 'C:\\app\\run.exe'), removedValue('Old')] }],
            },
          ],
        },
      ],
    },
    { name: 'Vendor', layer: 3, keys: [{ name: 'App', layer: 3, values: [sz('', 'default'), dword('Level', 3)] }] },
  ],
});
const NTUSER = hive({ name: 'ROOT', keys: [{ name: 'Software' }] });

function windowsImage(t: TestContext, ...layers: readonly Uint8Array[]): string {
  return testFile(t, dockerArchive({ name: 'w:1', os: 'windows', layers }), 'windows.tar');
}

function image(t: TestContext): string {
  return windowsImage(
    t,
    tar(
      directory('Files/'),
      file(`${CONFIG}/SOFTWARE`, SOFTWARE),
      file(`${CONFIG}/system`, SYSTEM),
      file('Files/Users/u/NTUSER.DAT', NTUSER),
    ),
    tar(
      directory('Hives/'),
      file('Hives/Software_Delta', SOFTWARE_DELTA),
      file('Hives/System_Base', SYSTEM),
      file('Files/data.hve', 'no hive'),
    ),
    tar(file('Files/note.txt', 'x')),
  );
}

async function text(argv: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCommand(argv);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').slice(0, -1);
}

function valuesOf(line: JsonLine | undefined): { readonly name: string; readonly layer: number }[] {
  return (line?.values ?? []) as { name: string; layer: number }[];
}

function refused(result: CommandResult, code: number, message: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, message);
}

test('hive prints what each layer changed in the registry', async (t) => {
  const source = image(t);
  assert.deepEqual(await text(['hive', source]), [
    'layer 0  Files/Users/u/NTUSER.DAT  base, 2 keys, 0 values',
    'layer 0  SOFTWARE  Files/Windows/System32/config/SOFTWARE  base, 5 keys, 1 value',
    'layer 0  SYSTEM  Files/Windows/System32/config/system  base, 5 keys, 2 values',
    'layer 1  SOFTWARE  Hives/Software_Delta  delta, 7 keys, 4 values',
    `~ ${RUN}`,
    '    + App  REG_SZ         C:\\app\\run.exe',
    '    − Old  REG_SZ         C:\\old.exe',
    '+ Vendor',
    '+ Vendor\\App',
    '    + (default)  REG_SZ         default',
    '    + Level      REG_DWORD      0x00000003 (3)',
  ]);
  const lines = await commandLines(['hive', source, '--layer', '1', '--json']);
  assert.deepEqual(
    lines.map(({ kind, layer, hive: name, path: at }) => [kind, layer, name, at]),
    [
      ['hive', 1, 'SOFTWARE', undefined],
      ['modified', 1, 'SOFTWARE', RUN],
      ['added', 1, 'SOFTWARE', 'Vendor'],
      ['added', 1, 'SOFTWARE', 'Vendor\\App'],
    ],
  );
  assert.deepEqual(valuesOf(lines[1])[1], {
    kind: 'removed',
    name: 'Old',
    previous: { type: 'REG_SZ', size: 22, hex: Buffer.from('C:\\old.exe\0', 'utf16le').toString('hex') },
  });
});

test('hive says so if the image has no registry', async (t) => {
  const { code, stdout, stderr } = await runCommand(['hive', image(t), '--layer', '2']);
  assert.deepEqual([code, stdout, stderr], [0, '', 'layerscope: the layer has no registry hives\n']);
});

test('hive prints a hive as seen at a layer, by any of its names', async (t) => {
  const source = image(t);
  for (const typed of [`software\\${RUN.toLowerCase()}`, `HKLM\\SOFTWARE\\${RUN}\\`, `HKEY_LOCAL_MACHINE\\Software\\${RUN}`]) {
    const [key] = await commandLines(['hive', source, typed, '--json']);
    assert.deepEqual([key?.path, key?.layers, valuesOf(key).map(({ name, layer }) => [name, layer])], [RUN, [1, 0], [['App', 1]]], typed);
  }
  const [below] = await commandLines(['hive', source, `SOFTWARE\\${RUN}`, '--layer', '0', '--json']);
  assert.deepEqual(
    valuesOf(below).map(({ name }) => name),
    ['Old'],
  );
  for (const typed of ['Files/Users/u/NTUSER.DAT\\Software', 'files/users/U/ntuser.dat\\software', 'C:\\Users\\u\\NTUSER.DAT\\Software']) {
    assert.deepEqual(
      (await commandLines(['hive', source, typed, '--json'])).map((line) => line.path),
      ['Software'],
      typed,
    );
  }
  const { stdout, stderr } = await runCommand(['hive', source, 'SYSTEM\\CurrentControlSet\\Services\\Tcpip']);
  assert.match(stdout, /^ControlSet002\\Services\\Tcpip {2}layer 0\n {4}Start {2}REG_DWORD {6}layer 0 {2}0x00000001 \(1\)\n$/);
  assert.equal(stderr, 'layerscope: CurrentControlSet is ControlSet002\n');
  refused(await runCommand(['hive', source, 'SAM']), 3, /NOT_FOUND: the image has no registry hive SAM/);
  refused(await runCommand(['hive', source, 'SYSTEM\\none']), 3, /NOT_FOUND: SYSTEM\\none is not in the registry/);
});

test('a base that a higher layer contains again is compared as a whole, and deltas below it are no longer visible', async (t) => {
  const again = hive({ name: 'ROOT', keys: [{ name: 'Microsoft' }, { name: 'New' }] });
  const source = windowsImage(
    t,
    tar(file(`${CONFIG}/SOFTWARE`, SOFTWARE)),
    tar(file('Hives/Software_Delta', SOFTWARE_DELTA)),
    tar(file(`${CONFIG}/SOFTWARE`, again)),
  );
  const lines = await commandLines(['hive', source, '--layer', '2', '--json']);
  assert.deepEqual(
    lines.map(({ kind, path: at }) => [kind, at]),
    [
      ['hive', undefined],
      ['removed', 'Microsoft\\Windows'],
      ['added', 'New'],
      ['removed', 'Vendor'],
    ],
  );
  assert.deepEqual(
    (await commandLines(['hive', source, 'SOFTWARE', '--json'])).map((line) => line.path),
    ['', 'Microsoft', 'New'],
  );
});

test('hive reports a hive that can’t be read, with its name, and shows the rest', async (t) => {
  const source = windowsImage(
    t,
    tar(file(`${CONFIG}/SOFTWARE`, SOFTWARE)),
    tar(file('Hives/Software_Delta', 'regf')),
    tar(file('Hives/Software_Delta', SOFTWARE_DELTA)),
  );
  const { code, stdout, stderr } = await runCommand(['hive', source]);
  assert.equal(code, 0);
  assert.match(stdout, /layer 2 {2}SOFTWARE/);
  assert.match(
    stderr,
    /^layerscope: warning: layer 1: Hives\/Software_Delta: the registry hive is cut off after 4 bytes: the rest is shown\n$/,
  );
  const view = await runCommand(['hive', source, 'SOFTWARE']);
  assert.match(view.stderr, /warning: layer 1/);
  assert.match(view.stdout, /Vendor\\App/);
});

test('hive lists a delta without its base by the values that the delta sets', async (t) => {
  const source = windowsImage(t, tar(file('Hives/Software_Delta', SOFTWARE_DELTA)));
  assert.deepEqual(
    (await commandLines(['hive', source, '--json'])).map(({ kind }) => kind),
    ['hive'],
  );
  const lines = await text(['hive', source]);
  assert.ok(lines.includes('= Vendor\\App  (set)'), lines.join('\n'));
  assert.ok(lines.includes('    = Level      REG_DWORD      0x00000003 (3)'));
});

test('hive recovers an image’s dirty hive from the logs next to it', async (t) => {
  const before = hive({ name: 'R', values: [dword('n', 1)] }, { sequence: [5, 5] });
  const after = hive({ name: 'R', values: [dword('n', 2)] }, { sequence: [5, 5] });
  const dirty = Buffer.from(before);
  dirty.writeUInt32LE(6, 4);
  setBaseSum(dirty);
  const log = newLog(before, [{ sequence: 5, binsBytes: after.length - 4096, pages: [{ offset: 0, bytes: after.subarray(4096) }] }]);
  const source = windowsImage(t, tar(file('Files/Users/u/NTUSER.DAT', dirty), file('Files/Users/u/ntuser.dat.log1', log)));
  const [line] = await commandLines(['hive', source, '--json']);
  assert.deepEqual([line?.dirty, line?.recovered], [true, { format: 'new', sequence: 5 }]);

  const folder = testFolder(t);
  mkdirSync(folder, { recursive: true });
  const onDisk = path.join(folder, 'HIVE');
  writeFileSync(onDisk, dirty);
  writeFileSync(path.join(folder, 'hive.Log1'), log);
  const other = path.join(folder, 'elsewhere');
  writeFileSync(other, log);
  const recovered = async (...more: string[]): Promise<unknown> => (await commandLines(['hive', onDisk, '--json', ...more]))[0]?.recovered;
  assert.deepEqual(await recovered(), { format: 'new', sequence: 5 });
  assert.equal(await recovered('--no-logs'), null);
  assert.deepEqual(await recovered('--log', other, '--log', other), { format: 'new', sequence: 5 });
  assert.match((await text(['hive', onDisk]))[0] ?? '', /recovered from its logs \(sequence 5\)$/);
  refused(await runCommand(['hive', onDisk, '--log', path.join(folder, 'none')]), 3, /NOT_FOUND/);
});

test('hive searches names and text, ignoring case', async (t) => {
  const source = image(t);
  assert.deepEqual(
    (await commandLines(['hive', source, 'SOFTWARE', '--search', 'RUN.EXE', '--json'])).map((line) => line.path),
    [RUN],
  );
  assert.deepEqual(
    (await commandLines(['hive', source, 'SOFTWARE', '--search', 'vendor', '--json'])).map((line) => line.path),
    ['Vendor'],
  );
  const changes = await commandLines(['hive', source, '--search', 'old', '--layer', '1', '--json']);
  assert.deepEqual(
    changes.map(({ kind, path: at }) => [kind, at]),
    [
      ['hive', undefined],
      ['modified', RUN],
    ],
  );
  assert.equal(valuesOf(changes[1]).length, 1);
  const onDisk = testFile(t, SYSTEM, 'SYSTEM');
  assert.deepEqual((await text(['hive', onDisk, '--search', 'start'])).length, 3);
});

test('hive prints .reg files', async (t) => {
  const source = image(t);
  const reg = async (...argv: string[]): Promise<string> => {
    const { code, bytes, stderr } = await runCommand(['hive', ...argv, '--reg']);
    assert.equal(code, 0, stderr);
    assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xfe]);
    return bytes.toString('utf16le').slice(1).replaceAll('\r\n', '\n');
  };
  const run = `HKEY_LOCAL_MACHINE\\SOFTWARE\\${RUN}`;
  assert.equal(await reg(source, `SOFTWARE\\${RUN}`), `Windows Registry Editor Version 5.00\n\n[${run}]\n"App"="C:\\\\app\\\\run.exe"\n`);
  assert.match(await reg(source, 'Files/Users/u/NTUSER.DAT'), /\n\n\[HKEY_CURRENT_USER\\Software\]\n$/);
  const delta = testFile(t, SOFTWARE_DELTA, 'Software_Delta');
  assert.match(await reg(delta, RUN), /"App"="C:\\\\app\\\\run\.exe"\n"Old"=-\n$/);
});

test('key names can’t control a terminal', async (t) => {
  const onDisk = testFile(t, hive({ name: 'R', keys: [{ name: '\u001b[31mred', values: [sz('a\nb', '\u202etext')] }] }), 'HIVE');
  const lines = await text(['hive', onDisk]);
  assert.equal(lines.length, 4);
  assert.match(lines[2] ?? '', /^\\x1B\[31mred/);
  assert.match(lines[3] ?? '', /a\\x0Ab {2}REG_SZ +\\u202Etext$/);
});

test('a view shows which layer each value comes from, and the size of long data', async (t) => {
  const below = hive({
    name: 'R',
    keys: [{ name: 'a', values: [sz('old', 'x'), { name: 'long', type: 3, data: new Uint8Array(16_300) }] }],
  });
  const above = deltaHive({ name: 'R', keys: [{ name: 'a', layer: 0x80, values: [sz('new', 'y')] }] });
  const source = windowsImage(t, tar(file(`${CONFIG}/SOFTWARE`, below)), tar(file('Hives/Software_Delta', above)));
  assert.deepEqual((await text(['hive', source, 'SOFTWARE\\a'])).slice(1), [
    `    long  REG_BINARY     layer 0  ${'00 '.repeat(32)}… (16.3 kB)`,
    '    new   REG_SZ         layer 1  y',
    '    old   REG_SZ         layer 0  x',
  ]);
});

test('a search of the registry without results says so, and prints no heading', async (t) => {
  const source = image(t);
  const onDisk = testFile(t, SYSTEM, 'SYSTEM');
  for (const [argv, where] of [
    [[source], 'what the layers changed'],
    [[source, 'SOFTWARE'], 'SOFTWARE'],
    [[onDisk, '--remnants'], 'the remnants'],
  ] as const) {
    const { code, stdout, stderr } = await runCommand(['hive', ...argv, '--search', 'nowhere']);
    assert.deepEqual([code, stdout, stderr], [0, '', `layerscope: no key, name or text in ${where} contains nowhere\n`]);
    assert.equal((await runCommand(['hive', ...argv, '--search', 'nowhere', '--json'])).stderr, '');
  }
  const { stderr } = await runCommand(['hive', onDisk, '--search', 'nowhere']);
  assert.match(stderr, /^layerscope: no key, name or text in .*SYSTEM contains nowhere\n$/);
  const found = await text(['hive', source, '--search', 'old.exe']);
  assert.deepEqual(found, [
    'layer 1  SOFTWARE  Hives/Software_Delta  delta, 7 keys, 4 values',
    `~ ${RUN}`,
    '    − Old  REG_SZ         C:\\old.exe',
  ]);
});

test('hive reports a truncated hive, with its name', async (t) => {
  const onDisk = testFile(t, SYSTEM.subarray(0, 3000), 'SYSTEM');
  refused(await runCommand(['hive', onDisk]), 3, /^layerscope: DAMAGED: .*SYSTEM: the registry hive is cut off after 3,000 bytes\n$/);
});

/** Returns a hive that had a key `gone` with a value. */
function withRemnant(): Buffer {
  const { bytes, keyAt } = buildHive({ name: 'R', keys: [{ name: 'kept' }, { name: 'gone', values: [sz('text', 'was here')] }] });
  const root = BINS + (keyAt.get('') ?? 0) + 4;
  const list = BINS + bytes.readUInt32LE(root + 28);
  for (let at = BINS + (keyAt.get('gone') ?? 0); at < list; at += Math.abs(bytes.readInt32LE(at)))
    bytes.writeInt32LE(Math.abs(bytes.readInt32LE(at)), at);
  bytes.writeUInt16LE(1, list + 6);
  bytes.writeUInt32LE(1, root + 20);
  setBaseSum(bytes);
  return bytes;
}

test('hive lists and marks remnants of deleted keys only on request', async (t) => {
  const onDisk = testFile(t, withRemnant(), 'HIVE');
  assert.deepEqual(await text(['hive', onDisk, '--remnants']), ['gone  remnant', '    text  REG_SZ         was here']);
  assert.deepEqual(await text(['hive', onDisk, 'GONE', '--remnants']), ['gone  remnant', '    text  REG_SZ         was here']);
  assert.deepEqual(await text(['hive', onDisk, '--remnants', '--search', 'here']), ['gone  remnant', '    text  REG_SZ         was here']);
  const lines = await commandLines(['hive', onDisk, '--remnants', '--json']);
  assert.deepEqual(
    lines.map(({ offset, ...line }) => [typeof offset, line]),
    [
      [
        'number',
        {
          kind: 'remnant',
          remnant: 'key',
          path: 'gone',
          name: 'gone',
          written: '0',
          flags: 0x20,
          values: [{ name: 'text', type: 'REG_SZ', size: 18, hex: Buffer.from('was here\0', 'utf16le').toString('hex') }],
        },
      ],
    ],
  );
  assert.ok(!(await text(['hive', onDisk])).join('\n').includes('gone'));
  const orphans = withRemnant();
  orphans.fill(0, orphans.indexOf('gone') - 76, orphans.indexOf('gone') + 4);
  setBaseSum(orphans);
  assert.deepEqual(await text(['hive', testFile(t, orphans, 'HIVE'), '--remnants']), [
    '(key unknown)  remnant',
    '    text  REG_SZ         was here',
  ]);
  const none = await runCommand(['hive', onDisk, 'kept', '--remnants']);
  assert.match(none.stderr, /HIVE has no remnants of deleted keys or values here\n$/);
  for (const argv of [
    [onDisk, '--remnants', '--reg'],
    [image(t), '--remnants'],
  ])
    refused(await runCommand(['hive', ...argv]), 2, /USAGE: /);
});

test('hive refuses options that don’t go together', async (t) => {
  const source = image(t);
  const onDisk = testFile(t, SYSTEM, 'SYSTEM');
  for (const argv of [
    [source, '--log', 'x'],
    [source, '--reg'],
    [source, 'SYSTEM', '--reg', '--json'],
    [source, 'SYSTEM', '--reg', '--search', 'x'],
    [onDisk, '--layer', '0'],
    [onDisk, '--log', 'x', '--no-logs'],
    [],
  ])
    refused(
      await runCommand(['hive', ...argv]).catch((error: Error) => ({ code: 2, stderr: `USAGE ${error.message}` }) as CommandResult),
      2,
      /USAGE/,
    );
  refused(await runCommand(['hive', onDisk, 'none']), 3, /NOT_FOUND/);
});
