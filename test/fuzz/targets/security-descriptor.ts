// Security descriptors: a binary descriptor that is parsed and encoded parses to the same value; SDDL text that we write parses to the same
// descriptor. An input that begins with `"` is text, any other is binary.
import assert from 'node:assert/strict';
import {
  descriptorFromSddl,
  descriptorInWords,
  descriptorToSddl,
  encodeSecurityDescriptor,
  parseSecurityDescriptor,
  type SecurityDescriptor,
  sddlToSecurityDescriptor,
} from '#format/security-descriptor';
import { expectRefusal } from '../engine/finding.ts';
import { joined, textTokens } from '../engine/mutate.ts';
import { expectSame } from '../engine/same.ts';
import { session, type Target } from '../engine/target.ts';

const CODES = ['DAMAGED', 'UNSUPPORTED', 'TOO_LARGE', 'BAD_REQUEST', 'BAD_MANIFEST'];
const QUOTE = 0x22;

function tolerate<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    expectRefusal(error, CODES);
    return null;
  }
}

function checkText(descriptor: SecurityDescriptor): void {
  const text = tolerate(() => descriptorToSddl(descriptor));
  if (text === null) return;
  const again = descriptorToSddl(descriptorFromSddl(text));
  assert.equal(again, text, 'other text');
}

function run(input: Uint8Array): void {
  if (input[0] === QUOTE) {
    const text = Buffer.from(input.subarray(1)).toString('utf8');
    const descriptor = tolerate(() => descriptorFromSddl(text));
    if (descriptor === null) return;
    tolerate(() => sddlToSecurityDescriptor(text));
    checkText(descriptor);
    return;
  }
  const descriptor = tolerate(() => parseSecurityDescriptor(input));
  if (descriptor === null) return;
  descriptorInWords(descriptor);
  checkText(descriptor);
  const { layout: _, ...parts } = descriptor;
  const written = tolerate(() => encodeSecurityDescriptor(parts));
  if (written === null) return;
  const { layout: _layout, ...again } = parseSecurityDescriptor(written);
  expectSame(again, parts);
}

const TEXTS = [
  'O:BAG:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICIIO;GXGR;;;AC)(A;;0x1301bf;;;SY)',
  'O:SYG:SYD:ARAI(A;ID;FR;;;WD)S:AI(AU;OICISAFA;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)',
  'D:PNO_ACCESS_CONTROL',
  'S:(ML;OICI;NWNRNX;;;HI)',
  'O:BAD:(OA;CI;RPWP;bf967a86-0de6-11d0-a285-00aa003049e2;ab721a53-1e2f-11d0-9819-00aa0040529b;PS)',
  'O:S-1-0x800000000001-7',
  'D:(XA;;FX;;;S-1-1-0;(@User.Title=="PM" && (@User.Division=="Finance" || @User.Division =="Sales")))',
  'D:(XA;;FR;;;WD;(Member_of {SID(BA), SID(SY)} && !(@Resource.x Any_of {1, -2, 0x3})))',
];

export const target: Target = {
  name: 'security-descriptor',
  seeds: () => [
    ...TEXTS.map((text) => joined(Uint8Array.of(QUOTE), Buffer.from(text))),
    ...TEXTS.map((text) => sddlToSecurityDescriptor(text)),
  ],
  tokens: textTokens(
    'D:',
    'S:',
    '(A;;FA;;;SY)',
    '(XA;;FX;;;WD;(a==1))',
    ';',
    '(',
    ')',
    '&&',
    '||',
    '!',
    '{',
    '}',
    'SID(BA)',
    '"x"',
    '#00ff',
    '@User.',
    'Exists ',
    'Contains',
    'artx',
    '\x10\x04\0\0\0a\0b\0',
    '\x50\0\0\0\0',
    '\x51',
    '\x04',
    '\xa0',
    '\xa1',
    '\xa2',
    'S-1-5-21-1-2-3',
    '%0041',
  ),
  maxBytes: 4096,
  batch: 128,
  open: () => session(run),
};
