import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSearch } from '../../../src/catalog/browse/search-query.ts';
import { hasCode } from '../../support/asserts.ts';

function finds(text: string, path: string): boolean {
  const query = parseSearch('path', text);
  assert.equal(query.what, 'path');
  return query.what === 'path' && new RegExp(query.pattern, query.flags).test(path);
}

test('a path is found by a part, by its beginning after a slash, and by wildcards', () => {
  assert.ok(finds('libssl', 'usr/lib/libssl.so.3'));
  assert.ok(finds('LIBSSL', 'usr/lib/libssl.so.3'));
  assert.ok(finds('/usr/lib', 'usr/lib/libssl.so.3'));
  assert.ok(!finds('/lib', 'usr/lib/libssl.so.3'));
  assert.ok(finds('*.so.?', 'usr/lib/libssl.so.3'));
  assert.ok(!finds('*.so', 'usr/lib/libssl.so.3'));
  assert.ok(!finds('/usr/*.3', 'usr/lib/libssl.so.3'), 'a star stays in its folder');
  assert.ok(finds('a+b(c)', 'x/a+b(c)'), 'letters that mean something to expressions');
  assert.ok(finds('a\\b', 'x/a\\\\b'), 'a backslash, as the catalog writes it');
});

test('a pattern of many stars takes no longer than one', () => {
  assert.ok(!finds(`${'*'.repeat(1_000)}x`, 'a'.repeat(50_000)));
});

test('a package is a part of a name, and the beginning of a version', () => {
  assert.deepEqual(parseSearch('package', 'OpenSSL'), { what: 'package', name: 'openssl', version: '' });
  assert.deepEqual(parseSearch('package', ' log4j-core 2.14'), { what: 'package', name: 'log4j-core', version: '2.14' });
  assert.deepEqual(parseSearch('package', '@types/node@24'), { what: 'package', name: '@types/node', version: '24' });
  assert.deepEqual(parseSearch('package', '@types/node'), { what: 'package', name: '@types/node', version: '' });
});

test('a content is a checksum or the beginning of a digest', () => {
  assert.deepEqual(parseSearch('content', '0123456789ABCDEF'), { what: 'content', content: '0123456789abcdef' });
  assert.deepEqual(parseSearch('content', 'sha256:abcdef0'), { what: 'digest', start: 'abcdef0' });
  assert.throws(() => parseSearch('content', 'libssl'), hasCode('USAGE'));
  assert.throws(() => parseSearch('path', '  '), hasCode('USAGE'));
});
