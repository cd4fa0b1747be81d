import { LayerscopeError } from '#model';
import { createClient, type GrantOptions, openEnvelope } from './client.ts';
import type { AbortSignalLike, Client } from './operations.ts';
import type { FileGrant } from './reports.ts';
import { TopicReader } from './topic-reader.ts';
import type { WebRequest, WebResponse, WebSurroundings } from './web-surroundings.ts';
import { decodeWire } from './wire-codec.ts';

/** Header that carries the session's secret in every request to the loopback host. A page from another origin can't send it. */
export const SESSION_HEADER = 'x-layerscope-session';

/** Creates the client over the loopback host, for a page served by that host. */
export function createWebClient(surroundings: WebSurroundings): Client {
  const session = { [SESSION_HEADER]: surroundings.secret };
  const topics = new TopicReader(surroundings, session);
  const request = async (name: string, input: unknown, signal?: AbortSignalLike): Promise<unknown> => {
    const init: WebRequest = {
      method: 'POST',
      headers: { ...session, 'content-type': 'application/json' },
      body: JSON.stringify(input),
      ...(signal && { signal }),
    };
    let response: WebResponse;
    try {
      response = await surroundings.fetch(`/call/${name}`, init);
    } catch (error) {
      throw new LayerscopeError('IO', 'the program that serves this page does not respond', { cause: error });
    }
    if (response.headers.get('content-type')?.startsWith('application/json')) return response.json();
    return decodeWire(new Uint8Array(await response.arrayBuffer()));
  };
  return createClient({
    request: (name, input, signal) => request(name, input, signal),
    subscribe: (topic, listener) => topics.subscribe(topic, listener),
    async grantFile(file, options) {
      const { name, size } = (file ?? {}) as { name?: unknown; size?: unknown };
      if (typeof name !== 'string' || typeof size !== 'number') throw new LayerscopeError('BAD_REQUEST', 'not a file');
      const grant = openEnvelope(await request('files.expect', { name, sizeBytes: size })) as FileGrant;
      await upload(surroundings, grant, file, options);
      return grant;
    },
  });
}

function upload(surroundings: WebSurroundings, grant: FileGrant, file: unknown, { onProgress, signal }: GrantOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new surroundings.XMLHttpRequest();
    const onAbort = (): void => request.abort();
    const end = (settle: () => void): void => {
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    request.open('PUT', `/uploads/${grant.grant}`);
    request.setRequestHeader(SESSION_HEADER, surroundings.secret);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded }) => onProgress?.(loaded));
    request.addEventListener('load', () =>
      end(() => {
        try {
          openEnvelope(JSON.parse(request.responseText));
          resolve();
        } catch (error) {
          reject(error instanceof LayerscopeError ? error : new LayerscopeError('INTERNAL', 'malformed reply', { cause: error }));
        }
      }),
    );
    request.addEventListener('error', () => end(() => reject(new LayerscopeError('IO', 'the upload was cut off'))));
    request.addEventListener('abort', () => end(() => reject(new LayerscopeError('CANCELLED', 'cancelled'))));
    if (signal?.aborted) {
      reject(new LayerscopeError('CANCELLED', 'cancelled'));
      return;
    }
    signal?.addEventListener('abort', onAbort);
    request.send(file as never);
  });
}
