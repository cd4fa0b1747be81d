// Writes layer tars, docker-archives and OCI archives. This file is the only user of tar-stream, which is loaded on first use. Output is
// deterministic: it depends only on the arguments, not on the machine or the date.
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import type { Pack } from 'tar-stream';
import { MEDIA_TYPE } from '#format/image';

/** A tar member to write. Names are written as given; those of folders end in `/`. */
export interface NewMember {
  readonly name: string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly body?: Uint8Array | string;
  /** A body too large for memory, read when it is written. */
  readonly content?: { readonly sizeBytes: number; readonly bytes: () => AsyncIterable<Uint8Array> };
  readonly linkname?: string;
  /** Defaults to 0644, for folders to 0755. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970. Defaults to 0. */
  readonly mtimeSeconds?: number;
}

/** An image to write. Layers are plain tars, bottom first. */
export interface NewImage {
  readonly name: string;
  readonly os: string;
  readonly architecture: string;
  /** RFC 3339. Defaults to 1970. */
  readonly created?: string;
  readonly layers: readonly { readonly tar: Uint8Array; readonly createdBy: string; readonly gzip?: boolean }[];
  /** The `config` field of the image config: Cmd, Env, … */
  readonly config?: object;
  /** The complete history for the config, including steps without a layer. Defaults to one step per layer. */
  readonly history?: readonly {
    readonly created_by: string;
    readonly created?: string;
    readonly empty_layer?: boolean;
    readonly comment?: string;
  }[];
}

const LINK_TYPE = { file: 'file', directory: 'directory', symlink: 'symlink', hardlink: 'link' } as const;

/** Yields a tar of the members in order, with one body in memory at a time. */
export async function* packTar(members: Iterable<NewMember> | AsyncIterable<NewMember>): AsyncGenerator<Uint8Array> {
  const { pack } = await import('tar-stream');
  const stream = pack();
  const writing = writeMembers(stream, members).catch((error: Error) => stream.destroy(error));
  for await (const chunk of stream) yield chunk as Uint8Array;
  await writing;
}

async function writeMembers(stream: Pack, members: Iterable<NewMember> | AsyncIterable<NewMember>): Promise<void> {
  for await (const { name, type = 'file', body = '', content, linkname, mode, uid = 0, gid = 0, mtimeSeconds = 0 } of members) {
    const header = {
      name,
      type: LINK_TYPE[type],
      mode: mode ?? (type === 'directory' ? 0o755 : 0o644),
      uid,
      gid,
      mtime: new Date(mtimeSeconds * 1000),
      ...(linkname === undefined ? {} : { linkname }),
    };
    if (content !== undefined) {
      const sink = stream.entry({ ...header, size: content.sizeBytes });
      await pipeline(content.bytes, sink);
      continue;
    }
    await new Promise<void>((resolve, reject) => {
      stream.entry(header, type === 'file' ? Buffer.from(body) : '', (error) => (error ? reject(error) : resolve()));
    });
  }
  stream.finalize();
}

/** Returns a small tar as a whole. */
export async function tarBytes(members: Iterable<NewMember>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packTar(members)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Yields a docker-archive in the format of Docker 1.10 to 24: `<hex>.json`, `<hex>.tar` and manifest.json. */
export function packDockerArchive(images: readonly NewImage[]): AsyncGenerator<Uint8Array> {
  const members = new Map<string, NewMember>();
  const manifest = images.map((image) => {
    const names = image.layers.map((layer) => {
      const name = layer.gzip ? `${hexOf(blobOf(layer))}.tar.gz` : `${hexOf(layer.tar)}.tar`;
      members.set(name, { name, body: blobOf(layer) });
      return name;
    });
    const config = jsonBytes(configOf(image));
    const name = `${hexOf(config)}.json`;
    members.set(name, { name, body: config });
    return { Config: name, RepoTags: [image.name], Layers: names };
  });
  members.set('manifest.json', { name: 'manifest.json', body: jsonBytes(manifest) });
  return packTar(members.values());
}

/** Yields an OCI archive: the layout of image-spec's image-layout.md in a tar. */
export function packOciArchive(images: readonly NewImage[]): AsyncGenerator<Uint8Array> {
  const members = new Map<string, NewMember>();
  const add = (body: Uint8Array, mediaType: string) => {
    const hex = hexOf(body);
    members.set(hex, { name: `blobs/sha256/${hex}`, body });
    return { mediaType, digest: `sha256:${hex}`, size: body.length };
  };
  const manifests = images.map((image) => {
    const layers = image.layers.map((layer) => add(blobOf(layer), layer.gzip ? `${MEDIA_TYPE.ociLayer}+gzip` : MEDIA_TYPE.ociLayer));
    const config = add(jsonBytes(configOf(image)), MEDIA_TYPE.ociConfig);
    const manifest = add(jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers }), MEDIA_TYPE.ociManifest);
    const { os, architecture, name } = image;
    return { ...manifest, platform: { architecture, os }, annotations: { 'org.opencontainers.image.ref.name': name } };
  });
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests };
  // Folders need their own entries, because otherwise skopeo creates them with a mode that excludes everyone but root.
  return packTar([
    { name: 'blobs/', type: 'directory' },
    { name: 'blobs/sha256/', type: 'directory' },
    ...members.values(),
    { name: 'index.json', body: jsonBytes(index) },
    { name: 'oci-layout', body: jsonBytes({ imageLayoutVersion: '1.0.0' }) },
  ]);
}

function configOf({ os, architecture, created = '1970-01-01T00:00:00Z', layers, config = {}, history }: NewImage): object {
  return {
    architecture,
    os,
    created,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ tar }) => `sha256:${hexOf(tar)}`) },
    history: history ?? layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
  };
}

function blobOf({ tar, gzip }: NewImage['layers'][number]): Uint8Array {
  return gzip ? gzipSync(tar) : tar;
}

function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
