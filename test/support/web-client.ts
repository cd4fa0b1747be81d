import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeWire, type Envelope, SESSION_HEADER } from '#contract';
import { createUploads, startWebHost, type WebHostOptions } from '#web';
import { fakeHost } from './fake-services.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a request with only the given headers and Host; fetch would add its own. */
export function send(port: number, options: RequestOptions & { body?: string | Buffer }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const sent = request({ host: '127.0.0.1', port, agent: false, ...rest }, (response) => {
      const batches: Buffer[] = [];
      response.on('data', (batch: Buffer) => batches.push(batch));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(batches) }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export function envelopeOf({ headers, body }: Reply): Envelope<unknown> {
  const isJson = headers['content-type']?.startsWith('application/json');
  return (isJson ? JSON.parse(body.toString()) : decodeWire(new Uint8Array(body))) as Envelope<unknown>;
}

/** Starts the loopback host over a fake library, with a small renderer folder and a folder for uploads. Disposal removes everything. */
export async function startFakeWeb({
  page = '<title>the window</title>',
  ...options
}: Pick<WebHostOptions, 'limits'> & { page?: string } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-test-'));
  const renderer = path.join(folder, 'renderer');
  const under = path.join(folder, 'uploads');
  await mkdir(path.join(renderer, 'assets'), { recursive: true });
  await mkdir(under);
  await writeFile(path.join(renderer, 'index.html'), page);
  await writeFile(path.join(renderer, 'assets', 'app-1a2b.js'), 'window.app = 1;');
  await writeFile(path.join(renderer, 'notes.secret'), 'of no known type');
  await writeFile(path.join(folder, 'outside.js'), 'outside');
  let uploads: ReturnType<typeof createUploads>;
  const fake = fakeHost({ expectUpload: (sender, file) => uploads.expect(sender, file) });
  uploads = createUploads({ grants: fake.host.grants, under });
  const web = await startWebHost({ host: fake.host, rendererFolder: renderer, uploads, ...options });
  const { port } = web;
  const origin = `http://127.0.0.1:${port}`;

  const exchange = (url: string): Promise<Reply> => {
    const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token');
    const headers = { origin, 'content-type': 'application/json' };
    return send(port, { method: 'POST', path: '/session', headers, body: JSON.stringify({ token }) });
  };
  return {
    ...fake,
    web,
    port,
    origin,
    exchange,
    /** Signs in as another browser would; returns the headers for calls. */
    async signIn(): Promise<{ [SESSION_HEADER]: string; origin: string; 'content-type': string }> {
      const envelope = envelopeOf(await exchange(web.issueUrl())) as Envelope<{ secret: string }>;
      if (!envelope.ok) throw new Error(envelope.error.message);
      return { [SESSION_HEADER]: envelope.value.secret, origin, 'content-type': 'application/json' };
    },
    call: (name: string, input: unknown, headers: Record<string, string>): Promise<Reply> =>
      send(port, { method: 'POST', path: `/call/${name}`, headers, body: JSON.stringify(input) }),
    /** Returns the names of the uploaded files on disk. */
    async uploaded(): Promise<string[]> {
      const files = await readdir(under, { recursive: true, withFileTypes: true });
      return files.filter((entry) => entry.isFile()).map(({ name }) => name);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await web[Symbol.asyncDispose]();
      await fake.jobs[Symbol.asyncDispose]();
      await uploads[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
