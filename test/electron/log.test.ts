import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog } from '../../electron/log.ts';

const POSIX = process.platform !== 'win32';

function place(t: TestContext): { folder: string; file: string } {
  const parent = mkdtempSync(path.join(tmpdir(), 'layerscope-log-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const folder = path.join(parent, 'made', 'logs');
  return { folder, file: path.join(folder, 'layerscope.log') };
}

const clock = () => new Date('2026-11-29T12:00:00Z');

test('log entries are on disk at once, readable only by their user', (t) => {
  const { folder, file } = place(t);
  const log = createLog(folder, clock);
  log.event('start');
  log.code('archive.open', 'NOT_AN_ARCHIVE');
  assert.equal(readFileSync(file, 'utf8'), '2026-11-29T12:00:00.000Z start\n2026-11-29T12:00:00.000Z archive.open: NOT_AN_ARCHIVE\n');
  if (!POSIX) return;
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  chmodSync(file, 0o644);
  log.event('again');
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a defect is logged by its location, without its message or the names of folders', (t) => {
  const { folder, file } = place(t);
  const log = createLog(folder, clock);
  const cause = new RangeError('reading /home/me/secret.tar');
  const error = new TypeError('cannot open secret.tar\n    at /home/me/secret.tar', { cause });
  log.defect(error);
  log.defect(`layerscope: INTERNAL: ${error.stack}`);
  log.defect('secret');
  const [first = '', second = '', third] = readFileSync(file, 'utf8').trim().split('\n');
  assert.match(first, /INTERNAL: TypeError < .*log\.test\.ts:\d+:\d+/);
  assert.match(second, /INTERNAL: TypeError < .*log\.test\.ts:\d+:\d+/);
  assert.equal(third, '2026-11-29T12:00:00.000Z INTERNAL: string');
  assert.doesNotMatch(readFileSync(file, 'utf8'), /secret|home|[\\/]test[\\/]/);
});

test('a large log is rotated, and two old logs are kept', (t) => {
  const { folder, file } = place(t);
  const log = createLog(folder, clock);
  const line = 'x'.repeat(8_000);
  // Five times the log's limit.
  for (let i = 0; i < 330; i++) log.event(`${i} ${line}`);
  const sizes = [file, `${file}.1`, `${file}.2`].map((each) => statSync(each).size);
  for (const size of sizes) assert.ok(size > 0 && size <= 512 * 1024, `${sizes}`);
  assert.equal(existsSync(`${file}.3`), false);
  assert.match(readFileSync(file, 'utf8'), / 329 x+\n$/);
  assert.match(readFileSync(`${file}.1`, 'utf8'), /^\S+ \d+ x/);
});

test('the log remembers only the most recent error codes', (t) => {
  const log = createLog(place(t).folder, clock);
  for (let i = 0; i < 50; i++) log.code(`job ${i}`, 'IO');
  assert.equal(log.codes().length, 20);
  assert.equal(log.codes()[0], '2026-11-29T12:00:00.000Z job 49: IO');
});

test('the program works without a log that can’t be written or is a link to another file', { skip: !POSIX }, (t) => {
  const { folder, file } = place(t);
  const parent = path.dirname(path.dirname(folder));
  const other = path.join(parent, 'other');
  writeFileSync(other, 'mine');
  const log = createLog(folder, clock);
  log.event('start');
  rmSync(file);
  symlinkSync(other, file);
  log.event('through a link');
  assert.equal(readFileSync(other, 'utf8'), 'mine');
  createLog(path.join(other, 'logs'), clock).event('below a file');
});
