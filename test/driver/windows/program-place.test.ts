// A program may be started as administrator only from a folder that nobody but administrators can change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sddlToSecurityDescriptor } from '#format/security-descriptor';
import { openElevatedDriver } from '../../../src/driver/windows/elevated/open-elevated-driver.ts';
import { requireSafePlace, strangerWith } from '../../../src/driver/windows/elevated/program-place.ts';
import { ADMINISTRATORS_ONLY, FakeWindows, PROGRAM, WINDOW_PID } from '../../support/fake-elevation.ts';
import { Exchange } from '../../support/remote-bench.ts';

const ME = 'S-1-5-21-1-2-3-1001';
/** TrustedInstaller. */
const TI = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464';
const FOLDER = 'C:\\Program Files\\Layerscope';

/** The security descriptor of a user's own folder. */
const MINE = `O:${ME}G:${ME}D:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;${ME})`;

async function windowsOf(t: { after(work: () => Promise<void>): void }): Promise<FakeWindows> {
  const exchange = await Exchange.open();
  t.after(() => exchange[Symbol.asyncDispose]());
  const windows = new FakeWindows(await exchange.join());
  windows.folders.set('C:\\', ['Program Files', 'Users']);
  windows.folders.set('C:\\Program Files', ['Layerscope']);
  windows.folders.set(FOLDER, ['Layerscope.exe', 'ffmpeg.dll', 'resources']);
  windows.folders.set(`${FOLDER}\\resources`, ['app.asar']);
  // Windows' default: users may create folders in C:\, and own what they create there.
  windows.security.set(
    'C:\\',
    `O:${TI}G:${TI}D:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;OICIIO;0x1301bf;;;AU)(A;;0x4;;;AU)`,
  );
  windows.security.set(
    'C:\\Program Files',
    `O:${TI}G:${TI}D:PAI(A;;FA;;;${TI})(A;;0x1301bf;;;SY)(A;;0x1301bf;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;GA;;;CO)`,
  );
  return windows;
}

test('a program installed for all users may be started as administrator', async (t) => {
  const windows = await windowsOf(t);
  requireSafePlace(windows.seenBy(WINDOW_PID), [PROGRAM]);
});

for (const [what, change, words] of [
  ['the program itself is the user’s', (w) => w.security.set(PROGRAM, MINE), /Layerscope\.exe can be changed by S-1-5-21-1-2-3-1001: /],
  [
    'a library next to it can be overwritten',
    (w) => w.security.set(`${FOLDER}\\ffmpeg.dll`, `${ADMINISTRATORS_ONLY}(A;;0x2;;;BU)`),
    /ffmpeg\.dll can be changed by .*Users: /,
  ],
  ['a file can be added next to it', (w) => w.security.set(FOLDER, `${ADMINISTRATORS_ONLY}(A;;0x2;;;AU)`), /Layerscope can be changed by /],
  [
    'its code can be removed',
    (w) => w.security.set(`${FOLDER}\\resources`, `${ADMINISTRATORS_ONLY}(A;;0x40;;;WD)`),
    /resources can be changed by Everyone/,
  ],
  [
    'its code can be replaced',
    (w) => w.security.set(`${FOLDER}\\resources\\app.asar`, `${ADMINISTRATORS_ONLY}(A;;GW;;;WD)`),
    /app\.asar can be/,
  ],
  [
    'its access list can be changed',
    (w) => w.security.set(PROGRAM, `${ADMINISTRATORS_ONLY}(A;;WD;;;IU)`),
    /Layerscope\.exe can be changed/,
  ],
  ['it has no access list', (w) => w.security.set(PROGRAM, 'O:BAG:SYD:NO_ACCESS_CONTROL'), /Layerscope\.exe can be changed by Everyone/],
  [
    'a parent folder can be renamed',
    (w) => w.security.set('C:\\Program Files', `${ADMINISTRATORS_ONLY}(A;;SD;;;BU)`),
    /Program Files can be/,
  ],
  ['a parent folder belongs to the user', (w) => w.security.set('C:\\Program Files', MINE), /Program Files can be changed by S-1-5-21/],
  [
    'folders at the root of the drive can be removed',
    (w) => w.security.set('C:\\', `${ADMINISTRATORS_ONLY}(A;;0x40;;;AU)`),
    /^C:\\\S* can be changed/,
  ],
  ['one of its files is a link', (w) => w.links.add(`${FOLDER}\\resources`), /resources is a link/],
  ['its drive is removable', (w) => w.fixedDrives.clear(), /Layerscope\.exe is not on a drive of this machine/],
] as const satisfies readonly (readonly [string, (windows: FakeWindows) => unknown, RegExp])[]) {
  test(`a program is not started as administrator if ${what}, and no consent is requested`, async (t) => {
    const windows = await windowsOf(t);
    change(windows);
    const system = windows.seenBy(WINDOW_PID);
    await assert.rejects(openElevatedDriver('windowsfilter', 'C:\\store', { executable: PROGRAM, args: [], system }), (error) => {
      const { code, message } = error as { code: string; message: string };
      assert.deepEqual([code, /install it for all users, or move its folder into Program Files/.test(message)], ['PERMISSION', true]);
      assert.match(message, words);
      assert.ok(!message.includes('\n'));
      return true;
    });
    assert.deepEqual([windows.started, windows.left], [[], []]);
  });
}

test('a share, a device and a path without a drive are refused', async (t) => {
  const windows = await windowsOf(t);
  for (const file of [
    '\\\\host\\share\\Layerscope.exe',
    '\\\\?\\C:\\Layerscope.exe',
    '\\\\?\\Volume{1}\\x.exe',
    'Layerscope.exe',
    'D:\\x.exe',
  ])
    assert.throws(() => requireSafePlace(windows.seenBy(WINDOW_PID), [file]), { code: 'PERMISSION' }, file);
});

test('files that an unpacked program also runs are checked too', async (t) => {
  const windows = await windowsOf(t);
  windows.folders.set('C:\\Users\\me\\checkout', ['main.cjs']);
  windows.security.set('C:\\Users\\me\\checkout', MINE);
  const system = windows.seenBy(WINDOW_PID);
  await assert.rejects(
    openElevatedDriver('windowsfilter', 'C:\\store', { executable: PROGRAM, args: ['C:\\Users\\me\\checkout'], system }),
    { code: 'PERMISSION', message: /checkout can be changed/ },
  );
});

test('the started program is the running one, by its real path', async (t) => {
  const windows = await windowsOf(t);
  await openElevatedDriver('windowsfilter', 'C:\\store', {
    executable: 'C:\\Users\\me\\link\\Layerscope.exe',
    args: [],
    system: windows.seenBy(WINDOW_PID),
  });
  assert.deepEqual(
    windows.started.map(({ executable }) => executable),
    [PROGRAM],
  );
});

test('rights come from the entries that apply to the object itself', () => {
  const all = 0x1000_0000 | 0xd_0046;
  const who = (sddl: string): string | null => strangerWith(all, sddlToSecurityDescriptor(sddl));
  assert.equal(who('O:BAD:'), null);
  assert.equal(who('O:SYD:(A;;FA;;;BA)(A;;0x1200a9;;;WD)'), null);
  assert.equal(who('O:BAD:(D;;FA;;;WD)(A;;FR;;;WD)'), null);
  assert.equal(who('O:BAD:(A;OICIIO;FA;;;WD)'), null);
  assert.equal(who('O:BAD:(A;;FA;;;CO)(A;;FA;;;OW)'), null);
  assert.equal(who('O:BAD:(A;;FA;;;WD)'), 'S-1-1-0');
  // A condition counts as met, because it may be met.
  assert.equal(who('O:BAD:(XA;;FA;;;BU;(Member_of {SID(BU)}))'), 'S-1-5-32-545');
  assert.equal(who('D:(A;;FA;;;BA)'), 'S-1-1-0');
  assert.equal(who('O:BA'), 'S-1-1-0');
  assert.equal(who(`O:${ME}D:`), ME);
});
