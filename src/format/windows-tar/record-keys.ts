/** PAX records for Windows metadata. Source: go-winio, backuptar/tar.go. `legacy`: written by versions of early 2016. */
export const RECORD = {
  /** Attributes, in decimal. */
  attributes: 'MSWINDOWS.fileattr',
  /** Self-relative security descriptor, in base64. */
  rawSecurity: 'MSWINDOWS.rawsd',
  /** Legacy: the descriptor as SDDL. */
  securityText: 'MSWINDOWS.sd',
  /** Marks a link as a mount point, regardless of the value. */
  mountPoint: 'MSWINDOWS.mountpoint',
  /** Prefix of an extended attribute's name; the value is in base64. */
  attributePrefix: 'MSWINDOWS.xattr.',
  /** A PAX time. */
  creationTime: 'LIBARCHIVE.creationtime',
  /** Legacy: FILETIMEs, in decimal. */
  legacyCreationTime: 'MSWINDOWS.createtime',
  legacyAccessTime: 'MSWINDOWS.accesstime',
  legacyWriteTime: 'MSWINDOWS.writetime',
  legacyChangeTime: 'MSWINDOWS.changetime',
} as const;

/** The suffix of an alternate data stream's name in a backup stream; a tar omits it. */
export const STREAM_TYPE_SUFFIX = ':$DATA';
