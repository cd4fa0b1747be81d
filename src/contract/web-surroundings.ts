import type { AbortSignalLike } from './operations.ts';

/** What the client needs of a page: pass the window's own. Minimal forms, since a pure room knows no DOM. */
export interface WebSurroundings {
  /** Of the session: 256 bits in hex digits. */
  readonly secret: string;
  readonly fetch: (url: string, init: WebRequest) => Promise<WebResponse>;
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** For uploads: fetch tells no progress. */
  readonly XMLHttpRequest: new () => UploadRequest;
  /** Told when the host stops answering, and when it answers again. */
  readonly onConnection?: (connected: boolean) => void;
}

export interface WebRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** Ends the request; the host then stops its work. */
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

/** XMLHttpRequest, as far as an upload needs it. */
export interface UploadRequest {
  readonly upload: { addEventListener(type: 'progress', listener: (event: { readonly loaded: number }) => void): void };
  readonly responseText: string;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void;
  send(body: never): void;
  abort(): void;
}
