// The Windows drivers' preflight: what it checks, and how it reports what is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preflight, preflightLines } from '../../../src/driver/windows/elevated/preflight.ts';
import { PRIVILEGES } from '../../../src/driver/windows/native.ts';
import { FakeWindows, WINDOW_PID } from '../../support/fake-elevation.ts';
import { Exchange } from '../../support/remote-bench.ts';

async function withWindows(work: (windows: FakeWindows) => Promise<void>): Promise<void> {
  await using exchange = await Exchange.open();
  await work(new FakeWindows(await exchange.join()));
}

test('every check passes on a complete system', () =>
  withWindows(async (windows) => {
    Object.assign(windows, { elevated: true, vmcompute: true, privileges: PRIVILEGES, service: () => 'running' });
    const facts = await preflight(windows.seenBy(WINDOW_PID));
    assert.deepEqual(
      facts.map(({ what, held }) => [what, held]),
      [
        ["an administrator's rights", true],
        ['SeBackupPrivilege', true],
        ['SeRestorePrivilege', true],
        ['SeSecurityPrivilege', true],
        ['vmcompute.dll', true],
        ['service vmcompute (Host Compute Service)', true],
      ],
    );
  }));

test('each missing requirement is listed', () =>
  withWindows(async (windows) => {
    Object.assign(windows, { elevated: true, vmcompute: true, privileges: ['SeBackupPrivilege'], service: () => 'stopped' });
    const facts = await preflight(windows.seenBy(WINDOW_PID));
    assert.deepEqual(
      facts.filter(({ held }) => !held).map(({ what, why }) => `${what}: ${why}`),
      [
        'SeRestorePrivilege: not held: an elevated administrator holds it',
        'SeSecurityPrivilege: not held: an elevated administrator holds it',
        'service vmcompute (Host Compute Service): stopped: as an administrator, "sc start vmcompute" starts it',
      ],
    );
  }));

test('a check that throws counts as failed', () =>
  withWindows(async (windows) => {
    windows.service = () => {
      throw new Error('OpenSCManagerW of this system failed:\n  refused (0x5)');
    };
    const facts = await preflight(windows.seenBy(WINDOW_PID));
    assert.ok(facts.every(({ held }) => !held));
    assert.equal(facts.at(-1)?.why, "can't be checked: OpenSCManagerW of this system failed: refused (0x5)");
  }));

test('facts are formatted as aligned lines', () => {
  const lines = preflightLines([
    { what: 'one', held: true, why: 'there' },
    { what: 'another', held: false, why: 'missing' },
  ]);
  assert.deepEqual(lines, ['yes  one      there', 'no   another  missing']);
  assert.deepEqual(preflightLines([]), []);
});

test('on a system other than Windows, one line says that the drivers need Windows', { skip: process.platform === 'win32' }, async () => {
  assert.deepEqual(preflightLines(await preflight()), [
    `no   Windows  windowsfilter and windowsdiff need Windows: this is ${process.platform}`,
  ]);
});
