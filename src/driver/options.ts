import type { Finding } from '#model';

export interface CallOptions {
  /** Stops the call, which is then undone, with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Called where another writer of the store is waited for long, with a sentence that says who. */
  readonly onWaiting?: (message: string) => void;
}

export interface MountOptions extends CallOptions {
  /**
   * Keeps set-user-ID and set-group-ID bits, and makes devices; default: these are left out, and reported. Of drivers that lay a chain out in
   * a folder; on Windows' layers it has no effect.
   */
  readonly asIs?: boolean;
  /** Told of what could not be laid out as it is in the layer. */
  readonly onFinding?: (finding: Finding) => void;
}

export interface ApplyOptions extends CallOptions {
  /** Told of what was put right on the way. */
  readonly onFinding?: (finding: Finding) => void;
  /** Bytes of the tar that were read since the last call. */
  readonly onProgress?: (bytes: number) => void;
}
