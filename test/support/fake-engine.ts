// An engine's API like Docker's and Podman's, on a socket in a temporary folder or on loopback.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { listen } from './registry.ts';
import { testFolder } from './workbench.ts';

export interface FakeImage {
  readonly id: string;
  readonly names: readonly string[];
  readonly archive: Uint8Array;
  readonly platforms?: readonly string[];
  /** The id in the image's description, if it differs from the one in the list. */
  readonly describedId?: string;
  /** In bytes, as stated in the list of images. `created` is in seconds since 1970. */
  readonly size?: unknown;
  readonly created?: unknown;
}

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  /** The image's id. */
  readonly image: string;
  readonly changes: readonly { readonly Path: string; readonly Kind: number }[];
  /** A tar of the whole file system. */
  readonly files: Uint8Array;
  /** Where overlay2 keeps the changes. */
  readonly upperDir?: string;
}

export interface EngineFaults {
  /** Whether the image vanishes between inspection and export. */
  goneMeanwhile?: boolean;
  /** Whether the connection is closed after half of the export. */
  cut?: boolean;
  /** Whether requests are never answered. */
  hangs?: boolean;
  status?: number;
}

export class FakeEngine {
  /** Paths of the requests, with their methods. */
  readonly asked: string[] = [];
  readonly faults: EngineFaults = {};
  readonly images: FakeImage[] = [];
  readonly containers: FakeContainer[] = [];
  /** The version in the response to `/_ping`; null for none. */
  version: string | null = '1.41';
  /** Requests for an older version are refused. */
  minimum = '1.12';
  isPodman = false;
  /** The data root in the response to `/info`; null for none. */
  dataRoot: string | null = null;
  readonly server: http.Server;

  constructor(server = http.createServer()) {
    this.server = server;
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => this.#answer(request, response));
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://x');
    this.asked.push(`${request.method} ${request.url}`);
    if (this.faults.hangs) return;
    if (this.faults.status !== undefined) {
      response.writeHead(this.faults.status).end('{"message":"the engine said so"}');
      return;
    }
    if (url.pathname === '/_ping') {
      const version = this.version === null ? {} : { 'Api-Version': this.version };
      response.writeHead(200, { ...version, ...(this.isPodman ? { 'Libpod-API-Version': '4.3.1' } : {}) }).end('OK');
      return;
    }
    const [, version = '1.24', rest = ''] = /^(?:\/v(\d+\.\d+))?(\/.*)$/.exec(url.pathname) ?? [];
    if (Number(version.split('.')[1]) < Number(this.minimum.split('.')[1])) {
      response.writeHead(400).end(JSON.stringify({ message: `client version ${version} is too old` }));
      return;
    }
    if (rest === '/images/json') {
      response.end(
        JSON.stringify(
          this.images.map(({ id, names, size = 5, created = 1 }) => ({
            Id: id,
            RepoTags: names.length > 0 ? names : ['<none>:<none>'],
            Size: size,
            Created: created,
          })),
        ),
      );
      return;
    }
    if (rest === '/info' && this.dataRoot !== null) {
      response.end(JSON.stringify({ DockerRootDir: this.dataRoot }));
      return;
    }
    const [, id, part] = /^\/containers\/([^/]+)\/(json|changes|export)$/.exec(rest) ?? [];
    if (id !== undefined) {
      this.#container(response, id, part);
      return;
    }
    const [, name = '', verb] = /^\/images\/(.+)\/(json|get)$/.exec(rest) ?? [];
    const image = this.#find(decodeURIComponent(name));
    if (image === undefined || (this.faults.goneMeanwhile && verb === 'get')) {
      response.writeHead(404).end('{"message":"No such image"}');
      return;
    }
    if (verb === 'json') response.end(JSON.stringify(described(image, url.searchParams.has('manifests'))));
    else this.#export(response, image, url.searchParams.get('platform'));
  }

  #container(response: http.ServerResponse, id: string, part: string | undefined): void {
    const container = this.containers.find((each) => each.name === id || each.id.startsWith(id));
    if (container === undefined) response.writeHead(404).end('{"message":"No such container"}');
    else if (part === 'changes') response.end(JSON.stringify(container.changes));
    else if (part === 'export') response.end(container.files);
    else {
      const { id: full, name, image, upperDir } = container;
      const graph = upperDir === undefined ? {} : { GraphDriver: { Name: 'overlay2', Data: { UpperDir: upperDir } } };
      response.end(JSON.stringify({ Id: full, Name: `/${name}`, Image: image, ...graph }));
    }
  }

  #find(name: string): FakeImage | undefined {
    const full = name.includes(':') ? name : `${name}:latest`;
    return this.images.find(({ id, names }) => id === name || names.includes(full) || id.slice(7).startsWith(name));
  }

  #export(response: http.ServerResponse, { archive, platforms = [] }: FakeImage, platform: string | null): void {
    if (platform !== null) {
      const { os, architecture } = JSON.parse(platform) as Record<string, string>;
      if (!platforms.includes(`${os}/${architecture}`)) {
        response.writeHead(404).end(JSON.stringify({ message: `no match for platform ${os}/${architecture}` }));
        return;
      }
    }
    if (this.faults.cut) response.write(archive.subarray(0, archive.length / 2), () => response.destroy());
    else response.end(archive);
  }
}

/** Returns the API's description of an image. All platforms but the last are available, and there is also an attestation. */
function described({ id, names, platforms = [], describedId = id }: FakeImage, withManifests: boolean): object {
  const manifests = platforms.map((platform, index) => {
    const [os, architecture] = platform.split('/');
    return { Kind: 'image', Available: index < platforms.length - 1, ImageData: { Platform: { os, architecture } } };
  });
  const all = { Manifests: [...manifests, { Kind: 'attestation', Available: true }] };
  return { Id: describedId, RepoTags: names, RepoDigests: [], ...(withManifests ? all : {}) };
}

/** Starts an engine on a socket. Both are closed when the test ends. */
export async function fakeEngine(context: TestContext): Promise<{ readonly engine: FakeEngine; readonly socket: string }> {
  const engine = new FakeEngine();
  const socket = path.join(testFolder(context), 'engine.sock');
  await listen(context, engine.server, socket);
  return { engine, socket };
}

/** Starts an engine on loopback, over TLS if `server` is an HTTPS server. Returns its port. */
export async function listeningEngine(
  context: TestContext,
  server: http.Server,
): Promise<{ readonly engine: FakeEngine; readonly port: number }> {
  const engine = new FakeEngine(server);
  await listen(context, server);
  return { engine, port: (server.address() as AddressInfo).port };
}
