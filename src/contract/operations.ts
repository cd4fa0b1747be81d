/** Types of the table in {@link ./schemas.ts}, for callers. This file imports types only, which keeps zod out of the window's bundle. */
import type { FileGrant } from './reports.ts';
import type { OperationName, Operations } from './schemas.ts';
import type { TopicName, Topics } from './topics.ts';

export type { BreakdownOf, ExportInput, ImageRef, OperationName, ViewRef } from './schemas.ts';

export type InputOf<N extends OperationName> = Operations[N]['input'];
export type OutputOf<N extends OperationName> = Operations[N]['output'];

/** The renderer's access to the host, over either door. */
export interface Client {
  /** Calls an operation. An aborted call throws CANCELLED, and the host stops working on it. */
  call<N extends OperationName>(name: N, input: InputOf<N>, options?: { signal?: AbortSignalLike }): Promise<OutputOf<N>>;
  /** Subscribes to a topic. Returns a function that unsubscribes. */
  subscribe<T extends TopicName>(topic: T, listener: (state: Topics[T]) => void): () => void;
  /**
   * Gets a grant for a file that was dropped on the page or chosen in it: by path in Electron, by upload on the loopback host. `file` is a
   * DOM File. Folders work only in Electron.
   */
  grantFile(file: unknown, options?: { onProgress?: (sentBytes: number) => void; signal?: AbortSignalLike }): Promise<FileGrant>;
}

/** The part of AbortSignal that the contract needs; pure rooms have no DOM types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
