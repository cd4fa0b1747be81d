import { parseInt64, parsePaxTime } from './decimal.ts';
import type { MemberView } from './member.ts';
import { KEY, type PaxRecords } from './pax-records.ts';

/**
 * Overrides the header's names, owner, time and size with PAX records; at this point, the size is in `storedSize`. Returns why a record is
 * refused; null if all are accepted. Same as Go's mergePAX; access and change times are only checked.
 */
export function applyRecords(member: MemberView, records: PaxRecords): string | null {
  const { bytes } = records;
  member.format = 'pax';
  member.setAttributes(records.attributes, records.attributesEnd);
  const path = records.start(KEY.path);
  if (path >= 0) member.setName(bytes, path, records.end(KEY.path));
  const link = records.start(KEY.linkpath);
  if (link >= 0) member.setLink(bytes, link, records.end(KEY.linkpath));
  const uname = records.start(KEY.uname);
  if (uname >= 0) member.setUname(bytes, uname, records.end(KEY.uname));
  const gname = records.start(KEY.gname);
  if (gname >= 0) member.setGname(bytes, gname, records.end(KEY.gname));
  member.uid = decimalRecord(records, KEY.uid, member.uid);
  member.gid = decimalRecord(records, KEY.gid, member.gid);
  member.storedSize = decimalRecord(records, KEY.size, member.storedSize);
  if (Number.isNaN(member.uid + member.gid + member.storedSize)) return 'a number in its PAX records is malformed';
  const mtime = time(records, KEY.mtime);
  if (mtime !== null) {
    member.mtimeSeconds = mtime.seconds;
    member.mtimeNanos = mtime.nanos;
  }
  const seconds = member.mtimeSeconds + (time(records, KEY.atime)?.seconds ?? 0) + (time(records, KEY.ctime)?.seconds ?? 0);
  return Number.isNaN(seconds) ? 'a time in its PAX records is malformed' : null;
}

/** Returns the number in a record; `otherwise` if there is no such record, NaN if it is malformed. */
export function decimalRecord(records: PaxRecords, key: number, otherwise: number): number {
  const start = records.start(key);
  return start < 0 ? otherwise : parseInt64(records.bytes, start, records.end(key));
}

function time(records: PaxRecords, key: number): { seconds: number; nanos: number } | null {
  const start = records.start(key);
  return start < 0 ? null : parsePaxTime(records.bytes, start, records.end(key));
}
