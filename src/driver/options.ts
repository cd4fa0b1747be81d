import type { Finding } from '#model';

export interface CallOptions {
  /** Cancels the call: it is undone and throws CANCELLED. */
  readonly signal?: AbortSignal;
  /** Called when the call waits long for another writer of the store, with a sentence that names the writer. */
  readonly onWaiting?: (message: string) => void;
}

export interface MountOptions extends CallOptions {
  /**
   * Keeps set-user-ID and set-group-ID bits, and creates devices; default: leaves them out and reports them. Has no effect on the layers of
   * Windows.
   */
  readonly asIs?: boolean;
  /** Receives what could not be laid out as it is in the layer. */
  readonly onFinding?: (finding: Finding) => void;
}

export interface ApplyOptions extends CallOptions {
  /** Receives what was corrected in the tar. */
  readonly onFinding?: (finding: Finding) => void;
  /** Receives the bytes of the tar read since the last call. */
  readonly onProgress?: (bytes: number) => void;
}
