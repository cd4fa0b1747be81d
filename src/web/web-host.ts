import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Host, Sender } from '#host';
import { asLayerscopeError, LayerscopeError } from '#model';
import { BACKLOG, type ConnectionLimits, watchConnections } from './connections.ts';
import { checkOrigin, checkSite, Refusal, readJson } from './guards.ts';
import { COMMON_HEADERS, onClose, replyJson, replyWire, sendDownload } from './replies.ts';
import { SESSION_ICON, SESSION_PAGE, SESSION_STYLE } from './session-page.ts';
import { createSessions } from './sessions.ts';
import { listStaticFiles, type StaticFiles, sendFile } from './static-files.ts';
import { parseTopics, streamTopics } from './topic-stream.ts';
import type { Uploads } from './uploads.ts';

export interface WebHostOptions {
  readonly host: Host;
  /** The built window. */
  readonly rendererFolder: string;
  readonly uploads: Uploads;
  /** Defaults to 0, any free port. */
  readonly port?: number;
  readonly limits?: ConnectionLimits;
}

/** A listening loopback host. Disposal closes its connections; the caller owns host and uploads. */
export interface WebHost extends AsyncDisposable {
  readonly port: number;
  /** Returns a new address for one browser; its token can be exchanged once. */
  issueUrl(): string;
}

/**
 * How long an idle connection is kept alive. Long, so that a session keeps its connection and needn't compete with strangers for a new one.
 */
const KEPT_MS = 600_000;

/** How long a client may keep sending after its request has been refused. */
const LAST_WORD_MS = 1_000;

/**
 * Maximum size of a request's headers in bytes. Other programs on this address can set up to 180 cookies of 4 kB that the browser sends
 * here too, and those requests must still be readable.
 */
const MAX_HEADER_BYTES = 1_048_576;

/** Pages for a browser without a session. */
const SESSION_FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/no-session': ['text/html; charset=utf-8', SESSION_PAGE],
  '/session.css': ['text/css; charset=utf-8', SESSION_STYLE],
  '/favicon.ico': ['image/svg+xml', SESSION_ICON],
};

const NO_SESSION = 'this browser has no session: open the address that the program printed';

/**
 * Serves the contract and the window to browsers on this machine, with node:http on 127.0.0.1. Checks Host, Origin, session, type and
 * length of every request first. The window's own files are public; everything else needs a session. Throws NOT_FOUND if the window isn't
 * built, IO if the port is taken, PERMISSION.
 */
export async function startWebHost({ host, rendererFolder, uploads, port = 0, limits = {} }: WebHostOptions): Promise<WebHost> {
  const files = await listStaticFiles(rendererFolder);
  let listening = port;
  const sessions = createSessions(host);

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
    checkOrigin(request, listening);
    const address = (request.url ?? '').replace(/[?#].*$/s, '');
    const sender = sessions.find(request);
    if (sender !== null) connections.belongsToSession(request.socket);
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (isReading && !/^\/(topics|downloads)\//.test(address) && address !== '/session') {
      await servePage(request, response, address, files);
      return;
    }
    checkSite(request);
    if (address === '/session' && request.method === 'POST') {
      const body = await readJson(request);
      const secret = sessions.exchange((body as { token?: unknown } | null)?.token);
      if (secret === null) throw new Refusal(403, 'FORBIDDEN', 'the address was already used, or is incomplete');
      replyJson(response, 200, { ok: true, value: { secret } });
      return;
    }
    if (address.startsWith('/downloads/') && request.method === 'GET') {
      // The browser fetches downloads without the page's header, so the name, 128 random bits valid once, is the only secret.
      const exported = host.download(address.slice('/downloads/'.length));
      connections.belongsToSession(request.socket);
      await sendDownload(response, exported);
      return;
    }
    if (sender === null) throw new Refusal(401, 'FORBIDDEN', NO_SESSION);
    await serveSession(request, response, address, sender);
  };

  const serveSession = async (request: IncomingMessage, response: ServerResponse, address: string, sender: Sender): Promise<void> => {
    const [, area, rest = ''] = /^\/([a-z]+)(?:\/([^/]*))?$/.exec(address) ?? [];
    const route = `${request.method} ${area}`;
    if (route === 'GET session') replyJson(response, 200, { ok: true, value: {} });
    else if (route === 'GET topics') streamTopics(host, sender, parseTopics(rest), response);
    else if (route === 'POST call') {
      const input = await readJson(request);
      const left = new AbortController();
      onClose(response, () => left.abort());
      const envelope = await host.handle(sender, rest, input, { signal: left.signal });
      if (!response.destroyed) replyWire(response, envelope);
    } else if (route === 'PUT uploads') {
      await uploads.receive(sender, rest, request);
      replyJson(response, 200, { ok: true, value: {} });
    } else throw new Refusal(404, 'NOT_FOUND', 'not found');
  };

  // A request without a Host header is refused by our own guard, whose replies have our headers.
  const server = createServer({ requireHostHeader: false, maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    if (!connections.isAlone(request.socket, response)) return;
    handle(request, response).catch((error: unknown) => refuse(host, request, response, error));
  });
  const connections = watchConnections(server, limits);
  server.requestTimeout = 0; // uploads may take a long time; cutOffWhenIdle ends stalled bodies
  server.headersTimeout = 10_000;
  server.keepAliveTimeout = KEPT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = new LayerscopeError('IO', `port ${port} is taken`, { cause: error });
      reject(error.code === 'EADDRINUSE' ? taken : asLayerscopeError(error));
    });
    server.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, resolve);
  });
  listening = (server.address() as AddressInfo).port;

  return {
    port: listening,
    issueUrl: () => `http://127.0.0.1:${listening}/#token=${sessions.issueToken()}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function servePage(request: IncomingMessage, response: ServerResponse, address: string, files: StaticFiles): Promise<void> {
  if (address !== '/') checkSite(request); // other sites may link to the page, but to nothing else
  const headOnly = request.method === 'HEAD';
  const [type, text] = (Object.hasOwn(SESSION_FILES, address) && SESSION_FILES[address]) || [];
  const file = files.get(address);
  if (type !== undefined && text !== undefined) {
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    response.end(headOnly ? undefined : text);
  } else if (file !== undefined) await sendFile(response, file, headOnly);
  else throw new Refusal(404, 'NOT_FOUND', 'not found');
}

function refuse(host: Host, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy(); // too late for an error reply
    return;
  }
  const status = error instanceof Refusal ? error.status : asLayerscopeError(error).code === 'INTERNAL' ? 500 : 400;
  replyJson(response, status, host.refuse(error));
  // Keeps the connection open briefly: if it closed while the client was still sending, the client might never see the reply.
  const cut = setTimeout(() => request.destroy(), LAST_WORD_MS);
  request.once('close', () => clearTimeout(cut));
}
