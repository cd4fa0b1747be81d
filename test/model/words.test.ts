import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asLayerscopeError,
  ERROR_CODES,
  ERROR_HINTS,
  FINDING_HINTS,
  FINDING_SEVERITY,
  fileError,
  finding,
  formatMode,
  formatSize,
  formatTimestamp,
  isDigest,
  LayerscopeError,
  parseDigest,
  shortDigest,
} from '#model';

test('sizes are decimal and never show 1000 of a unit', () => {
  assert.equal(formatSize(0), '0 B');
  assert.equal(formatSize(999), '999 B');
  assert.equal(formatSize(1000), '1.0 kB');
  assert.equal(formatSize(999_949), '999.9 kB');
  assert.equal(formatSize(999_951), '1.0 MB');
  assert.equal(formatSize(-41_000_000), '−41.0 MB');
  assert.equal(formatSize(999_949_999), '999.9 MB');
  assert.equal(formatSize(999_950_001), '1.00 GB');
  assert.equal(formatSize(1_168_900_000), '1.17 GB');
  assert.equal(formatSize(-1_234_800_000), '−1.23 GB');
  assert.equal(formatSize(99_994_000_000), '99.99 GB');
  assert.equal(formatSize(99_995_000_001), '100.0 GB');
  assert.equal(formatSize(999_950_000_001), '1.00 TB');
});

test('a mode is four octal digits without the file type', () => {
  assert.equal(formatMode(0o100644), '0644');
  assert.equal(formatMode(0o4755), '4755');
});

test('a time before 1970 with a fraction is one negative number', () => {
  assert.equal(formatTimestamp(1764036549, 123456789), '1764036549.123456789');
  assert.equal(formatTimestamp(-1, 500_000_000), '-0.500000000');
  assert.equal(formatTimestamp(-2, 250_000_000), '-1.750000000');
  assert.equal(formatTimestamp(-3, 0), '-3.000000000');
});

test('only complete lower-case digests are recognized', () => {
  const hex = '0123456789abcdef'.repeat(4);
  assert.equal(parseDigest(`sha256:${hex}`), `sha256:${hex}`);
  assert.equal(shortDigest(`sha256:${hex}`), '0123456789ab');
  for (const bad of ['', hex, `sha256:${hex.toUpperCase()}`, `sha256:${hex}0`, `md5:${hex}`, `sha256:../${hex}`]) {
    assert.equal(isDigest(bad), false);
    assert.throws(() => parseDigest(bad), { code: 'BAD_MANIFEST' });
  }
});

test('every error and every finding has a hint', () => {
  assert.deepEqual(Object.keys(ERROR_HINTS).sort(), [...ERROR_CODES].sort());
  assert.deepEqual(Object.keys(FINDING_HINTS).sort(), Object.keys(FINDING_SEVERITY).sort());
  assert.equal(finding('missing-blob', 'x').severity, 'error');
});

test('a system error keeps its meaning, and an internal error is INTERNAL', () => {
  assert.equal(asLayerscopeError(Object.assign(new Error('x'), { code: 'ENOENT' })).code, 'NOT_FOUND');
  assert.equal(asLayerscopeError(Object.assign(new Error('x'), { code: 'EACCES' })).code, 'PERMISSION');
  assert.equal(asLayerscopeError(Object.assign(new Error('x'), { code: 'ENOSPC' })).code, 'IO');
  assert.equal(asLayerscopeError(Object.assign(new Error('x'), { name: 'AbortError' })).code, 'CANCELLED');
  assert.equal(asLayerscopeError(new TypeError('x')).code, 'INTERNAL');
  const own = new LayerscopeError('BAD_TAR', 'x', { offset: 512 });
  assert.equal(asLayerscopeError(own), own);
});

test('a system error is described in words with its path, not by the call that failed', () => {
  const system = (code: string, more: object = {}): Error =>
    Object.assign(new Error(`${code}: what the system calls it, open '/x'`), { code, syscall: 'open', ...more });
  assert.equal(asLayerscopeError(system('EACCES', { path: '/x/y' })).message, '/x/y: permission denied');
  assert.equal(asLayerscopeError(system('EXDEV', { path: '/a', dest: '/b' })).message, '/b: it is on another file system');
  assert.equal(asLayerscopeError(system('EISDIR')).message, 'it is a folder, not a file');
  assert.equal(asLayerscopeError(system('ENOENT', { path: '/a\nb' })).message, '/a\\x0Ab: no such file or folder');
  assert.equal(asLayerscopeError(system('ECONNREFUSED')).message, "ECONNREFUSED: what the system calls it, open '/x'");
  assert.equal(fileError(system('EMFILE', { path: '/x' }), 'a name').message, 'a name: this process has too many files open');
  assert.equal(fileError(system('EODD'), 'a name').message, 'a name: cannot be read (EODD)');
  const own = new LayerscopeError('BAD_TAR', 'x');
  assert.equal(fileError(own, 'a name'), own);
});
