// SDDL's names for SIDs, entry types, flags and rights: [MS-DTYP] 2.5.1.1, sddl.h.
import type { Sid } from './descriptor.ts';

/** Well-known SIDs, which are the same on every machine, keyed by their two-letter names. */
export const SID_OF_NAME: ReadonlyMap<string, Sid> = new Map([
  ['AA', 'S-1-5-32-579'],
  ['AC', 'S-1-15-2-1'],
  ['AN', 'S-1-5-7'],
  ['AO', 'S-1-5-32-548'],
  ['AS', 'S-1-18-1'],
  ['AU', 'S-1-5-11'],
  ['BA', 'S-1-5-32-544'],
  ['BG', 'S-1-5-32-546'],
  ['BO', 'S-1-5-32-551'],
  ['BU', 'S-1-5-32-545'],
  ['CD', 'S-1-5-32-574'],
  ['CG', 'S-1-3-1'],
  ['CO', 'S-1-3-0'],
  ['CY', 'S-1-5-32-569'],
  ['ED', 'S-1-5-9'],
  ['ER', 'S-1-5-32-573'],
  ['ES', 'S-1-5-32-576'],
  ['HA', 'S-1-5-32-578'],
  ['HI', 'S-1-16-12288'],
  ['IS', 'S-1-5-32-568'],
  ['IU', 'S-1-5-4'],
  ['LS', 'S-1-5-19'],
  ['LU', 'S-1-5-32-559'],
  ['LW', 'S-1-16-4096'],
  ['ME', 'S-1-16-8192'],
  ['MP', 'S-1-16-8448'],
  ['MS', 'S-1-5-32-577'],
  ['MU', 'S-1-5-32-558'],
  ['NO', 'S-1-5-32-556'],
  ['NS', 'S-1-5-20'],
  ['NU', 'S-1-5-2'],
  ['OW', 'S-1-3-4'],
  ['PO', 'S-1-5-32-550'],
  ['PS', 'S-1-5-10'],
  ['PU', 'S-1-5-32-547'],
  ['RA', 'S-1-5-32-575'],
  ['RC', 'S-1-5-12'],
  ['RD', 'S-1-5-32-555'],
  ['RE', 'S-1-5-32-552'],
  ['RM', 'S-1-5-32-580'],
  ['RU', 'S-1-5-32-554'],
  ['SI', 'S-1-16-16384'],
  ['SO', 'S-1-5-32-549'],
  ['SS', 'S-1-18-2'],
  ['SU', 'S-1-5-6'],
  ['SY', 'S-1-5-18'],
  ['UD', 'S-1-5-84-0-0-0-0-0'],
  ['WD', 'S-1-1-0'],
  ['WR', 'S-1-5-33'],
]);

export const NAME_OF_SID: ReadonlyMap<Sid, string> = new Map([...SID_OF_NAME].map(([name, sid]) => [sid, name]));

/** Names of accounts whose SID depends on the machine or its domain. */
export const DOMAIN_NAMES: ReadonlySet<string> = new Set([
  'AP',
  'CA',
  'CN',
  'DA',
  'DC',
  'DD',
  'DG',
  'DU',
  'EA',
  'EK',
  'KA',
  'LA',
  'LG',
  'PA',
  'RO',
  'RS',
  'SA',
]);

const PLAIN_NAMES: readonly (readonly [string, string])[] = [
  ['BA', 'Administrators'],
  ['BU', 'Users'],
  ['BG', 'Guests'],
  ['PU', 'Power Users'],
  ['BO', 'Backup Operators'],
  ['SY', 'SYSTEM'],
  ['LS', 'LOCAL SERVICE'],
  ['NS', 'NETWORK SERVICE'],
  ['WD', 'Everyone'],
  ['CO', 'CREATOR OWNER'],
  ['CG', 'CREATOR GROUP'],
  ['OW', 'OWNER RIGHTS'],
  ['AU', 'Authenticated Users'],
  ['IU', 'INTERACTIVE'],
  ['NU', 'NETWORK'],
  ['SU', 'SERVICE'],
  ['AN', 'ANONYMOUS LOGON'],
  ['RC', 'RESTRICTED'],
  ['WR', 'WRITE RESTRICTED'],
  ['PS', 'SELF'],
  ['AC', 'ALL APPLICATION PACKAGES'],
  ['HA', 'Hyper-V Administrators'],
  ['LW', 'Low Mandatory Level'],
  ['ME', 'Medium Mandatory Level'],
  ['MP', 'Medium Plus Mandatory Level'],
  ['HI', 'High Mandatory Level'],
  ['SI', 'System Mandatory Level'],
];

const DISPLAY_NAMES: ReadonlyMap<Sid, string> = new Map<Sid, string>([
  ...PLAIN_NAMES.map(([name, text]) => [SID_OF_NAME.get(name) as Sid, text] as const),
  ['S-1-0-0', 'NULL SID'],
  ['S-1-2-0', 'LOCAL'],
  ['S-1-5-113', 'Local account'],
  ['S-1-5-83-0', 'Virtual Machines'],
  ['S-1-5-93-2-1', 'ContainerAdministrator'],
  ['S-1-5-93-2-2', 'ContainerUser'],
  ['S-1-15-2-2', 'ALL RESTRICTED APPLICATION PACKAGES'],
  ['S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464', 'TrustedInstaller'],
]);

/** Returns the display name of a well-known SID; null for others. */
export function sidDisplayName(sid: Sid): string | null {
  return DISPLAY_NAMES.get(sid) ?? null;
}

export const ACE_TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, 'A'],
  [0x01, 'D'],
  [0x02, 'AU'],
  [0x03, 'AL'],
  [0x05, 'OA'],
  [0x06, 'OD'],
  [0x07, 'OU'],
  [0x08, 'OL'],
  [0x09, 'XA'],
  [0x0a, 'XD'],
  [0x0b, 'ZA'],
  [0x0d, 'XU'],
  [0x11, 'ML'],
  [0x12, 'RA'],
  [0x13, 'SP'],
  [0x14, 'TL'],
  [0x15, 'FL'],
]);

/** Types of conditional entries: XA, XD, ZA, XU. */
export const CONDITIONAL_TYPES: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0b, 0x0d]);

export const ACE_TYPE_OF_NAME: ReadonlyMap<string, number> = new Map([...ACE_TYPE_NAMES].map(([type, name]) => [name, type]));

/** Flags of an entry, in the order in which Windows prints them. */
export const ACE_FLAGS: readonly (readonly [string, number])[] = [
  ['OI', 0x01],
  ['CI', 0x02],
  ['NP', 0x04],
  ['IO', 0x08],
  ['ID', 0x10],
  ['CR', 0x20],
  ['SA', 0x40],
  ['FA', 0x80],
];

/** Names of complete masks: first for files, then for registry keys. */
export const MASK_NAMES: readonly (readonly [string, number])[] = [
  ['FA', 0x1f01ff],
  ['FR', 0x120089],
  ['FW', 0x120116],
  ['FX', 0x1200a0],
  ['KA', 0xf003f],
  ['KR', 0x20019],
  ['KW', 0x20006],
  ['KX', 0x20019],
];

/** Individual rights, in the order in which Windows prints them. */
export const RIGHT_NAMES: readonly (readonly [string, number])[] = [
  ['CC', 0x1],
  ['DC', 0x2],
  ['LC', 0x4],
  ['SW', 0x8],
  ['RP', 0x10],
  ['WP', 0x20],
  ['DT', 0x40],
  ['LO', 0x80],
  ['CR', 0x100],
  ['SD', 0x10000],
  ['RC', 0x20000],
  ['WD', 0x40000],
  ['WO', 0x80000],
  ['GA', 0x10000000],
  ['GX', 0x20000000],
  ['GW', 0x40000000],
  ['GR', 0x80000000],
];

/** Rights in an integrity label, which are denied to subjects with a lower level. */
export const LABEL_RIGHT_NAMES: readonly (readonly [string, number])[] = [
  ['NW', 0x1],
  ['NR', 0x2],
  ['NX', 0x4],
];
export const LABEL_TYPE = 0x11;
