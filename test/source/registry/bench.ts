// Shared by registry tests: a client for a stand-in registry, configured through a user's settings.
import type { TestContext } from 'node:test';
import { HttpClient } from '../../../src/source/http/http-client.ts';
import { NetworkRouter } from '../../../src/source/http/network-router.ts';
import type { Credentials } from '../../../src/source/registry/credential-helper.ts';
import { RegistryClient } from '../../../src/source/registry/registry-client.ts';
import { type EndpointPlace, RegistryEndpoint } from '../../../src/source/registry/registry-endpoint.ts';
import { Files, ociImage } from '../../support/image-builder.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { atEnd } from '../../support/workbench.ts';

export interface ClientOptions {
  readonly name?: string;
  readonly credentials?: Credentials | null;
  readonly realms?: readonly string[];
  readonly silenceMs?: number;
  readonly offline?: boolean;
  readonly mirrors?: readonly string[];
  readonly certificateFolders?: readonly string[];
  /** Whether to skip the check of certificates. */
  readonly isUnchecked?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly systemProxy?: (address: string) => Promise<string>;
  readonly lookup?: ConstructorParameters<typeof NetworkRouter>[0]['lookup'];
}

export function testHttp(context: TestContext, options: ClientOptions = {}): HttpClient {
  const { silenceMs, offline = false, env = {}, lookup, systemProxy, certificateFolders = [], isUnchecked = false } = options;
  const router = new NetworkRouter({
    env,
    certificateFolders,
    isUnchecked: () => isUnchecked,
    systemProxy,
    ...(lookup === undefined ? {} : { lookup }),
  });
  const client = new HttpClient({ router, offline, ...(silenceMs === undefined ? {} : { silenceMs }) });
  atEnd(context, () => client[Symbol.dispose]());
  return client;
}

export function testClient(context: TestContext, host: string, options: ClientOptions = {}): RegistryClient {
  const { name = 'app', credentials = null, realms = [], mirrors = [] } = options;
  const client = testHttp(context, options);
  const place = (at: string, isMirror: boolean): EndpointPlace => ({
    host: at,
    path: '',
    name,
    credentialHost: at,
    mayBePlain: true,
    isMirror,
  });
  const shared = { client, credentials: { find: async () => credentials }, realms: new Set(realms) };
  return new RegistryClient(
    [...mirrors.map((mirror) => place(mirror, true)), place(host, false)].map((each) => new RegistryEndpoint(each, shared)),
  );
}

/** Makes an image of two layers, with its blobs. */
export function sampleImage() {
  const files = new Files();
  const image = ociImage(files, {
    layers: [
      { tar: tar(file('etc/passwd', 'root')), packed: 'gzip' },
      { tar: tar(file('app/run', 'go'.repeat(5000))), packed: 'gzip' },
    ],
  });
  return { files, image };
}

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
