/** Stream ids in a Win32 backup stream. Source: [MS-BKUP] 2.1, WIN32_STREAM_ID; winbase.h. */
export const STREAM_ID = {
  data: 1,
  extendedAttributes: 2,
  security: 3,
  alternateData: 4,
  link: 5,
  property: 6,
  objectId: 7,
  reparsePoint: 8,
  sparseBlock: 9,
  txfs: 10,
  /** Defined by Windows, but not supported by any tool that handles layers. */
  ghostedExtents: 11,
} as const;

/** Bits of a stream's attributes. BackupRead sets `containsSecurity` on security streams; BackupWrite needs none of them. */
export const STREAM_ATTRIBUTE = {
  modifiedWhenRead: 1,
  containsSecurity: 2,
  containsProperties: 4,
  sparse: 8,
} as const;

/** The header of one stream. */
export interface BackupStream {
  /** Usually one of {@link STREAM_ID}; unknown ids are kept. */
  readonly id: number;
  /** Bits of {@link STREAM_ATTRIBUTE}. */
  readonly attributes: number;
  /** Size of the data that follows, without a sparse block's offset. At most 2^53 - 1. */
  readonly sizeBytes: number;
  /** The name, which only alternate data streams have: `:name:$DATA`. Keeps lone surrogates and NULs. */
  readonly name: string;
  /** Offset of a sparse block in the file; in the final block of size 0, the file's size. 0 in other streams. */
  readonly offset: number;
}

/** Size of WIN32_STREAM_ID before the name. */
export const STREAM_HEAD_BYTES = 20;
/** Size of the offset at the start of a sparse block's data. */
export const SPARSE_OFFSET_BYTES = 8;
