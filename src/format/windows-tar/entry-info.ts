import { type ExtendedAttribute, encodeExtendedAttributes, encodeReparsePoint, linkTo } from '#format/backup-stream';
import { sddlToSecurityDescriptor } from '#format/security-descriptor';
import { decodeUtf8, displayText, LayerscopeError, TYPE } from '#model';
import { decodeBase64 } from './base64.ts';
import { toByteString } from './byte-string.ts';
import { FILE_ATTRIBUTE, type FileBasicInfo, tarTimeToFiletime } from './file-info.ts';
import { RECORD } from './record-keys.ts';
import type { HeldMember } from './tar-pieces.ts';
import { parsePaxTime } from './tar-time.ts';

const EMPTY = new Uint8Array(0);

function text(member: HeldMember, key: string): string | null {
  const value = member.pax?.get(key);
  return value === undefined ? null : (decodeUtf8(value) ?? toByteString(value));
}

function badRecord(key: string, value: string): LayerscopeError {
  return new LayerscopeError('BAD_TAR', `${key} is not valid: ${displayText(value.slice(0, 100))}`);
}

/** Returns the FILETIME in a legacy record. Null if it is missing or not a number; the go-winio of that time ignored such records. */
function legacyTime(member: HeldMember, key: string): bigint | null {
  const value = text(member, key);
  return value !== null && /^\d{1,19}$/.test(value) && BigInt(value) < 1n << 63n ? BigInt(value) : null;
}

function paxTime(member: HeldMember, key: string): bigint | null {
  const value = text(member, key);
  if (value === null || value === '') return null;
  const time = parsePaxTime(value);
  if (time === null) throw badRecord(key, value);
  return tarTimeToFiletime(time);
}

function attributesOf(member: HeldMember): number {
  const value = text(member, RECORD.attributes);
  if (value === null) return member.type === TYPE.directory ? FILE_ATTRIBUTE.directory : 0;
  const number = /^\d{1,20}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= 0xffffffff)) throw badRecord(RECORD.attributes, value);
  return number;
}

/**
 * Returns the times and attributes of a member. Legacy records (MSWINDOWS.*time) take precedence over PAX times, and PAX times over the
 * header's. If the creation time is missing, the write time is used. Missing access and change times become 0, which leaves the file's
 * times unchanged; Go would turn its zero time into a date in 1754. The reparse flag is dropped unless the member is a link, because a file
 * with the flag but without a reparse point can't be opened (hcsshim#1873).
 */
export function infoOf(member: HeldMember): { info: FileBasicInfo; droppedAttributes: number } {
  const headerTime = tarTimeToFiletime({ seconds: member.mtimeSeconds, nanos: member.mtimeNanos });
  const writeTime = legacyTime(member, RECORD.legacyWriteTime) ?? headerTime;
  const stated = attributesOf(member);
  const droppedAttributes = member.type === TYPE.symlink ? 0 : stated & FILE_ATTRIBUTE.reparsePoint;
  const info = {
    creationTimeFiletime: legacyTime(member, RECORD.legacyCreationTime) ?? paxTime(member, RECORD.creationTime) ?? writeTime,
    accessTimeFiletime: legacyTime(member, RECORD.legacyAccessTime) ?? paxTime(member, 'atime') ?? 0n,
    writeTimeFiletime: writeTime,
    changeTimeFiletime: legacyTime(member, RECORD.legacyChangeTime) ?? paxTime(member, 'ctime') ?? 0n,
    attributes: (stated & ~droppedAttributes) >>> 0,
  };
  return { info, droppedAttributes };
}

/** Returns the member's self-relative security descriptor; empty if there is none. Throws DAMAGED for bad base64 or SDDL. */
export function securityOf(member: HeldMember): Uint8Array {
  const raw = member.pax?.get(RECORD.rawSecurity);
  if (raw !== undefined) return decodeBase64(raw);
  const sddl = text(member, RECORD.securityText);
  return sddl === null ? EMPTY : sddlToSecurityDescriptor(sddl);
}

/** Returns the member's extended attributes as stream data, sorted by name (Go's order is random); empty if there are none. */
export function extendedAttributesOf(member: HeldMember): Uint8Array {
  const attributes: ExtendedAttribute[] = [];
  for (const [name, value] of member.extendedAttributes) attributes.push({ name, value: decodeBase64(value), flags: 0 });
  if (attributes.length === 0) return EMPTY;
  attributes.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return encodeExtendedAttributes(attributes);
}

/** Returns the reparse point of a link to `target`, with / turned into \. */
export function reparsePointOf(member: HeldMember, target: string): Uint8Array {
  return encodeReparsePoint(linkTo(target.replaceAll('/', '\\'), member.pax?.has(RECORD.mountPoint) === true));
}
