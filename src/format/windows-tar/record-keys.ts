/** PAX records that carry what only Windows knows. Source: go-winio, backuptar/tar.go; `legacy`: versions of early 2016. */
export const RECORD = {
  /** Attributes, decimal. */
  attributes: 'MSWINDOWS.fileattr',
  /** Self-relative security descriptor, base64. */
  rawSecurity: 'MSWINDOWS.rawsd',
  /** Legacy: the descriptor as SDDL. */
  securityText: 'MSWINDOWS.sd',
  /** There, whatever its value: the link is a mount point. */
  mountPoint: 'MSWINDOWS.mountpoint',
  /** And the name of an extended attribute: its value, base64. */
  attributePrefix: 'MSWINDOWS.xattr.',
  /** A PAX time. */
  creationTime: 'LIBARCHIVE.creationtime',
  /** Legacy: FILETIMEs, decimal. */
  legacyCreationTime: 'MSWINDOWS.createtime',
  legacyAccessTime: 'MSWINDOWS.accesstime',
  legacyWriteTime: 'MSWINDOWS.writetime',
  legacyChangeTime: 'MSWINDOWS.changetime',
} as const;

/** What the name of an alternate stream ends in, in a backup stream; a tar has it without. */
export const STREAM_TYPE_SUFFIX = ':$DATA';
