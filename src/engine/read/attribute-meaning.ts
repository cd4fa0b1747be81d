// Explains attributes with binary values: Windows attribute bits and security descriptors, Linux capabilities and access lists.
import { descriptorFromSddl, descriptorInWords, parseSecurityDescriptor, securityDescriptorToSddl } from '#format/security-descriptor';
import { decodeBase64, FILE_ATTRIBUTE } from '#format/windows-tar';
import { asLayerscopeError } from '#model';

/** Explains an attribute in lines of text; empty if it needs no explanation, or its value is malformed. */
export function attributeMeaning(name: string, bytes: Uint8Array): readonly string[] {
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (reader === undefined) return [];
  try {
    return reader(bytes);
  } catch (error) {
    // A malformed value is shown raw.
    if (asLayerscopeError(error).code === 'INTERNAL' && !(error instanceof RangeError)) throw error;
    return [];
  }
}

const READERS: Readonly<Record<string, (bytes: Uint8Array) => readonly string[]>> = {
  'MSWINDOWS.fileattr': fileAttributes,
  'MSWINDOWS.rawsd': (bytes) => descriptor(decodeBase64(bytes)),
  // Layers from 2015 and 2016 store SDDL.
  'MSWINDOWS.sd': (bytes) => descriptorInWords(descriptorFromSddl(textOf(bytes))),
  'MSWINDOWS.mountpoint': () => ['a mount point, not a symbolic link'],
  'security.capability': capabilities,
  'system.posix_acl_access': accessList,
  'system.posix_acl_default': accessList,
};

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

const ATTRIBUTE_WORDS: Readonly<Record<keyof typeof FILE_ATTRIBUTE, string>> = {
  readOnly: 'read-only',
  hidden: 'hidden',
  system: 'system',
  directory: 'directory',
  archive: 'archive',
  normal: 'normal',
  temporary: 'temporary',
  sparseFile: 'sparse',
  reparsePoint: 'reparse point',
  compressed: 'compressed',
  offline: 'offline',
  notContentIndexed: 'not indexed',
  encrypted: 'encrypted',
};

function fileAttributes(bytes: Uint8Array): readonly string[] {
  const text = textOf(bytes);
  if (!/^\d{1,10}$/.test(text)) return [];
  let rest = Number(text);
  const words: string[] = [];
  for (const [name, bit] of Object.entries(FILE_ATTRIBUTE)) {
    if ((rest & bit) === 0) continue;
    words.push(ATTRIBUTE_WORDS[name as keyof typeof FILE_ATTRIBUTE]);
    rest -= bit;
  }
  if (rest !== 0) words.push(`0x${rest.toString(16)}`);
  return words.length === 0 ? ['none'] : [words.join(', ')];
}

function descriptor(bytes: Uint8Array): readonly string[] {
  return [...descriptorInWords(parseSecurityDescriptor(bytes)), securityDescriptorToSddl(bytes)];
}

/** Names of the capabilities, indexed by number. Source: linux/capability.h. */
const CAPABILITIES =
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'.split(
    ' ',
  );

/** vfs_cap_data: magic and flags, then words of permitted and inheritable bits; revision 3 adds the root's user ID. */
function capabilities(bytes: Uint8Array): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  const revision = magic >>> 24;
  if (revision < 1 || revision > 3) return [];
  const words = revision === 1 ? 1 : 2;
  const namesOf = (offset: number): string => {
    const found: string[] = [];
    for (let word = 0; word < words; word++) {
      const bits = view.getUint32(4 + word * 8 + offset, true);
      for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) found.push(`cap_${CAPABILITIES[word * 32 + bit] ?? word * 32 + bit}`);
    }
    return found.join(', ');
  };
  const lines = [`permitted: ${namesOf(0) || 'none'}${(magic & 1) === 1 ? ', effective' : ''}`];
  if (namesOf(4) !== '') lines.push(`inheritable: ${namesOf(4)}`);
  if (revision === 3) lines.push(`in the user namespace whose root is ${view.getUint32(20, true)}`);
  return lines;
}

const ACL_TAGS: Readonly<Record<number, string>> = { 1: 'owner', 2: 'user', 4: 'owning group', 8: 'group', 16: 'mask', 32: 'others' };

/** posix_acl_xattr: version 2, then entries of tag, rights and id. Source: linux/posix_acl_xattr.h. */
function accessList(bytes: Uint8Array): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 2 || (bytes.length - 4) % 8 !== 0) return [];
  const lines: string[] = [];
  for (let at = 4; at < bytes.length; at += 8) {
    const tag = view.getUint16(at, true);
    const rights = view.getUint16(at + 2, true);
    const who = tag === 2 || tag === 8 ? ` ${view.getUint32(at + 4, true)}` : '';
    const letters = `${rights & 4 ? 'r' : '-'}${rights & 2 ? 'w' : '-'}${rights & 1 ? 'x' : '-'}`;
    lines.push(`${ACL_TAGS[tag] ?? `tag ${tag}`}${who}: ${letters}`);
  }
  return lines;
}
