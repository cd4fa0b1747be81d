// Checks that a program is in a folder that only administrators can change. Otherwise, any program that the user runs could replace the
// executable that is then started elevated.
import path from 'node:path';
import { type Ace, CONTROL, parseSecurityDescriptor, type Sid, sidDisplayName } from '#format/security-descriptor';
import { displayText, LayerscopeError } from '#model';
import type { ElevationSystem } from './system.ts';

/** SYSTEM, Administrators and TrustedInstaller (owner of Program Files): these have full rights anyway. */
const TRUSTED: ReadonlySet<Sid> = new Set(['S-1-5-18', 'S-1-5-32-544', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464']);
/**
 * SIDs whose entries don't matter. CREATOR OWNER only applies to inherited entries. OWNER RIGHTS is about the owner, who is checked
 * separately.
 */
const STAND_INS: ReadonlySet<Sid> = new Set(['S-1-3-0', 'S-1-3-4']);

/** Access rights. Source: winnt.h. */
const WRITE_DATA = 0x2;
const APPEND_DATA = 0x4;
const DELETE_CHILD = 0x40;
const DELETE = 0x1_0000;
const WRITE_DAC = 0x4_0000;
const WRITE_OWNER = 0x8_0000;
const GENERIC_ALL = 0x1000_0000;
const GENERIC_WRITE = 0x4000_0000;

/**
 * Rights that allow replacing a parent folder with everything in it. Users may create folders in C:\, but a new folder next to the
 * program's is harmless.
 */
const REPLACES = DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_ALL;
/** Rights that allow changing a file, or adding one that the program would load. */
const CHANGES = REPLACES | WRITE_DATA | APPEND_DATA | GENERIC_WRITE;

/** The flag of an entry that applies only to future children, not to this object. */
const INHERIT_ONLY = 0x8;
const DENY_TYPES: ReadonlySet<number> = new Set([0x1, 0x6, 0xa, 0xc]);

/** Maximum number of files to check; an installed program has a few hundred. */
const MOST_FILES = 20_000;

/**
 * Returns a user other than administrators and the system to whom a security descriptor grants any of these rights; null if there is none.
 * Entries of unknown kinds count as granting all rights to everyone.
 */
export function strangerWith(rights: number, security: Uint8Array): Sid | null {
  const { owner, control, dacl } = parseSecurityDescriptor(security);
  // An owner can always grant rights to themselves, so an owner who isn't trusted counts as having all of them.
  if (owner === null || !TRUSTED.has(owner)) return owner ?? 'S-1-1-0';
  if (dacl === null || (control & CONTROL.daclPresent) === 0) return 'S-1-1-0';
  return dacl.aces.find((ace) => givesAny(ace, rights))?.sid ?? (dacl.aces.some((ace) => ace.sid === null) ? 'S-1-1-0' : null);
}

function givesAny({ type, flags, mask, sid }: Ace, rights: number): boolean {
  if (sid === null || DENY_TYPES.has(type) || (flags & INHERIT_ONLY) !== 0) return false;
  return (mask & rights) !== 0 && !TRUSTED.has(sid) && !STAND_INS.has(sid);
}

/**
 * Throws PERMISSION if anyone but an administrator can change the program, the files next to it or a parent folder, or if the program is on
 * a removable drive, on a share or behind a link. `files` are absolute paths of the program and of everything else it runs; for a file, its
 * whole folder is checked. On return, only an administrator can change any of them.
 */
export function requireSafePlace(system: ElevationSystem, files: readonly string[]): void {
  let looked = 0;
  const look = (file: string, rights: number): boolean => {
    if (++looked > MOST_FILES) throw unsafe(file, 'is in a folder with too many files to check');
    const { isFolder, isLink, security } = system.placeOf(file);
    if (isLink) throw unsafe(file, 'is a link');
    const stranger = strangerWith(rights, security);
    if (stranger !== null) throw unsafe(file, `can be changed by ${sidDisplayName(stranger) ?? stranger}`);
    return isFolder;
  };
  const lookBelow = (file: string): void => {
    if (!look(file, CHANGES)) return;
    for (const name of system.namesIn(file)) lookBelow(path.win32.join(file, name));
  };
  for (const file of files) {
    const { root } = path.win32.parse(file);
    if (!/^[A-Za-z]:\\$/.test(root) || !system.isFixedDrive(root)) throw unsafe(file, 'is not on a drive of this machine');
    const folder = system.placeOf(file).isFolder ? file : path.win32.dirname(file);
    for (let above = folder; above !== root; ) {
      above = path.win32.dirname(above);
      look(above, REPLACES);
    }
    lookBelow(folder);
  }
}

function unsafe(file: string, why: string): LayerscopeError {
  return new LayerscopeError(
    'PERMISSION',
    `${displayText(file)} ${why}: Layerscope runs as administrator only from a folder that only administrators can change; install it for all users, or move its folder into Program Files as an administrator`,
  );
}
