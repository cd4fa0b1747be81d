import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Ace,
  CONTROL,
  descriptorFromSddl,
  descriptorToSddl,
  encodeSecurityDescriptor,
  encodeSid,
  parseSecurityDescriptor,
  readSid,
  type SecurityDescriptor,
  sddlToSecurityDescriptor,
  securityDescriptorToSddl,
  sidDisplayName,
} from '#format/security-descriptor';
import { LayerscopeError } from '#model';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// Owner and group Administrators, full access for SYSTEM.
const PLAIN = bytesOf(`01000480 14000000 24000000 00000000 34000000
  01020000000000052000000020020000 01020000000000052000000020020000
  02001c0001000000 00001400ff011f00 010100000000000512000000`);

test("a file's descriptor is parsed into its parts", () => {
  const descriptor = parseSecurityDescriptor(PLAIN);
  assert.equal(descriptor.control, CONTROL.selfRelative | CONTROL.daclPresent);
  assert.equal(descriptor.owner, 'S-1-5-32-544');
  assert.equal(descriptor.sacl, null);
  assert.deepEqual(descriptor.dacl?.aces, [{ type: 0, flags: 0, mask: 0x1f01ff, sid: 'S-1-5-18', data: new Uint8Array(0) }]);
  assert.deepEqual(descriptor.layout, { owner: 20, group: 36, sacl: 0, dacl: 52, totalBytes: 80 });
  assert.equal(hexOf(encodeSecurityDescriptor(descriptor)), hexOf(PLAIN));
});

test('the offset of a list that the descriptor doesn’t have is ignored', () => {
  const bytes = PLAIN.slice();
  new DataView(bytes.buffer).setUint16(2, CONTROL.selfRelative, true);
  for (const offset of [52, 5000]) {
    new DataView(bytes.buffer).setUint32(12, offset, true);
    new DataView(bytes.buffer).setUint32(16, offset, true);
    const { sacl, dacl } = parseSecurityDescriptor(bytes);
    assert.deepEqual([sacl, dacl], [null, null]);
  }
});

// SDDL as Windows prints it, for the descriptors of Windows' own files and of other objects.
const SDDL = [
  'O:BAG:BAD:(A;;FA;;;SY)',
  'O:BAG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
  'O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICIIO;GXGR;;;AC)(A;;0x1301bf;;;SY)',
  'O:BAG:BAD:AI(A;OICIID;FA;;;SY)(A;CIID;LCRPWP;;;BU)(D;ID;SDGXGWGR;;;AN)',
  'O:SYG:SYD:ARAI(A;ID;FR;;;WD)S:AI(AU;OICISAFA;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)',
  'D:NO_ACCESS_CONTROL',
  'D:P',
  'D:PNO_ACCESS_CONTROL',
  'S:(ML;OICI;NWNRNX;;;HI)',
  'S:(ML;;NW;;;LW)',
  'O:BAD:(OA;CI;RPWP;bf967a86-0de6-11d0-a285-00aa003049e2;;PS)(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;bf967aba-0de6-11d0-a285-00aa003049e2;AU)',
  'G:S-1-5-21-1-2-3-513',
  'O:S-1-0x800000000001-7',
  '',
];

test('SDDL as Windows prints it survives parsing and formatting', () => {
  for (const text of SDDL) assert.equal(securityDescriptorToSddl(sddlToSecurityDescriptor(text)), text);
  assert.equal(hexOf(sddlToSecurityDescriptor('O:BAG:BAD:(A;;FA;;;SY)')), hexOf(PLAIN));
});

test('SDDL may be in any order and case, with spaces, numbers and complete masks', () => {
  const same = (text: string, expected: string) => assert.equal(securityDescriptorToSddl(sddlToSecurityDescriptor(text)), expected, text);
  same('D:(A;;FA;;;SY)G:BAO:BA', 'O:BAG:BAD:(A;;FA;;;SY)');
  same('o:ba g:s-1-5-32-544 d:pai( A ; oici ; 0x1f01ff ; ; ; s-1-5-18 ) (a;;2032127;;;sy)', 'O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;;FA;;;SY)');
  same('D:(A;;FRFWFX;;;S-1-5-83-0)', 'D:(A;;0x1201bf;;;S-1-5-83-0)');
  same('D:(A;;017;;;WD)', 'D:(A;;CCDCLCSW;;;WD)');
});

test('malformed SDDL is refused', () => {
  const cases: readonly [string, string][] = [
    ['x', 'DAMAGED'],
    ['X:BA', 'DAMAGED'],
    ['O:BAO:BA', 'DAMAGED'],
    ['O:ZZ', 'DAMAGED'],
    ['O:S-1-5-4294967296', 'DAMAGED'],
    [`O:S-1-5${'-1'.repeat(16)}`, 'DAMAGED'],
    ['O:S-1-0xFFFFFFFFFFFFF-1', 'DAMAGED'],
    ['O:DA', 'UNSUPPORTED'],
    ['D:(A;;FA;;;SY', 'DAMAGED'],
    ['D:(Q;;FA;;;SY)', 'DAMAGED'],
    ['D:(A;;FA;;SY)', 'DAMAGED'],
    ['D:(A;;FAQ;;;SY)', 'DAMAGED'],
    ['D:(A;XX;FA;;;SY)', 'DAMAGED'],
    ['D:(A;;0x1ffffffff;;;SY)', 'DAMAGED'],
    ['D:(A;;FA;x;;SY)', 'DAMAGED'],
    ['D:(OA;;FA;x;;SY)', 'DAMAGED'],
    ['D:NO_ACCESS_CONTROL(A;;FA;;;SY)', 'DAMAGED'],
    ['D:(A;;FA;;;SY)junk', 'DAMAGED'],
    ['D:(A;;FX;;;WD;(@User.a == 1))', 'UNSUPPORTED'],
    ['S:(RA;;;;;WD;("Project",TS,0,"Windows"))', 'UNSUPPORTED'],
    ['D:(XA;;FX;;;WD;(@User.a == ))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(a && ))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(a b))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(a == {1, {2}}))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(a == 9223372036854775808))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(a == #abc))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(a == "x)))', 'DAMAGED'],
    ['D:(XA;;FX;;;WD;(Member_of {SID(DA)}))', 'UNSUPPORTED'],
    [`D:(XA;;FX;;;WD;${'('.repeat(5000)}a${')'.repeat(5000)})`, 'DAMAGED'],
    [`D:(XA;;FX;;;WD;(${'!'.repeat(5000)}a))`, 'DAMAGED'],
    [`D:${'(A;;FA;;;SY)'.repeat(4000)}`, 'TOO_LARGE'],
    [' '.repeat((1 << 20) + 1), 'TOO_LARGE'],
  ];
  for (const [text, code] of cases) assert.throws(() => sddlToSecurityDescriptor(text), { code }, text.slice(0, 60));
});

function withAce(ace: Ace): Uint8Array {
  return encodeSecurityDescriptor({ ...descriptorFromSddl('D:'), dacl: { revision: 2, aces: [ace], slackBytes: 0 } });
}

test('entries of unknown types and data other than conditions are kept, but have no SDDL', () => {
  const attribute: Ace = { type: 0x12, flags: 0, mask: 0, sid: 'S-1-1-0', data: Uint8Array.of(1, 2, 3, 4) };
  const unknown: Ace = { type: 0x77, flags: 0, mask: 0, sid: null, data: Uint8Array.of(1, 2, 3, 4) };
  for (const ace of [attribute, unknown]) {
    const bytes = withAce(ace);
    assert.equal(hexOf(encodeSecurityDescriptor(parseSecurityDescriptor(bytes))), hexOf(bytes));
    assert.throws(() => securityDescriptorToSddl(bytes), { code: 'UNSUPPORTED' });
  }
});

const CONDITIONS = [
  '(Exists WIN://SYSAPPID)',
  '(@User.Title == "PM" && (@User.Division == "Finance" || @User.Division == "Sales"))',
  '(a == 1 && b != -2 || c < +0x1f || d >= 017)',
  '(!(a))',
  '(!(Member_of {SID(BA), SID(S-1-5-21-1-2-3-4)}) && Not_Exists @Device.x)',
  '(@User.Project Any_of @Resource.Project)',
  '(a Contains {"x", "y;z)"} && b Not_Any_of {1, #0aff})',
  '(a%0020b == {})',
];

test('conditions convert between SDDL and bytes', () => {
  for (const condition of CONDITIONS) {
    const text = `D:(XA;OICI;FX;;;WD;${condition})(A;;FA;;;SY)`;
    assert.equal(securityDescriptorToSddl(sddlToSecurityDescriptor(text)), text);
  }
  const same = (text: string, expected: string) =>
    assert.equal(securityDescriptorToSddl(sddlToSecurityDescriptor(`D:(XD;;FX;;;WD;${text})`)), `D:(XD;;FX;;;WD;${expected})`);
  same('(((@USER.a==1)&&((b||c))))', '(@User.a == 1 && (b || c))');
  same('(a && (b && c))', '(a && (b && c))');
  same('((a && b) && c)', '(a && b && c)');
  same('(member_of{SID(SY)})', '(Member_of {SID(SY)})');
  same('(Existsx)', '(Existsx)');
});

test("a condition's bytes are those in [MS-DTYP] 2.4.4.17.9", () => {
  const text = (code: string, value: string) => {
    const units = Buffer.from(value, 'utf16le');
    return `${code}${units.length.toString(16).padStart(2, '0')}000000${units.toString('hex')}`;
  };
  const division = (value: string) => `${text('f9', 'Division')}${text('10', value)}80`;
  const expected = `61727478${text('f9', 'Title')}${text('10', 'PM')}80${division('Finance')}${division('Sales')}a1a0`;
  const bytes = sddlToSecurityDescriptor(`D:(XA;;FX;;;S-1-1-0;${CONDITIONS[1]})`);
  const data = parseSecurityDescriptor(bytes).dacl?.aces[0]?.data ?? new Uint8Array(0);
  assert.equal(data.length % 4, 0);
  assert.equal(hexOf(data).replace(/(00)*$/, ''), expected);
});

test('a condition that SDDL can’t express is refused, not written as another condition', () => {
  const everyone = encodeSid('S-1-1-0');
  const ace = (type: number, data: Uint8Array): SecurityDescriptor => ({
    revision: 1,
    resourceManager: 0,
    control: CONTROL.selfRelative | CONTROL.daclPresent,
    owner: null,
    group: null,
    sacl: null,
    dacl: { revision: 2, aces: [{ type, flags: 0, mask: 1, sid: readSid(everyone, 0), data }], slackBytes: 0 },
  });
  // artx, then: an attribute's name (F8), its length, UTF-16; a number (04), its sign and base; operators: 80 ==, 87 Exists, A0 &&.
  const one = '04 0100000000000000 03 02';
  const conditions = {
    'an attribute without a name': `61727478 f8 00000000 ${one} 80`,
    'an attribute whose name is a number': `61727478 f8 02000000 3100 ${one} 80`,
    'a relation as an operand': `61727478 f8 02000000 6100 ${one} 80 ${one} 80`,
    'a list in a list': `61727478 f8 02000000 6100 50 10000000 50 0b000000 ${one} 80`,
  };
  for (const [what, hex] of Object.entries(conditions)) {
    assert.throws(() => descriptorToSddl(ace(9, bytesOf(hex))), { code: 'UNSUPPORTED' }, what);
  }
  const sayable = bytesOf(`61727478 f8 02000000 6100 ${one} 80 00`);
  assert.equal(descriptorToSddl(ace(9, sayable)), 'D:(XA;;CC;;;WD;(a == 1))');
  // An entry of an unconditional type has no condition, regardless of its data.
  assert.throws(() => descriptorToSddl(ace(0, sayable)), { code: 'UNSUPPORTED' });
});

test('malformed and deeply nested conditions are refused', () => {
  const text = (hex: string) =>
    securityDescriptorToSddl(withAce({ type: 9, flags: 0, mask: 1, sid: 'S-1-1-0', data: bytesOf(`61727478${hex}`) }));
  for (const hex of [
    '',
    '80',
    'a2',
    '0401',
    '10ffffffff',
    '1003000000410042',
    '5004000000',
    'f800000000f800000000',
    '5102000000ffff',
    '50010000005001000000',
  ]) {
    assert.throws(() => text(hex), { code: 'DAMAGED' }, hex);
  }
  assert.throws(() => text('f802000000610077'), { code: 'UNSUPPORTED' });
  const nested = Array.from({ length: 30 }, (_, depth) => `50${((29 - depth) * 5).toString(16).padStart(2, '0')}000000`).join('');
  assert.throws(() => text(nested), { code: 'DAMAGED' });
  const property = fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
    try {
      text(hexOf(noise));
    } catch (error) {
      assert.ok(error instanceof LayerscopeError);
    }
  });
  fc.assert(property, { seed: 11, numRuns: 300 });
});

test('a well-known SID has its display name', () => {
  assert.equal(sidDisplayName('S-1-5-18'), 'SYSTEM');
  assert.equal(sidDisplayName('S-1-5-93-2-1'), 'ContainerAdministrator');
  assert.equal(sidDisplayName('S-1-5-21-1-2-3-500'), null);
  assert.equal(readSid(encodeSid('s-1-5-0x20-544'), 0), 'S-1-5-32-544');
});

const sidArbitrary = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 15 }))
  .map(([authority, subs]) => {
    const text = authority < 2 ** 32 ? String(authority) : `0x${authority.toString(16).toUpperCase().padStart(12, '0')}`;
    return ['S-1', text, ...subs].join('-');
  });
const guidArbitrary = fc.option(fc.uuid());
const aceArbitrary = fc
  .record({
    type: fc.constantFrom(0, 1, 2, 5, 6, 7, 9, 0x11, 0x12),
    flags: fc.integer({ min: 0, max: 255 }),
    mask: fc.integer({ min: 0, max: 0xffffffff }),
    sid: sidArbitrary,
    objectType: guidArbitrary,
    inheritedObjectType: guidArbitrary,
    data: fc.uint8Array({ maxLength: 12 }),
  })
  .map((ace): Ace => {
    if (ace.type >= 5 && ace.type <= 8) return { ...ace, objectFlags: 0 };
    const { objectType: _, inheritedObjectType: __, ...plain } = ace;
    return plain;
  });
const aclArbitrary = fc.option(
  fc.record(
    {
      revision: fc.constantFrom(2, 4),
      aces: fc.array(aceArbitrary, { maxLength: 6 }),
      slackBytes: fc.integer({ min: 0, max: 9 }),
    },
    { noNullPrototype: true },
  ),
);
const descriptorArbitrary = fc
  .record({
    revision: fc.constant(1),
    resourceManager: fc.integer({ min: 0, max: 255 }),
    control: fc.integer({ min: 0, max: 0xffff }),
    owner: fc.option(sidArbitrary),
    group: fc.option(sidArbitrary),
    sacl: aclArbitrary,
    dacl: aclArbitrary,
  })
  .map((descriptor): SecurityDescriptor => {
    const has = (acl: unknown, bit: number) => (acl === null ? 0 : bit);
    const control =
      descriptor.control | CONTROL.selfRelative | has(descriptor.sacl, CONTROL.saclPresent) | has(descriptor.dacl, CONTROL.daclPresent);
    return { ...descriptor, control };
  });

test('any descriptor survives encoding, parsing and encoding again', () => {
  const property = fc.property(descriptorArbitrary, (descriptor) => {
    const bytes = encodeSecurityDescriptor(descriptor);
    const read = parseSecurityDescriptor(bytes);
    const { layout, ...parts } = read;
    assert.equal(layout?.totalBytes, bytes.length);
    assert.deepEqual(parts, descriptor);
    assert.equal(hexOf(encodeSecurityDescriptor(read)), hexOf(bytes));
  });
  fc.assert(property, { seed: 20161103, numRuns: 300 });
});

test('the order of a descriptor’s parts, and gaps of zeros between them, are kept', () => {
  // First the list, then a gap, the group and the owner.
  const moved = bytesOf(`01000480 44000000 34000000 00000000 14000000
    02001c0001000000 00001400ff011f00 010100000000000512000000 00000000
    01020000000000052000000020020000 01020000000000052000000021020000`);
  assert.equal(hexOf(encodeSecurityDescriptor(parseSecurityDescriptor(moved))), hexOf(moved));
  assert.equal(securityDescriptorToSddl(moved), 'O:BUG:BAD:(A;;FA;;;SY)');
});

test('a truncated descriptor is refused, and one with a changed byte is parsed or refused', () => {
  for (let length = 0; length < PLAIN.length; length++) {
    assert.throws(() => parseSecurityDescriptor(PLAIN.slice(0, length)), { code: 'DAMAGED' }, `cut at ${length}`);
  }
  for (let at = 0; at < PLAIN.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = PLAIN.slice();
      changed[at] = value;
      try {
        descriptorToSddl(parseSecurityDescriptor(changed));
      } catch (error) {
        assert.ok(error instanceof LayerscopeError, `byte ${at}`);
      }
    }
  }
});

test('noise is parsed or refused', () => {
  const property = fc.property(fc.uint8Array({ minLength: 20, maxLength: 200 }), (noise) => {
    noise.set([1, 0, 0x14, 0x80]);
    for (const at of [4, 8, 12, 16]) noise.fill(0, at + 1, at + 4);
    try {
      parseSecurityDescriptor(noise);
    } catch (error) {
      assert.ok(error instanceof LayerscopeError);
    }
  });
  fc.assert(property, { seed: 7, numRuns: 500 });
});
