// Describes a security descriptor in words: its owner, and a line for each entry of its lists.
import { type Ace, CONTROL, type SecurityDescriptor, type Sid } from './descriptor.ts';
import { LABEL_TYPE, sidDisplayName } from './sddl-names.ts';

/** File rights by mask, named as in Windows' security dialog. Source: winnt.h, FILE_*. */
const WHOLE_RIGHTS: ReadonlyMap<number, string> = new Map([
  [0x1f01ff, 'full control'],
  [0x10000000, 'full control'],
  [0x1301bf, 'modify'],
  [0x1201bf, 'read, write and execute'],
  [0x12019f, 'read and write'],
  [0x1200a9, 'read and execute'],
  [0xa0000000 | 0, 'read and execute'],
  [0x120089, 'read'],
  [0x80000000 | 0, 'read'],
  [0x120116, 'write'],
  [0x40000000, 'write'],
  [0x100116, 'write'],
  [0x1200a0, 'execute'],
  [0x20000000, 'execute'],
]);

const RIGHTS: readonly (readonly [bit: number, word: string])[] = [
  [0x1, 'read data'],
  [0x2, 'write data'],
  [0x4, 'append data'],
  [0x8, 'read extended attributes'],
  [0x10, 'write extended attributes'],
  [0x20, 'execute'],
  [0x40, 'delete what is in it'],
  [0x80, 'read attributes'],
  [0x100, 'write attributes'],
  [0x10000, 'delete'],
  [0x20000, 'read permissions'],
  [0x40000, 'change permissions'],
  [0x80000, 'take ownership'],
  [0x100000, 'synchronize'],
  [0x1000000, 'read the audit list'],
  [0x2000000, 'all that is allowed'],
  [0x10000000, 'full control'],
  [0x20000000, 'execute'],
  [0x40000000, 'write'],
  [0x80000000 | 0, 'read'],
];

const LABEL_RIGHTS: readonly (readonly [bit: number, word: string])[] = [
  [0x1, 'no write from below'],
  [0x2, 'no read from below'],
  [0x4, 'no execute from below'],
];

const TYPES: Readonly<Record<number, string>> = {
  0: 'allow',
  1: 'deny',
  2: 'audit',
  3: 'alarm',
  5: 'allow',
  6: 'deny',
  7: 'audit',
  8: 'alarm',
  9: 'allow, on a condition,',
  10: 'deny, on a condition,',
  11: 'allow, on a condition,',
  12: 'deny, on a condition,',
  13: 'audit, on a condition,',
  17: 'integrity label',
  18: 'attribute of',
  19: 'central policy',
  20: 'trust label',
  21: 'access filter',
};

const INHERITANCE: readonly (readonly [bit: number, word: string])[] = [
  [0x01, 'to files'],
  [0x02, 'to folders'],
  [0x08, 'not to itself'],
  [0x04, 'one level'],
  [0x10, 'inherited'],
  [0x40, 'on success'],
  [0x80, 'on failure'],
];

function nameOf(sid: Sid): string {
  return sidDisplayName(sid) ?? sid;
}

function words(bits: number, of: readonly (readonly [bit: number, word: string])[]): string[] {
  return of.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word);
}

/**
 * Describes a mask in words, such as `full control`; a mask without a name is described as a list of rights, with unknown bits as a number.
 */
export function rightsInWords(mask: number, aceType = 0): string {
  const known = aceType === LABEL_TYPE ? LABEL_RIGHTS : RIGHTS;
  const whole = aceType === LABEL_TYPE ? undefined : WHOLE_RIGHTS.get(mask | 0);
  if (whole !== undefined) return whole;
  let rest = mask;
  for (const [bit] of known) rest &= ~bit;
  const found = words(mask, known);
  if (rest !== 0) found.push(`0x${(rest >>> 0).toString(16)}`);
  return found.length === 0 ? 'nothing' : found.join(', ');
}

function aceInWords(ace: Ace): string {
  const type = TYPES[ace.type] ?? `entry of type ${ace.type}`;
  const who = ace.sid === null ? '' : ` ${nameOf(ace.sid)}`;
  const inheritance = words(ace.flags, INHERITANCE);
  return `${type}${who}: ${rightsInWords(ace.mask, ace.type)}${inheritance.length === 0 ? '' : ` (${inheritance.join(', ')})`}`;
}

/** Returns the descriptor as lines: owner, group, then the entries of the DACL and of the SACL in their order. */
export function descriptorInWords({ owner, group, control, dacl, sacl }: SecurityDescriptor): readonly string[] {
  const lines: string[] = [];
  if (owner !== null) lines.push(`owner ${nameOf(owner)}`);
  if (group !== null) lines.push(`group ${nameOf(group)}`);
  if ((control & CONTROL.daclProtected) !== 0) lines.push('takes no permissions over from its folder');
  if (dacl !== null) {
    if (dacl.aces.length === 0) lines.push('nobody may do anything');
    for (const ace of dacl.aces) lines.push(aceInWords(ace));
  } else if ((control & CONTROL.daclPresent) !== 0) lines.push('everybody may do everything');
  for (const ace of sacl?.aces ?? []) lines.push(aceInWords(ace));
  return lines;
}
