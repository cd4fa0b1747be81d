// A self-relative security descriptor, the data of stream 3 of a backup stream: [MS-DTYP] 2.4.6, little-endian.
//
//   0 revision u8 (1) · 1 resource manager u8 · 2 control u16 · 4 offsets u32 of owner, group, SACL and DACL
//   list     0 revision u8 (2, or 4 with object entries) · 1 0 · 2 size u16, with this header · 4 number of entries u16 · 6 0 · entries
//   entry    0 type u8 · 1 flags u8 · 2 size u16, with this header · 4 mask u32 · SID · data
//   object   entries have after the mask: flags u32 (1: object type, 2: inherited object type), then the GUIDs that these announce
//
// An offset of 0 means no such part. Parts may be in any order; file systems on Windows put owner and group before the lists.
import { LayerscopeError } from '#model';
import { type Ace, type Acl, CONTROL, isKnownAce, isObjectAce, type SecurityDescriptor, type Sid } from './descriptor.ts';
import { encodeGuid, readGuid } from './guid.ts';
import { encodeSid, readSid, sidBytes } from './sid.ts';

const HEAD = 20;
const ACL_HEAD = 8;
const ACE_HEAD = 4;
const HAS_OBJECT_TYPE = 1;
const HAS_INHERITED_OBJECT_TYPE = 2;

function damaged(what: string, offset: number): LayerscopeError {
  return new LayerscopeError('DAMAGED', `invalid security descriptor: ${what} at byte ${offset}`, { offset });
}

/**
 * Parses a complete descriptor; uninterpreted parts are views. Throws DAMAGED if a part is outside the descriptor or overlaps its header.
 */
export function parseSecurityDescriptor(bytes: Uint8Array): SecurityDescriptor {
  if (bytes.length < HEAD) throw damaged('cut off', bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const revision = view.getUint8(0);
  const control = view.getUint16(2, true);
  if (revision !== 1) throw damaged(`revision ${revision}`, 0);
  if ((control & CONTROL.selfRelative) === 0) throw damaged('not self-relative', 2);
  const owner = view.getUint32(4, true);
  const group = view.getUint32(8, true);
  const sacl = (control & CONTROL.saclPresent) === 0 ? 0 : view.getUint32(12, true);
  const dacl = (control & CONTROL.daclPresent) === 0 ? 0 : view.getUint32(16, true);
  return {
    revision,
    resourceManager: view.getUint8(1),
    control,
    owner: sidAt(bytes, owner),
    group: sidAt(bytes, group),
    sacl: aclAt(bytes, view, sacl),
    dacl: aclAt(bytes, view, dacl),
    layout: { owner, group, sacl, dacl, totalBytes: bytes.length },
  };
}

function sidAt(bytes: Uint8Array, offset: number): Sid | null {
  if (offset === 0) return null;
  if (offset < HEAD || sidBytes(bytes, offset, bytes.length) < 0) throw damaged('an invalid SID', offset);
  return readSid(bytes, offset);
}

function aclAt(bytes: Uint8Array, view: DataView, offset: number): Acl | null {
  if (offset === 0) return null;
  if (offset < HEAD || offset + ACL_HEAD > bytes.length) throw damaged('an invalid access control list', offset);
  const end = offset + view.getUint16(offset + 2, true);
  const count = view.getUint16(offset + 4, true);
  if (end > bytes.length || end < offset + ACL_HEAD) throw damaged('an access control list that goes past its end', offset);
  const aces: Ace[] = [];
  let at = offset + ACL_HEAD;
  for (let i = 0; i < count; i++) {
    const size = at + ACE_HEAD > end ? 0 : view.getUint16(at + 2, true);
    if (size < ACE_HEAD || at + size > end) throw damaged('an entry that goes past its list', at);
    aces.push(aceAt(bytes.subarray(at, at + size), at));
    at += size;
  }
  return { revision: view.getUint8(offset), aces, slackBytes: end - at };
}

function aceAt(bytes: Uint8Array, offset: number): Ace {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint8(0);
  const flags = view.getUint8(1);
  if (!isKnownAce(type)) return { type, flags, mask: 0, sid: null, data: bytes.subarray(ACE_HEAD) };
  const isObject = isObjectAce(type);
  if (bytes.length < ACE_HEAD + (isObject ? 8 : 4)) throw damaged('an entry cut off', offset);
  const mask = view.getUint32(4, true);
  let at = 8;
  let object = {};
  if (isObject) {
    const objectFlags = view.getUint32(8, true);
    at = 12;
    const guid = (flag: number): string | null => {
      if ((objectFlags & flag) === 0) return null;
      at += 16;
      if (at > bytes.length) throw damaged('an entry cut off', offset);
      return readGuid(bytes, at - 16);
    };
    object = {
      objectType: guid(HAS_OBJECT_TYPE),
      inheritedObjectType: guid(HAS_INHERITED_OBJECT_TYPE),
      objectFlags: (objectFlags & ~(HAS_OBJECT_TYPE | HAS_INHERITED_OBJECT_TYPE)) >>> 0,
    };
  }
  const length = sidBytes(bytes, at, bytes.length);
  if (length < 0) throw damaged('an entry without a SID', offset + at);
  return { type, flags, mask, sid: readSid(bytes, at), ...object, data: bytes.subarray(at + length) };
}

/**
 * Encodes a descriptor. If it has a layout, its parts are placed accordingly, with zeros in the gaps; otherwise there are no gaps. The
 * caller owns the result.
 */
export function encodeSecurityDescriptor(descriptor: SecurityDescriptor): Uint8Array<ArrayBuffer> {
  const parts = {
    owner: descriptor.owner === null ? null : encodeSid(descriptor.owner),
    group: descriptor.group === null ? null : encodeSid(descriptor.group),
    sacl: descriptor.sacl === null ? null : encodeAcl(descriptor.sacl),
    dacl: descriptor.dacl === null ? null : encodeAcl(descriptor.dacl),
  };
  const offsets = { owner: 0, group: 0, sacl: 0, dacl: 0 };
  let end = HEAD;
  for (const name of ['owner', 'group', 'sacl', 'dacl'] as const) {
    const part = parts[name];
    if (part === null) continue;
    offsets[name] = descriptor.layout?.[name] || end;
    end = Math.max(end, (offsets[name] + part.length + 3) & ~3);
  }
  const bytes = new Uint8Array(Math.max(descriptor.layout?.totalBytes ?? 0, end));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, descriptor.revision);
  view.setUint8(1, descriptor.resourceManager);
  view.setUint16(2, descriptor.control, true);
  for (const [field, name] of (['owner', 'group', 'sacl', 'dacl'] as const).entries()) {
    view.setUint32(4 + field * 4, offsets[name], true);
    const part = parts[name];
    if (part !== null) bytes.set(part, offsets[name]);
  }
  const total = descriptor.layout?.totalBytes;
  return total !== undefined && total < bytes.length ? bytes.slice(0, total) : bytes;
}

function encodeAcl(acl: Acl): Uint8Array<ArrayBuffer> {
  const aces = acl.aces.map(encodeAce);
  const size = ACL_HEAD + aces.reduce((sum, ace) => sum + ace.length, 0) + acl.slackBytes;
  if (size > 0xffff) throw new LayerscopeError('TOO_LARGE', `an access control list of ${size} bytes`);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, acl.revision);
  view.setUint16(2, size, true);
  view.setUint16(4, aces.length, true);
  let at = ACL_HEAD;
  for (const ace of aces) {
    bytes.set(ace, at);
    at += ace.length;
  }
  return bytes;
}

function encodeAce(ace: Ace): Uint8Array<ArrayBuffer> {
  const sid = ace.sid === null ? new Uint8Array(0) : encodeSid(ace.sid);
  const guids = [ace.objectType, ace.inheritedObjectType].map((text) => {
    if (text === null || text === undefined) return new Uint8Array(0);
    const guid = encodeGuid(text);
    if (guid === null) throw new LayerscopeError('DAMAGED', 'not a GUID in an access control entry');
    return guid;
  });
  const isObject = ace.sid !== null && isObjectAce(ace.type);
  const fixed = ace.sid === null ? 0 : isObject ? 8 : 4;
  const size = ACE_HEAD + fixed + guids.reduce((sum, guid) => sum + guid.length, 0) + sid.length + ace.data.length;
  if (size > 0xffff) throw new LayerscopeError('TOO_LARGE', `an access control entry of ${size} bytes`);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, ace.type);
  view.setUint8(1, ace.flags);
  view.setUint16(2, size, true);
  if (fixed > 0) view.setUint32(4, ace.mask, true);
  if (isObject) {
    const present = ((guids[0]?.length ?? 0) > 0 ? HAS_OBJECT_TYPE : 0) | ((guids[1]?.length ?? 0) > 0 ? HAS_INHERITED_OBJECT_TYPE : 0);
    view.setUint32(8, ((ace.objectFlags ?? 0) | present) >>> 0, true);
  }
  let at = ACE_HEAD + fixed;
  for (const part of [...guids, sid, ace.data]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
