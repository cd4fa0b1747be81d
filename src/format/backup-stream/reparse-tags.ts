/** Reparse tags that matter for reading and writing layers. Source: [MS-FSCC] 2.1.2.1. */
export const REPARSE_TAG = {
  mountPoint: 0xa0000003,
  symlink: 0xa000000c,
  lxSymlink: 0xa000001d,
  /** A file whose content is in the data deduplication store. It opens like any regular file. */
  dedup: 0x80000013,
  wcifs: 0x80000018,
  wcifsTombstone: 0xa000001f,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map([
  [0xa0000003, 'mount point'],
  [0xc0000004, 'HSM'],
  [0x80000005, 'drive extender'],
  [0x80000006, 'HSM 2'],
  [0x80000007, 'SIS'],
  [0x80000008, 'WIM'],
  [0x80000009, 'CSV'],
  [0x8000000a, 'DFS'],
  [0x8000000b, 'filter manager'],
  [0xa000000c, 'symlink'],
  [0xa0000010, 'IIS cache'],
  [0x80000012, 'DFSR'],
  [0x80000013, 'dedup'],
  [0xc0000014, 'AppXStrm'],
  [0x80000014, 'NFS'],
  [0x80000015, 'file placeholder'],
  [0x80000016, 'dynamic file filter'],
  [0x80000017, 'WOF, a compressed system file'],
  [0x80000018, 'WCI, a container placeholder'],
  [0x90001018, 'WCI 1, a container placeholder'],
  [0xa0000019, 'global reparse'],
  [0x9000001a, 'cloud file'],
  [0x8000001b, 'AppExecLink'],
  [0x9000001c, 'ProjFS'],
  [0xa000001d, 'LX symlink'],
  [0x8000001e, 'storage sync'],
  [0x90000027, 'storage sync folder'],
  [0xa000001f, 'WCI tombstone'],
  [0x80000020, 'unhandled'],
  [0x80000021, 'OneDrive'],
  [0xa0000022, 'ProjFS tombstone'],
  [0x80000023, 'AF_UNIX socket'],
  [0x80000024, 'LX FIFO'],
  [0x80000025, 'LX character device'],
  [0x80000026, 'LX block device'],
  [0xa0000027, 'WCI link'],
  [0xa0001027, 'WCI link 1'],
  [0xa0000028, 'DataLink CIM'],
]);

/** Returns the tag's name, `cloud file` for all sixteen cloud tags; null for tags that Microsoft hasn't published. */
export function reparseTagName(tag: number): string | null {
  return NAMES.get(tag) ?? ((tag & 0xffff0fff) >>> 0 === 0x9000001a ? 'cloud file' : null);
}
