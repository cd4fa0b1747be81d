import { LayerscopeError } from '#model';
import { parseSecurityDescriptor } from './binary.ts';
import { conditionToText } from './condition-text.ts';
import { isCondition } from './condition-tokens.ts';
import { type Ace, type Acl, CONTROL, type SecurityDescriptor, type Sid } from './descriptor.ts';
import { sidFromSddl } from './from-sddl.ts';
import {
  ACE_FLAGS,
  ACE_TYPE_NAMES,
  CONDITIONAL_TYPES,
  LABEL_RIGHT_NAMES,
  LABEL_TYPE,
  MASK_NAMES,
  NAME_OF_SID,
  RIGHT_NAMES,
} from './sddl-names.ts';

/** Returns the two-letter name of a SID, or the SID itself if it has none. */
function sidToSddl(sid: Sid): string {
  return NAME_OF_SID.get(sid) ?? sid;
}

/** Formats a mask as Windows prints it: its name, the names of its rights if all have one, or hex. */
function maskToSddl(mask: number, aceType = 0): string {
  if (mask === 0) return '';
  const whole = aceType === LABEL_TYPE ? undefined : MASK_NAMES.find(([, bits]) => bits === mask);
  if (whole !== undefined) return whole[0];
  const names = aceType === LABEL_TYPE ? LABEL_RIGHT_NAMES : RIGHT_NAMES;
  const named = names.reduce((sum, [, bits]) => sum | bits, 0);
  if ((mask & ~named) !== 0) return `0x${mask.toString(16)}`;
  return names.map(([name, bits]) => ((mask & bits) === 0 ? '' : name)).join('');
}

function aceToSddl(ace: Ace): string {
  const type = ACE_TYPE_NAMES.get(ace.type);
  if (type === undefined || ace.sid === null) {
    throw new LayerscopeError('UNSUPPORTED', `an access control entry of type 0x${ace.type.toString(16)}, which has no name in SDDL`);
  }
  let condition = '';
  if (CONDITIONAL_TYPES.has(ace.type) && isCondition(ace.data)) condition = `;${conditionToText(ace.data, sidToSddl, sidFromSddl)}`;
  else if (ace.data.some((byte) => byte !== 0)) {
    throw new LayerscopeError('UNSUPPORTED', `an access control entry of type ${type} with data other than a condition`);
  }
  const flags = ACE_FLAGS.map(([name, bit]) => ((ace.flags & bit) === 0 ? '' : name)).join('');
  const { objectType, inheritedObjectType } = ace;
  return `(${type};${flags};${maskToSddl(ace.mask, ace.type)};${objectType ?? ''};${inheritedObjectType ?? ''};${sidToSddl(ace.sid)}${condition})`;
}

function aclToSddl(acl: Acl | null, present: boolean, flags: string): string {
  if (acl === null) return present ? `${flags}NO_ACCESS_CONTROL` : flags;
  return flags + acl.aces.map(aceToSddl).join('');
}

/**
 * Formats a descriptor as Windows does: `O:BAG:SYD:PAI(A;;FA;;;SY)`. SDDL can't express defaulted bits, layout and slack, which are lost.
 * Throws UNSUPPORTED for resource attributes and for entry types that have no name. Source: [MS-DTYP] 2.5.1.
 */
export function descriptorToSddl(descriptor: SecurityDescriptor): string {
  const { control, owner, group, sacl, dacl } = descriptor;
  const flag = (bit: number, name: string) => ((control & bit) === 0 ? '' : name);
  let text = '';
  if (owner !== null) text += `O:${sidToSddl(owner)}`;
  if (group !== null) text += `G:${sidToSddl(group)}`;
  const daclFlags = flag(CONTROL.daclProtected, 'P') + flag(CONTROL.daclInheritRequired, 'AR') + flag(CONTROL.daclInherited, 'AI');
  const saclFlags = flag(CONTROL.saclProtected, 'P') + flag(CONTROL.saclInheritRequired, 'AR') + flag(CONTROL.saclInherited, 'AI');
  const hasDacl = (control & CONTROL.daclPresent) !== 0;
  const hasSacl = (control & CONTROL.saclPresent) !== 0;
  if (hasDacl) text += `D:${aclToSddl(dacl, true, daclFlags)}`;
  if (hasSacl) text += `S:${aclToSddl(sacl, true, saclFlags)}`;
  return text;
}

/** Parses a self-relative descriptor and formats it. Throws DAMAGED, and what {@link descriptorToSddl} does. */
export function securityDescriptorToSddl(bytes: Uint8Array): string {
  return descriptorToSddl(parseSecurityDescriptor(bytes));
}
