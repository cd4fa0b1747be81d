import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matcherOf, parseSearch } from '../../../src/catalog/browse/search-query.ts';
import { hasCode } from '../../support/asserts.ts';

function finds(text: string, path: string, most?: number): boolean {
  const query = parseSearch('path', text);
  assert.ok(query.what === 'path' || query.what === 'glob');
  return matcherOf(query, most)(path);
}

test('a path is found by a part of it, by its beginning after a slash, and by wildcards', () => {
  assert.ok(finds('libssl', 'usr/lib/libssl.so.3'));
  assert.ok(finds('LIBSSL', 'usr/lib/libssl.so.3'));
  assert.ok(finds('/usr/lib', 'usr/lib/libssl.so.3'));
  assert.ok(!finds('/lib', 'usr/lib/libssl.so.3'));
  assert.ok(finds('*.so.?', 'usr/lib/libssl.so.3'));
  assert.ok(!finds('*.so', 'usr/lib/libssl.so.3'));
  assert.ok(!finds('/usr/*.3', 'usr/lib/libssl.so.3'), 'a star stays in its folder');
  assert.ok(finds('a+b(c)', 'x/a+b(c)'), 'characters with a meaning in regular expressions are literal');
  assert.ok(finds('a\\b', 'x/a\\\\b'), 'a backslash, as the catalog writes it');
  assert.ok(finds('a\\b*', 'x/a\\\\bc'), 'a backslash next to a star');
  assert.ok(finds('lib?[1]*', 'x/LIBä[1].so'), 'brackets are ordinary characters, and a character may be several bytes');
  assert.ok(!finds('lib[s]*', 'x/libs'));
  assert.ok(finds('lib/**.so', 'usr/lib/a.so'), 'consecutive stars count as one');
  assert.ok(!finds('lib/**.so', 'usr/lib/b/a.so'));
  assert.ok(finds('/usr/*/a?so', 'usr/lib/a.so'));
  assert.ok(!finds('/lib/*.so', 'usr/lib/a.so'));
  assert.ok(!finds('/usr/*', 'USR/lib'), 'a path from its beginning is case-sensitive');
  assert.ok(!finds('usr/*', 'usr/lib/a.so'), 'paths below a match are not found');
  assert.ok(!finds('a/b/*', 'b/c'));
  assert.throws(() => parseSearch('path', `${'a/'.repeat(200)}*`), hasCode('USAGE'));
});

test('matching many stars against a long name takes at most as many steps as the pattern’s length times the name’s', () => {
  const name = 'lib-ssl.so'.repeat(6_000);
  const bound = 12 * name.length;
  assert.ok(!finds('*lib*ssl*lib*ssl*lib*.py', name, bound));
  assert.ok(finds('*lib*ssl*lib*ssl*lib*.so', name, bound));
  assert.ok(!finds(`${'*'.repeat(1_000)}x`, name, bound));
});

test('a search that covers more text than its limit ends with TOO_LARGE', () => {
  const almost = `${'a'.repeat(1_000)}b`;
  assert.throws(() => finds(`*${'a'.repeat(500)}c`, almost, 100_000), hasCode('TOO_LARGE'));
  for (const text of ['aaab', '/aaab', '*b']) {
    const query = parseSearch('path', text);
    assert.ok(query.what === 'path' || query.what === 'glob');
    const isMatch = matcherOf(query, 10_000);
    assert.throws(() => Array.from({ length: 20 }, () => isMatch(almost)), hasCode('TOO_LARGE'));
  }
});

test('a package is found by part of its name and the beginning of its version', () => {
  assert.deepEqual(parseSearch('package', 'OpenSSL'), { what: 'package', name: 'openssl', version: '' });
  assert.deepEqual(parseSearch('package', ' log4j-core 2.14'), { what: 'package', name: 'log4j-core', version: '2.14' });
  assert.deepEqual(parseSearch('package', '@types/node@24'), { what: 'package', name: '@types/node', version: '24' });
  assert.deepEqual(parseSearch('package', '@types/node'), { what: 'package', name: '@types/node', version: '' });
});

test('content is found by its checksum or the beginning of its digest', () => {
  assert.deepEqual(parseSearch('content', '0123456789ABCDEF'), { what: 'content', content: '0123456789abcdef' });
  assert.deepEqual(parseSearch('content', 'sha256:abcdef0'), { what: 'digest', start: 'abcdef0' });
  assert.throws(() => parseSearch('content', 'libssl'), hasCode('USAGE'));
  assert.throws(() => parseSearch('path', '  '), hasCode('USAGE'));
});
