import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { concat, directory, END_MARKER, file, hardlink, symlink, tar } from '../../support/tar-builder.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export interface ImageLayer {
  readonly tar: Uint8Array;
  readonly createdBy: string;
}

export interface ImageOptions {
  readonly name?: string;
  readonly architecture?: string;
  readonly os?: string;
  /** Steps after the last layer that create no layer. */
  readonly lastSteps?: readonly string[];
  /** When the image's steps were made: all of them, or each of its layers and last steps. */
  readonly created?: string | readonly (string | null)[];
  /** Settings for containers: the `config` object in the image's config. */
  readonly config?: object;
}

interface Built {
  readonly members: readonly Uint8Array[];
  readonly manifest: object;
}

function build(
  layers: readonly ImageLayer[],
  { name, architecture = 'amd64', os = 'linux', lastSteps = [], created = '2025-11-20T10:11:12Z', config: settings = {} }: ImageOptions,
): Built {
  const steps = [
    ...layers.map(({ createdBy }) => ({ created_by: createdBy })),
    ...lastSteps.map((step) => ({ created_by: step, empty_layer: true })),
  ];
  const history = steps.map((step, at) => ({ ...step, created: typeof created === 'string' ? created : (created[at] ?? undefined) }));
  const diffIds = layers.map((layer) => `sha256:${sha256(layer.tar)}`);
  const config = JSON.stringify({ architecture, os, config: settings, rootfs: { type: 'layers', diff_ids: diffIds }, history });
  const configName = `${sha256(Buffer.from(config))}.json`;
  const layerNames = layers.map((layer) => `${sha256(layer.tar)}/layer.tar`);
  return {
    members: [file(configName, config), ...layers.map((layer, index) => file(layerNames[index] ?? '', layer.tar))],
    manifest: { Config: configName, RepoTags: name === undefined ? null : [name], Layers: layerNames },
  };
}

/** Creates a docker-archive with one image: manifest.json, its config, its layers as plain tars. */
export function dockerArchive(layers: readonly ImageLayer[], options: ImageOptions = {}): Uint8Array {
  const { members, manifest } = build(layers, options);
  return tar(...members, file('manifest.json', JSON.stringify([manifest])));
}

/** Creates a docker-archive with several images. */
export function dockerArchiveOf(images: readonly { layers: readonly ImageLayer[]; options: ImageOptions }[]): Uint8Array {
  const built = images.map(({ layers, options }) => build(layers, options));
  return tar(...built.flatMap(({ members }) => members), file('manifest.json', JSON.stringify(built.map(({ manifest }) => manifest))));
}

/** Returns the files of an OCI image layout by their paths within its folder. */
export function ociLayout(layers: readonly ImageLayer[], name: string): ReadonlyMap<string, Uint8Array | string> {
  const files = new Map<string, Uint8Array | string>();
  const blob = (mediaType: string, bytes: Uint8Array) => {
    const digest = sha256(bytes);
    files.set(`blobs/sha256/${digest}`, bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const described = layers.map((layer) => blob('application/vnd.oci.image.layer.v1.tar', layer.tar));
  const rootfs = { type: 'layers', diff_ids: described.map(({ digest }) => digest) };
  const history = layers.map(({ createdBy }) => ({ created_by: createdBy }));
  const config = blob(
    'application/vnd.oci.image.config.v1+json',
    json({ architecture: 'amd64', os: 'linux', config: {}, rootfs, history }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = blob(mediaType, json({ schemaVersion: 2, mediaType, config, layers: described }));
  const annotations = { 'org.opencontainers.image.ref.name': name };
  files.set('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  files.set('index.json', JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  return files;
}

/** A PNG picture of one red pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
);

const lines = (count: number, text: string) => Array.from({ length: count }, (_, index) => `${text} ${index + 1}\n`).join('');
const binary = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 3)) & 255);

/** Five layers with an example of everything that the window shows. */
export const WEB_API: readonly ImageLayer[] = [
  {
    createdBy: '/bin/sh -c #(nop) ADD file:5a9dd8 in / ',
    tar: tar(
      directory('etc/'),
      file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n', { uname: 'root', gname: 'root' }),
      file('etc/motd', lines(400, 'welcome')),
      directory('usr/'),
      directory('usr/lib/'),
      file('usr/lib/libssl.so.3', binary(300_000), { mode: 0o755 }),
      symlink('usr/lib/libssl.so', 'libssl.so.3'),
      directory('var/cache/'),
      file('var/cache/a.bin', binary(60_000)),
      file('var/cache/b.bin', binary(20_000)),
    ),
  },
  {
    createdBy: 'RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit',
    tar: tar(
      file('usr/lib/libssl.so.3', binary(301_000), { mode: 0o644, mtime: 1_700_000_000 }),
      file('usr/bin/curl', binary(150_000), { mode: 0o4755 }),
      hardlink('usr/bin/curl-again', 'usr/bin/curl'),
    ),
  },
  {
    createdBy: 'RUN /bin/sh -c npm ci --omit=dev # buildkit',
    tar: tar(
      directory('app/'),
      file('app/logo.png', PNG),
      file('app/server.js', lines(20_000, "console.log('hello from line')")),
      ...Array.from({ length: 120 }, (_, index) =>
        file(`app/node_modules/package-${String(index).padStart(3, '0')}/index.js`, lines(40, `// package ${index}, line`)),
      ),
    ),
  },
  {
    createdBy: 'RUN /bin/sh -c rm -rf /var/cache /etc/motd # buildkit',
    tar: tar(file('etc/.wh.motd', ''), directory('var/cache/'), file('var/cache/.wh..wh..opq', '')),
  },
  {
    createdBy: 'COPY app.conf /etc/app.conf # buildkit',
    tar: tar(file('etc/app.conf', 'port = 8080\n'), file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\napp:x:10001:10001::/app:\n')),
  },
];

/** Creates a layer with many files in few folders. */
export function wideLayer(files: number): ImageLayer {
  const members = Array.from({ length: files }, (_, index) =>
    file(`data/part-${index % 50}/file-${String(index).padStart(6, '0')}.txt`, `${index}`),
  );
  return { createdBy: 'RUN /bin/sh -c generate # buildkit', tar: concat(...members, END_MARKER) };
}

/**
 * Creates a gzip-compressed layer with `mebibytes` MiB of zeros, small on disk and slow to read: one gzip member of 16 MiB, repeated. The
 * tar has no end marker on purpose, because no reader should get that far.
 */
export function endlessLayer(mebibytes: number): Uint8Array {
  const size = mebibytes * 1_048_576;
  const start = file('zeros.bin', '', { size });
  const piece = gzipSync(new Uint8Array(16 * 1_048_576), { level: 1 });
  return concat(gzipSync(start), ...Array.from({ length: mebibytes / 16 }, () => piece));
}
