/** Ids of the streams of a Win32 backup stream. Source: [MS-BKUP] 2.1, WIN32_STREAM_ID; winbase.h. */
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
  /** Windows has it; no reader of layers knows what to do with it. */
  ghostedExtents: 11,
} as const;

/** Bits of a stream's attributes. `BackupRead` sets `containsSecurity` on security streams; `BackupWrite` needs none. */
export const STREAM_ATTRIBUTE = {
  modifiedWhenRead: 1,
  containsSecurity: 2,
  containsProperties: 4,
  sparse: 8,
} as const;

/** Head of one stream. */
export interface BackupStream {
  /** One of {@link STREAM_ID}, or whatever stood there. */
  readonly id: number;
  /** Bits of {@link STREAM_ATTRIBUTE}. */
  readonly attributes: number;
  /** Bytes of data that follow; of a sparse block without the eight of its offset. At most 2^53 - 1. */
  readonly sizeBytes: number;
  /** As it stands in the head, UTF-16, lone surrogates and NULs kept. Only alternate data has one: `:name:$DATA`. */
  readonly name: string;
  /** Of a sparse block: where in the file its bytes belong. The block of size 0 that ends them: the file's size. Else 0. */
  readonly offset: number;
}

/** Bytes of WIN32_STREAM_ID before the name. */
export const STREAM_HEAD_BYTES = 20;
/** Bytes of the offset that begins a sparse block's data. */
export const SPARSE_OFFSET_BYTES = 8;
