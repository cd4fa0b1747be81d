// Starts a real registry, Debian's docker-registry, and pushes images to it without other programs.
import { writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { runEngine } from './engines.ts';
import type { BuiltDescriptor, Files, ociImage } from './image-builder.ts';
import { until } from './waiting.ts';
import { testFolder } from './workbench.ts';

/** `me:secret`, for htpasswd. */
const PASSWORDS = 'me:$2b$04$vbOFXeynqIDmoQ7ThfT6T.WIeReD.rqv9vKtu.o.eoNkO5jcvu9lq\n';

/** Returns a loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts docker-registry, which runs until the test ends. If `isLocked`, it requires the user `me` with the password `secret`. Returns its
 * host.
 */
export async function startRegistry(t: TestContext, isLocked = false): Promise<string> {
  const folder = testFolder(t);
  const host = `127.0.0.1:${await freePort()}`;
  const passwords = path.join(folder, 'passwords');
  writeFileSync(passwords, PASSWORDS);
  const auth = isLocked ? `auth: {htpasswd: {realm: x, path: ${passwords}}}\n` : '';
  const settings = path.join(folder, 'settings.yml');
  writeFileSync(settings, `version: 0.1\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: "${host}"}\n${auth}`);
  // Unset, because the registry would treat this variable as one of its settings.
  runEngine(t, 'env', ['-u', 'REGISTRY_AUTH_FILE', 'docker-registry', 'serve', settings]);
  await until(async () => (await fetch(`http://${host}/v2/`).catch(() => null)) !== null, 'docker-registry answers');
  return host;
}

/** Pushes an image and its blobs under `repository:tag`. Source: the distribution specification, "Pushing manifests". */
export async function pushImage(host: string, name: string, files: Files, image: ReturnType<typeof ociImage>): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  const base = `http://${host}/v2/${repository}`;
  for (const { digest } of [image.config, ...image.layers]) {
    const { headers } = await send(`${base}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(headers.get('location') ?? '', base);
    place.searchParams.set('digest', digest);
    await send(place, { method: 'PUT', body: bytesOf(files, { digest }), headers: { 'content-type': 'application/octet-stream' } });
  }
  await send(`${base}/manifests/${tag}`, { method: 'PUT', body: bytesOf(files, image), headers: { 'content-type': image.mediaType } });
}

function bytesOf(files: Files, { digest }: Pick<BuiltDescriptor, 'digest'>): Buffer<ArrayBuffer> {
  return Buffer.from(files.map.get(`blobs/${digest.replace(':', '/')}`) ?? []);
}

async function send(address: string | URL, init: RequestInit): Promise<Response> {
  const response = await fetch(address, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method} ${address}: ${response.status} ${text}`);
  return response;
}
