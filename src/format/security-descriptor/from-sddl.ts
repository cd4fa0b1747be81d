// SDDL, a descriptor as text ([MS-DTYP] 2.5.1): `O:` owner, `G:` group, `D:` DACL, `S:` SACL, in any order, each at most once.
//
//   O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;;0x1200a9;;;S-1-5-11)S:(AU;SAFA;SDDCLCRP;;;WD)
//
// A list is its flags (P protected, AR inheritance required, AI inherited, NO_ACCESS_CONTROL: no list at all) and its entries,
// (type;flags;rights;object type;inherited object type;SID), with ;(condition) in conditional ones. Rights are a string of two-letter names
// or a number.
import { displayText, LayerscopeError } from '#model';
import { encodeSecurityDescriptor } from './binary.ts';
import { conditionFromText } from './condition-text.ts';
import { type Ace, type Acl, CONTROL, isObjectAce, type SecurityDescriptor, type Sid } from './descriptor.ts';
import { encodeGuid } from './guid.ts';
import {
  ACE_FLAGS,
  ACE_TYPE_OF_NAME,
  CONDITIONAL_TYPES,
  DOMAIN_NAMES,
  LABEL_RIGHT_NAMES,
  MASK_NAMES,
  RIGHT_NAMES,
  SID_OF_NAME,
} from './sddl-names.ts';
import { encodeSid, readSid } from './sid.ts';

const ACL_REVISION = 2;
const ACL_REVISION_OBJECTS = 4;
/** Maximum length in characters. No real descriptor needs this many, because an access control list is at most 64 KiB. */
const MAX_SDDL = 1 << 20;

const RIGHTS: ReadonlyMap<string, number> = new Map([...RIGHT_NAMES, ...MASK_NAMES, ...LABEL_RIGHT_NAMES]);
const FLAGS: ReadonlyMap<string, number> = new Map(ACE_FLAGS);

function refused(what: string, at: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `SDDL: ${what}: ${displayText(at.slice(0, 60)) || 'nothing'}`);
}

/** Parses a SID: two letters or `S-1-…`. Throws DAMAGED; UNSUPPORTED for names whose SID depends on the domain. */
export function sidFromSddl(text: string): Sid {
  const name = text.toUpperCase();
  const sid = SID_OF_NAME.get(name);
  if (sid !== undefined) return sid;
  if (DOMAIN_NAMES.has(name)) throw new LayerscopeError('UNSUPPORTED', `SDDL: ${name} is a domain account, so its SID is not known here`);
  const bytes = encodeSid(name);
  return readSid(bytes, 0);
}

function bitsOf(text: string, names: ReadonlyMap<string, number>, what: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at += 2) {
    const bit = names.get(text.slice(at, at + 2).toUpperCase());
    if (bit === undefined) throw refused(what, text.slice(at));
    bits |= bit;
  }
  return bits >>> 0;
}

function maskFromSddl(text: string): number {
  if (!/^\d/.test(text)) return bitsOf(text, RIGHTS, 'not a right');
  const number = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 0xffffffff)) throw refused('not a mask', text);
  return number;
}

function guidFromSddl(text: string): string | null {
  if (text === '') return null;
  if (encodeGuid(text) === null) throw refused('not a GUID', text);
  return text.toLowerCase();
}

function aceFromSddl(text: string): Ace {
  const split = text.split(';');
  const parts = split.slice(0, 6).map((part) => part.trim());
  const type = ACE_TYPE_OF_NAME.get((parts[0] as string).toUpperCase());
  if (type === undefined) throw refused('an unknown entry type', text);
  if (parts.length < 6) throw refused('an entry without its six fields', text);
  const [, flags, rights, objectType, inheritedObjectType, sid] = parts as [string, string, string, string, string, string];
  const ace = {
    type,
    flags: bitsOf(flags, FLAGS, 'not a flag'),
    mask: maskFromSddl(rights),
    sid: sidFromSddl(sid),
    data: split.length > 6 ? conditionOf(type, split.slice(6).join(';')) : new Uint8Array(0),
  };
  if (isObjectAce(type)) return { ...ace, objectType: guidFromSddl(objectType), inheritedObjectType: guidFromSddl(inheritedObjectType) };
  if (objectType !== '' || inheritedObjectType !== '') throw refused('an object type in an entry that has none', text);
  return ace;
}

function conditionOf(type: number, text: string): Uint8Array {
  if (CONDITIONAL_TYPES.has(type)) return conditionFromText(text, sidFromSddl);
  throw new LayerscopeError('UNSUPPORTED', `SDDL: an entry with data other than a condition: ${displayText(text.slice(0, 60))}`);
}

/** Finds the parenthesis that closes the one at `start`, ignoring those in quoted strings; -1 if there is none. */
function closingOf(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const unit = text[at];
    if (unit === '"') quoted = !quoted;
    else if (!quoted && unit === '(') depth++;
    else if (!quoted && unit === ')' && --depth === 0) return at;
  }
  return -1;
}

interface ListText {
  readonly acl: Acl | null;
  readonly isProtected: boolean;
  readonly isInheritRequired: boolean;
  readonly isInherited: boolean;
}

function listFromSddl(text: string): ListText {
  let rest = text;
  const found = new Set<string>();
  for (;;) {
    const flag = /^\s*(NO_ACCESS_CONTROL|P|AR|AI)/i.exec(rest);
    if (flag === null) break;
    found.add((flag[1] as string).toUpperCase());
    rest = rest.slice(flag[0].length);
  }
  const aces: Ace[] = [];
  for (rest = rest.trim(); rest !== ''; rest = rest.trimStart()) {
    const end = rest.startsWith('(') ? closingOf(rest, 0) : -1;
    if (end < 0) throw refused('expected an entry in parentheses', rest);
    aces.push(aceFromSddl(rest.slice(1, end)));
    rest = rest.slice(end + 1);
  }
  const none = found.has('NO_ACCESS_CONTROL');
  if (none && aces.length > 0) throw refused('NO_ACCESS_CONTROL with entries', text);
  const revision = aces.some(({ type }) => isObjectAce(type)) ? ACL_REVISION_OBJECTS : ACL_REVISION;
  return {
    acl: none ? null : { revision, aces, slackBytes: 0 },
    isProtected: found.has('P'),
    isInheritRequired: found.has('AR'),
    isInherited: found.has('AI'),
  };
}

/** Splits SDDL into its parts, keyed by letter. A part begins with a letter and a colon outside parentheses. */
function partsOf(sddl: string): Map<string, string> {
  const parts = new Map<string, string>();
  let letter = '';
  let start = 0;
  const finish = (end: number) => {
    if (letter !== '') parts.set(letter, sddl.slice(start, end).trim());
    else if (sddl.slice(0, end).trim() !== '') throw refused('expected O:, G:, D: or S:', sddl);
  };
  for (let at = 0; at < sddl.length; at++) {
    const unit = sddl[at] as string;
    if (unit === '(') {
      const end = closingOf(sddl, at);
      if (end < 0) throw refused('an unclosed parenthesis', sddl.slice(at));
      at = end;
    } else if (unit === ':' && at > 0) {
      finish(at - 1);
      letter = (sddl[at - 1] as string).toUpperCase();
      if (!'OGDS'.includes(letter) || parts.has(letter)) throw refused('an unknown or repeated part', sddl.slice(at - 1));
      start = at + 1;
    }
  }
  finish(sddl.length);
  return parts;
}

/** Parses SDDL. Throws DAMAGED; UNSUPPORTED for resource attributes and domain accounts; TOO_LARGE over 2^20 characters. */
export function descriptorFromSddl(sddl: string): SecurityDescriptor {
  if (sddl.length > MAX_SDDL) throw new LayerscopeError('TOO_LARGE', `SDDL of ${sddl.length} characters`);
  const parts = partsOf(sddl);
  const owner = parts.get('O');
  const group = parts.get('G');
  const daclText = parts.get('D');
  const saclText = parts.get('S');
  const dacl = daclText === undefined ? null : listFromSddl(daclText);
  const sacl = saclText === undefined ? null : listFromSddl(saclText);
  let control: number = CONTROL.selfRelative;
  if (dacl !== null) {
    control |= CONTROL.daclPresent;
    if (dacl.isProtected) control |= CONTROL.daclProtected;
    if (dacl.isInheritRequired) control |= CONTROL.daclInheritRequired;
    if (dacl.isInherited) control |= CONTROL.daclInherited;
  }
  if (sacl !== null) {
    control |= CONTROL.saclPresent;
    if (sacl.isProtected) control |= CONTROL.saclProtected;
    if (sacl.isInheritRequired) control |= CONTROL.saclInheritRequired;
    if (sacl.isInherited) control |= CONTROL.saclInherited;
  }
  return {
    revision: 1,
    resourceManager: 0,
    control,
    owner: owner === undefined ? null : sidFromSddl(owner),
    group: group === undefined ? null : sidFromSddl(group),
    sacl: sacl?.acl ?? null,
    dacl: dacl?.acl ?? null,
  };
}

/** Parses SDDL and encodes it: owner, group, SACL and DACL without gaps. The caller owns the result. See {@link descriptorFromSddl}. */
export function sddlToSecurityDescriptor(sddl: string): Uint8Array<ArrayBuffer> {
  return encodeSecurityDescriptor(descriptorFromSddl(sddl));
}
