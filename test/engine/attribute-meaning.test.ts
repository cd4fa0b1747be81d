import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightsInWords, sddlToSecurityDescriptor } from '#format/security-descriptor';
import { base64Bytes } from '#format/windows-tar';
import { encodeUtf8 } from '#model';
import { attributeMeaning } from '../../src/engine/read/attribute-meaning.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('a security descriptor is explained, with its SDDL last', () => {
  const sddl = 'O:BAG:SYD:P(A;OICI;FA;;;SY)(A;ID;0x1200a9;;;BU)(D;;FW;;;WD)(A;;0x3;;;S-1-5-21-1-2-3-1001)S:(AU;FA;SD;;;WD)(ML;;NW;;;HI)';
  const meaning = attributeMeaning('MSWINDOWS.rawsd', base64Bytes(sddlToSecurityDescriptor(sddl)));
  assert.deepEqual(meaning.slice(0, -1), [
    'owner Administrators',
    'group SYSTEM',
    'takes no permissions over from its folder',
    'allow SYSTEM: full control (to files, to folders)',
    'allow Users: read and execute (inherited)',
    'deny Everyone: write',
    'allow S-1-5-21-1-2-3-1001: read data, write data',
    'audit Everyone: delete (on failure)',
    'integrity label High Mandatory Level: no write from below',
  ]);
  assert.match(meaning.at(-1) ?? '', /^O:BAG:SYD:P\(A;OICI;FA;;;SY\)/);
  assert.deepEqual(attributeMeaning('MSWINDOWS.sd', encodeUtf8('O:BAD:')), ['owner Administrators', 'nobody may do anything']);
  assert.equal(rightsInWords(0x80000000), 'read');
  assert.equal(rightsInWords(0x00400001), 'read data, 0x400000');
  assert.equal(rightsInWords(0), 'nothing');
});

test('attribute bits, capabilities and access lists are explained by name', () => {
  for (const [name, bytes, lines] of [
    ['MSWINDOWS.fileattr', encodeUtf8('8230'), ['hidden, system, archive, not indexed']],
    ['MSWINDOWS.fileattr', encodeUtf8(String(0x8000_0001)), ['read-only, 0x80000000']],
    ['MSWINDOWS.fileattr', encodeUtf8('0'), ['none']],
    ['security.capability', hex('01000002 00200000 00000000 00000000 00000000'), ['permitted: cap_net_raw, effective']],
    [
      'security.capability',
      hex('00000003 00000000 01000000 00010000 00000000 e8030000'),
      ['permitted: cap_bpf'.replace('bpf', 'checkpoint_restore'), 'inheritable: cap_chown', 'in the user namespace whose root is 1000'],
    ],
    [
      'system.posix_acl_access',
      hex('02000000 01000700 ffffffff 02000500 e8030000 20000400 ffffffff'),
      ['owner: rwx', 'user 1000: r-x', 'others: r--'],
    ],
  ] as const) {
    assert.deepEqual(attributeMeaning(name, bytes), lines, name);
  }
});

test('malformed values have no explanation', () => {
  for (const name of [
    'MSWINDOWS.fileattr',
    'MSWINDOWS.rawsd',
    'MSWINDOWS.sd',
    'security.capability',
    'system.posix_acl_access',
    'user.x',
    'constructor',
  ]) {
    for (const bytes of [new Uint8Array(0), hex('ff'), hex('02000000ff'), encodeUtf8('!!!!'), encodeUtf8('AAAA')]) {
      assert.deepEqual(attributeMeaning(name, bytes), [], name);
    }
  }
});
