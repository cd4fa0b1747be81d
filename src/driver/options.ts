import type { Finding } from '#model';

export interface CallOptions {
  /** Cancels the call: it is undone and throws CANCELLED. */
  readonly signal?: AbortSignal;
  /** Called if the call has to wait long for another writer of the store, with a sentence that names that writer. */
  readonly onWaiting?: (message: string) => void;
}

export interface MountOptions extends CallOptions {
  /**
   * Keeps files' set-user-ID and set-group-ID bits and capabilities, and creates devices; by default they are left out and reported. Has no
   * effect on Windows layers.
   */
  readonly asIs?: boolean;
  /** Absolute path of an empty folder to mount at; only for read-write layers of windowsfilter, whose mounts are volumes. */
  readonly at?: string;
  /** Receives a finding for everything that couldn't be laid out as it is in the layer. */
  readonly onFinding?: (finding: Finding) => void;
}

export interface ApplyOptions extends CallOptions {
  /** Receives a finding for everything that was corrected in the tar. */
  readonly onFinding?: (finding: Finding) => void;
  /** Receives the number of tar bytes read since the last call. */
  readonly onProgress?: (bytes: number) => void;
}
