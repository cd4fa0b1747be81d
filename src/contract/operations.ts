/** Types of the table in {@link ./schemas.ts}, for those who call. Only types come from there: the window's bundle has no zod. */
import type { FileGrant } from './reports.ts';
import type { OperationName, Operations } from './schemas.ts';
import type { TopicName, Topics } from './topics.ts';

export type { EntryRef, ExportInput, ImageRef, OperationName, StoredRef, StoreRef, ViewRef } from './schemas.ts';

export type InputOf<N extends OperationName> = Operations[N]['input'];
export type OutputOf<N extends OperationName> = Operations[N]['output'];

/** What the renderer calls; each door has a transport of its own. */
export interface Client {
  /** An aborted call fails with CANCELLED, and the host stops its work. */
  call<N extends OperationName>(name: N, input: InputOf<N>, options?: { signal?: AbortSignalLike }): Promise<OutputOf<N>>;
  /** Returns the function that ends the subscription. */
  subscribe<T extends TopicName>(topic: T, listener: (state: Topics[T]) => void): () => void;
  /**
   * A grant for a file that was dropped or chosen in the page: by its path in Electron, by upload on the loopback host.
   * `file` is a DOM File. Folders: Electron only.
   */
  grantFile(file: unknown, options?: { onProgress?: (sentBytes: number) => void; signal?: AbortSignalLike }): Promise<FileGrant>;
}

/** The part of AbortSignal that the contract needs; pure rooms have no DOM. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
