import type { AbortSignalLike } from './operations.ts';

/** Browser APIs that the client needs; pass the window's. The types are minimal because pure rooms have no DOM types. */
export interface WebSurroundings {
  /** Secret of the session: 256 bits as hex digits. */
  readonly secret: string;
  readonly fetch: (url: string, init: WebRequest) => Promise<WebResponse>;
  /** Resolves after the given time. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** For uploads, because fetch doesn't report progress. */
  readonly XMLHttpRequest: new () => UploadRequest;
  /** Called when the host stops responding, and when it responds again. */
  readonly onConnection?: (connected: boolean) => void;
}

export interface WebRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** Aborts the request; the host then stops working on it. */
  readonly signal?: AbortSignalLike;
}

export interface WebResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): BodyReader } | null;
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
}

interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** The part of XMLHttpRequest that uploads need. */
export interface UploadRequest {
  readonly upload: { addEventListener(type: 'progress', listener: (event: { readonly loaded: number }) => void): void };
  readonly responseText: string;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void;
  send(body: never): void;
  abort(): void;
}
