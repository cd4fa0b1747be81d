/** Bits of a descriptor's control word. Source: [MS-DTYP] 2.4.6. */
export const CONTROL = {
  ownerDefaulted: 0x0001,
  groupDefaulted: 0x0002,
  daclPresent: 0x0004,
  daclDefaulted: 0x0008,
  saclPresent: 0x0010,
  saclDefaulted: 0x0020,
  daclTrusted: 0x0040,
  serverSecurity: 0x0080,
  daclInheritRequired: 0x0100,
  saclInheritRequired: 0x0200,
  daclInherited: 0x0400,
  saclInherited: 0x0800,
  daclProtected: 0x1000,
  saclProtected: 0x2000,
  resourceManagerValid: 0x4000,
  selfRelative: 0x8000,
} as const;

/** A security identifier as text: `S-1-5-32-544`. */
export type Sid = string;

/** One entry of an access control list. */
export interface Ace {
  /** 0 allow, 1 deny, 2 audit, 0x11 integrity label, …: [MS-DTYP] 2.4.4.1. */
  readonly type: number;
  /** Inheritance and audit bits. */
  readonly flags: number;
  readonly mask: number;
  /** Null: an entry of a type that isn't known here; all of it is in `data`. */
  readonly sid: Sid | null;
  /** Of object entries: what class or property it is for; text of a GUID, null: none. Absent in other entries. */
  readonly objectType?: string | null;
  readonly inheritedObjectType?: string | null;
  /** Further bits of an object entry's flags than those two GUIDs make. */
  readonly objectFlags?: number;
  /** What stands behind the SID: a condition, an attribute, padding. Of an unknown entry: all behind its head. */
  readonly data: Uint8Array;
}

export interface Acl {
  readonly revision: number;
  readonly aces: readonly Ace[];
  /** Room behind the last entry that belongs to the list. */
  readonly slackBytes: number;
}

/** Offsets that the parts stood at, and the length of all; 0: no such part. */
interface DescriptorLayout {
  readonly owner: number;
  readonly group: number;
  readonly sacl: number;
  readonly dacl: number;
  readonly totalBytes: number;
}

export interface SecurityDescriptor {
  readonly revision: number;
  /** For the resource manager, where its control bit is set. */
  readonly resourceManager: number;
  /** Bits of {@link CONTROL}. */
  readonly control: number;
  readonly owner: Sid | null;
  readonly group: Sid | null;
  /** Null with its present bit: none, which means no auditing. */
  readonly sacl: Acl | null;
  /** Null with its present bit: none, which means everybody may do everything. An empty list means nobody may. */
  readonly dacl: Acl | null;
  /** Absent: owner, group, SACL, DACL, one behind another. */
  readonly layout?: DescriptorLayout;
}

const OBJECT_TYPES = new Set([0x05, 0x06, 0x07, 0x08, 0x0b, 0x0c, 0x0f, 0x10]);
/** The last type that has a mask and a SID; 4 (compound) has two. */
const LAST_KNOWN_TYPE = 0x15;

export function isObjectAce(type: number): boolean {
  return OBJECT_TYPES.has(type);
}

export function isKnownAce(type: number): boolean {
  return type <= LAST_KNOWN_TYPE && type !== 0x04;
}
