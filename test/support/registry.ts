// A registry on loopback that can make every mistake that registries make. Content is added with the image builder's `Files`, not stored on
// disk. Every request is logged with its Authorization.
//
//   const registry = await standInRegistry(t);
//   registry.add('app', files, { latest: image.digest });
//   registry.faults.blob = 'short';
import http from 'node:http';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Files, json } from './image-builder.ts';
import { utf8 } from './tar-builder.ts';
import { atEnd } from './workbench.ts';

export interface LoggedRequest {
  readonly method: string;
  /** The path with the query. */
  readonly path: string;
  readonly authorization: string | null;
  readonly range: string | null;
  readonly host: string;
  readonly body: string;
}

/** What a registry may send instead of a blob. */
export type BlobFault =
  | 'whole' // 200 for a range request
  | 'no-range' // 416
  | 'wrong-range' // a Content-Range other than the requested one
  | 'short' // ends early, with a matching Content-Length
  | 'long' // more bytes than the descriptor states
  | 'endless'
  | 'stalled' // nothing after the first bytes
  | 'dripping' // a byte now and then, until the client disconnects
  | 'encoded' // Content-Encoding: gzip
  | 'changed' // other bytes of the same length
  | 'broken-off' // the connection closes halfway through each complete response
  | 'missing';

export interface RegistryFaults {
  blob?: BlobFault;
  /** Like `blob`, for range requests. */
  range?: BlobFault;
  /** Limits these faults to the blob with this digest. */
  blobDigest?: string;
  manifest?: 'changed' | 'schema1' | 'huge' | 'no-head';
  /** How many requests get a 429, and its Retry-After. */
  limited?: { times: number; retryAfter?: string };
  /** Address that blobs redirect to, with `/DIGEST` appended. */
  blobsAt?: string;
  /** Whether everything redirects to itself. */
  circles?: boolean;
  /** Whether every page of a list names a next page. */
  endlessPages?: boolean;
  /** Address that the list of tags redirects to. */
  tagsAt?: string;
  /** The next page's address. */
  nextPageAt?: string;
  /** Whether every request gets a 401, regardless of credentials. */
  always401?: boolean;
  /** The status of every response. */
  status?: number;
}

export interface RegistryAuth {
  scheme: 'basic' | 'bearer';
  user?: string;
  password?: string;
  /** Default: `/token` of this registry. */
  realm?: string;
  /** Challenges that precede the real one in the same header. */
  before?: string;
  /** Lifetime of tokens in seconds; not stated by default. */
  expiresIn?: number;
  /** The identity token that `POST /token` accepts. */
  identityToken?: string;
  /** Target of a redirect from the token address. */
  tokenRedirect?: string;
  /** The body of the response from `/token`. */
  tokenBody?: string;
}

interface Repository {
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly tags: Record<string, string>;
}

export interface ReferrerEntry {
  readonly digest: string;
  readonly artifactType: string;
  readonly subject: string;
  readonly annotations?: object;
}

const PAGE = 2;

export class StandInRegistry {
  readonly log: LoggedRequest[] = [];
  readonly faults: RegistryFaults = {};
  auth: RegistryAuth | null = null;
  /** Whether a path of a request requires the credentials of `auth`. */
  demandsCredentials: (path: string) => boolean = () => true;
  /** Null if the registry has no referrers API. */
  referrers: ReferrerEntry[] | null = null;
  readonly #repositories = new Map<string, Repository>();
  readonly #server: http.Server;
  readonly #tokens = new Set<string>();
  #tokenCount = 0;

  constructor(server?: http.Server) {
    this.#server = server ?? http.createServer();
    this.#server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => this.#receive(request, response));
  }

  get server(): http.Server {
    return this.#server;
  }

  /** Host and port, as in a reference. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get address(): string {
    return `http://${this.host}`;
  }

  add(name: string, files: Files, tags: Record<string, string>): void {
    const content = new Map([...files.map].map(([file, bytes]) => [`sha256:${file.slice(file.lastIndexOf('/') + 1)}`, bytes]));
    this.#repositories.set(name, { content, tags });
  }

  /** Serves other bytes under a digest. */
  swap(name: string, digest: string, bytes: Uint8Array): void {
    const { content = new Map<string, Uint8Array>(), tags = {} } = this.#repositories.get(name) ?? {};
    this.#repositories.set(name, { content: new Map([...content, [digest, bytes]]), tags });
  }

  /** Paths of the requests, with their methods. */
  get asked(): string[] {
    return this.log.map(({ method, path }) => `${method} ${path}`);
  }

  #receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = 'GET', url = '/', headers } = request;
      const { authorization = null, range = null, host = '' } = headers;
      this.log.push({ method, path: url, authorization, range, host, body: Buffer.concat(chunks).toString() });
      this.#answer(request, response, Buffer.concat(chunks).toString());
    });
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
    const { faults } = this;
    const { pathname, searchParams } = new URL(request.url ?? '/', this.address);
    if (faults.limited !== undefined && faults.limited.times > 0) {
      faults.limited.times--;
      const { retryAfter } = faults.limited;
      response.writeHead(429, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
      return;
    }
    if (faults.status !== undefined) {
      response.writeHead(faults.status).end('{"errors":[{"code":"X","message":"it said so"}]}');
      return;
    }
    if (pathname === '/token') {
      this.#token(request, response, body);
      return;
    }
    if (faults.circles) {
      response.writeHead(307, { location: request.url }).end();
      return;
    }
    if (!this.#isAllowed(request)) {
      const realm = this.auth?.realm ?? `${this.address}/token`;
      const challenge =
        this.auth?.scheme === 'basic' ? 'Basic realm="x"' : `Bearer realm="${realm}",service="stand-in",scope="repository:all:push,pull"`;
      const before = this.auth?.before === undefined ? [] : [this.auth.before];
      response.writeHead(401, { 'www-authenticate': [...before, challenge] }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      return;
    }
    const [, name = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(pathname) ?? [];
    const repository = this.#repositories.get(name);
    if (repository === undefined) notFound(response, 'NAME_UNKNOWN');
    else if (kind === 'manifests') this.#manifest(request, response, repository, reference);
    else if (kind === 'blobs') this.#blob(request, response, repository, reference);
    else if (kind === 'tags') this.#tags(response, name, repository, searchParams);
    else this.#referrers(response, name, reference, searchParams);
  }

  #isAllowed(request: http.IncomingMessage): boolean {
    if (this.faults.always401) return false;
    if (this.auth === null || !this.demandsCredentials(request.url ?? '')) return true;
    const header = request.headers.authorization ?? '';
    if (this.auth.scheme === 'basic') return header === this.#basic();
    return this.#tokens.has(header.replace(/^Bearer /, ''));
  }

  #basic(): string {
    return `Basic ${Buffer.from(`${this.auth?.user}:${this.auth?.password}`).toString('base64')}`;
  }

  /** Forgets all issued tokens, as if they had expired. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  #token(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
    const { auth } = this;
    if (auth?.tokenRedirect !== undefined) {
      response.writeHead(307, { location: auth.tokenRedirect }).end();
      return;
    }
    if (auth?.tokenBody !== undefined) {
      response.writeHead(200).end(auth.tokenBody);
      return;
    }
    const isRefresh = request.method === 'POST' && new URLSearchParams(body).get('refresh_token') === auth?.identityToken;
    const isKnown = auth?.user === undefined || request.headers.authorization === this.#basic() || isRefresh;
    if (!isKnown) {
      response.writeHead(401).end();
      return;
    }
    const token = `token-${this.#tokenCount++}`;
    this.#tokens.add(token);
    const life = auth?.expiresIn === undefined ? {} : { expires_in: auth.expiresIn };
    response.writeHead(200).end(JSON.stringify({ [isRefresh ? 'access_token' : 'token']: token, ...life }));
  }

  #manifest(request: http.IncomingMessage, response: http.ServerResponse, repository: Repository, reference: string): void {
    const { manifest } = this.faults;
    if (manifest === 'no-head' && request.method === 'HEAD') {
      response.writeHead(405).end();
      return;
    }
    const digest = reference.includes(':') ? reference : (repository.tags[reference] ?? '');
    const known = repository.content.get(digest);
    if (known === undefined) {
      notFound(response, 'MANIFEST_UNKNOWN');
      return;
    }
    let bytes = known;
    if (manifest === 'changed') bytes = json({ ...JSON.parse(Buffer.from(known).toString()), changed: true });
    if (manifest === 'schema1') bytes = json({ schemaVersion: 1, name: 'x', fsLayers: [] });
    if (manifest === 'huge') bytes = new Uint8Array(5 * 1024 * 1024).fill(32);
    const { mediaType } = JSON.parse(Buffer.from(known).toString()) as { mediaType: string };
    response.writeHead(200, { 'content-type': mediaType, 'docker-content-digest': digest, 'content-length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  #blob(request: http.IncomingMessage, response: http.ServerResponse, repository: Repository, digest: string): void {
    const bytes = repository.content.get(digest);
    const { blobsAt, blobDigest } = this.faults;
    const chosen = request.headers.range === undefined ? this.faults.blob : (this.faults.range ?? this.faults.blob);
    const fault = blobDigest === undefined || blobDigest === digest ? chosen : undefined;
    if (bytes === undefined || fault === 'missing') {
      notFound(response, 'BLOB_UNKNOWN');
      return;
    }
    if (blobsAt !== undefined) {
      response.writeHead(307, { location: `${blobsAt}/${digest}` }).end();
      return;
    }
    serveBytes(request, response, bytes, fault);
  }

  #tags(response: http.ServerResponse, name: string, { tags }: Repository, query: URLSearchParams): void {
    if (this.faults.tagsAt !== undefined) {
      response.writeHead(307, { location: this.faults.tagsAt }).end();
      return;
    }
    const all = Object.keys(tags).sort();
    const from = query.has('last') ? all.indexOf(query.get('last') ?? '') + 1 : 0;
    const page = all.slice(from, from + PAGE);
    const hasMore = this.faults.endlessPages || from + PAGE < all.length;
    const next = this.faults.nextPageAt ?? `/v2/${name}/tags/list?last=${page.at(-1) ?? ''}`;
    response.writeHead(200, hasMore ? { link: `<${next}>; rel="next"` } : {}).end(JSON.stringify({ name, tags: page }));
  }

  #referrers(response: http.ServerResponse, name: string, subject: string, query: URLSearchParams): void {
    if (this.referrers === null) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
      return;
    }
    const all = this.referrers.filter((entry) => entry.subject === subject);
    const from = Number(query.get('from') ?? 0);
    const hasMore = this.faults.endlessPages || from + PAGE < all.length;
    const link = { link: `</v2/${name}/referrers/${subject}?from=${from + PAGE}>; rel="next"` };
    const manifests = all.slice(from, from + PAGE).map(({ digest, artifactType, annotations }) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: 2,
      artifactType,
      ...(annotations === undefined ? {} : { annotations }),
    }));
    response.writeHead(200, hasMore ? link : {}).end(JSON.stringify({ schemaVersion: 2, manifests }));
  }
}

function notFound(response: http.ServerResponse, code: string): void {
  response.writeHead(404).end(JSON.stringify({ errors: [{ code }] }));
}

/** Serves bytes as a registry or a blob store does, including ranges, or with a fault. */
export function serveBytes(request: http.IncomingMessage, response: http.ServerResponse, bytes: Uint8Array, fault?: BlobFault): void {
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const isRange = request.headers.range !== undefined;
  if (fault === 'no-range' && isRange) {
    response.writeHead(416).end();
    return;
  }
  const [from, to] = isRange && fault !== 'whole' ? [Number(first), Math.min(Number(last), bytes.length - 1)] : [0, bytes.length - 1];
  let body = bytes.subarray(from, to + 1);
  const headers: Record<string, string | number> = {};
  if (isRange && fault !== 'whole') {
    const stated = fault === 'wrong-range' ? `bytes ${from + 1}-${to + 1}/${bytes.length}` : `bytes ${from}-${to}/${bytes.length}`;
    headers['content-range'] = stated;
  }
  if (fault === 'short') body = body.subarray(0, Math.ceil(body.length / 2));
  if (fault === 'long') body = Buffer.concat([body, utf8('more')]);
  if (fault === 'changed') body = body.map((byte) => byte ^ 1);
  if (fault === 'encoded') headers['content-encoding'] = 'gzip';
  if (fault !== 'endless') headers['content-length'] = body.length;
  response.writeHead(isRange && fault !== 'whole' ? 206 : 200, headers);
  if (fault === 'stalled') {
    response.write(body.subarray(0, 10));
    return;
  }
  if (fault === 'dripping') {
    let at = 0;
    const drip = setInterval(() => response.write(body.subarray(at, ++at)), 10);
    response.on('close', () => clearInterval(drip));
    return;
  }
  if (fault === 'broken-off' && !isRange) {
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
    return;
  }
  if (fault === 'endless') {
    const more = (): void => {
      if (!response.destroyed) response.write(new Uint8Array(64 * 1024), more);
    };
    more();
    return;
  }
  response.end(body);
}

/** Starts a registry that is closed when the test ends. For TLS, pass a `server`. */
export async function standInRegistry(context: TestContext, server?: http.Server, at?: ListenAt): Promise<StandInRegistry> {
  const registry = new StandInRegistry(server);
  await listen(context, registry.server, at);
  return registry;
}

/** A port, or the path of a socket. */
type ListenAt = { readonly port: number; readonly host: string } | string;

/** Starts a server on loopback. The server and its connections are closed when the test ends. */
export async function listen(context: TestContext, server: Server, at: ListenAt = { port: 0, host: '127.0.0.1' }): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, resolve);
  });
  atEnd(context, () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
}

/** Starts a server that answers every connection with the same bytes, whether HTTP or not. Returns its host and port. */
export async function rawServer(context: TestContext, answer: string): Promise<string> {
  const server = net.createServer((socket) => {
    socket.once('data', () => socket.end(answer));
  });
  await listen(context, server);
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
