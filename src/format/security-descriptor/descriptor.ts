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
  /** Null: an entry of an unknown type, whose content is in `data`. */
  readonly sid: Sid | null;
  /** Object entries only: the GUID of the class or property that the entry applies to, or null. */
  readonly objectType?: string | null;
  readonly inheritedObjectType?: string | null;
  /** An object entry's other flags, without those that announce the two GUIDs. */
  readonly objectFlags?: number;
  /** Everything after the SID: a condition, an attribute, padding. In an unknown entry, everything after its header. */
  readonly data: Uint8Array;
}

export interface Acl {
  readonly revision: number;
  readonly aces: readonly Ace[];
  /** Unused bytes of the list after its last entry. */
  readonly slackBytes: number;
}

/** The parts' offsets in the parsed bytes (0: no such part), and the total length. */
interface DescriptorLayout {
  readonly owner: number;
  readonly group: number;
  readonly sacl: number;
  readonly dacl: number;
  readonly totalBytes: number;
}

export interface SecurityDescriptor {
  readonly revision: number;
  /** Byte for the resource manager, if its control bit is set. */
  readonly resourceManager: number;
  /** Bits of {@link CONTROL}. */
  readonly control: number;
  readonly owner: Sid | null;
  readonly group: Sid | null;
  /** Null means no auditing. */
  readonly sacl: Acl | null;
  /** Null with its present bit set means full access for everyone; an empty list means access for nobody. */
  readonly dacl: Acl | null;
  /** If absent: owner, group, SACL and DACL in this order, without gaps. */
  readonly layout?: DescriptorLayout;
}

const OBJECT_TYPES = new Set([0x05, 0x06, 0x07, 0x08, 0x0b, 0x0c, 0x0f, 0x10]);
/** The highest type number of an entry with a mask and a SID. Type 4 (compound) is an exception, because it has two SIDs. */
const LAST_KNOWN_TYPE = 0x15;

export function isObjectAce(type: number): boolean {
  return OBJECT_TYPES.has(type);
}

export function isKnownAce(type: number): boolean {
  return type <= LAST_KNOWN_TYPE && type !== 0x04;
}
