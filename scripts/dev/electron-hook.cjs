// `npm run dev` in Electron: loaded before main.cjs with -r. Serves the page of app:// from Vite's server and allows Vite's socket.
// Everything that is relaxed for development is here, so that none of it can get into a build.
'use strict';
const http = require('node:http');
const { app } = require('electron');

const port = Number(process.env.LAYERSCOPE_DEV_PORT);
const SOCKET = new RegExp(`^ws://127\\.0\\.0\\.1:${port}/`);

/** Returns Vite's response for a path. */
function ask(url) {
  return new Promise((resolve, reject) => {
    const { pathname, search } = new URL(url);
    const request = http.get({ host: '127.0.0.1', port, path: pathname + search, headers: { accept: '*/*' } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: flat(response.headers), body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
  });
}

function flat(headers) {
  const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !hopByHop.includes(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

function servePage(protocol) {
  if (typeof protocol.handle === 'function') {
    const handle = protocol.handle.bind(protocol);
    protocol.handle = (scheme) =>
      handle(scheme, async (request) => {
        const { status, headers, body } = await ask(request.url);
        return new Response(body, { status, headers });
      });
    return;
  }
  // Electron before 25
  const register = protocol.registerBufferProtocol.bind(protocol);
  protocol.registerBufferProtocol = (scheme) =>
    register(scheme, (request, callback) => {
      ask(request.url).then(
        ({ status, headers, body }) =>
          callback({ statusCode: status, headers, mimeType: (headers['content-type'] || '').replace(/;.*/, ''), data: body }),
        () => callback({ error: -102 }), // net::ERR_CONNECTION_REFUSED: Vite's server has exited
      );
    });
}

function allowSocket(requests) {
  const onBeforeRequest = requests.onBeforeRequest.bind(requests);
  requests.onBeforeRequest = (listener) =>
    onBeforeRequest((details, callback) => (SOCKET.test(details.url) ? callback({}) : listener(details, callback)));
}

app.once('session-created', (session) => {
  servePage(session.protocol);
  allowSocket(session.webRequest);
});
