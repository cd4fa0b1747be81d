// Builds image archives in old and new formats from lists of files: maps of names to bytes, which are written as a tar or a folder.
//
//   const blobs = new Files();
//   const image = ociImage(blobs, { layers: [{ tar: tar(file('a', 'x')), packed: 'gzip' }] });
//   archiveOf(ociLayout(blobs, [image]))                     an OCI archive
//   archiveOf(dockerArchive([{ layers: [tar(…)] }]))         a docker-archive from Docker 1.10 to 24
//   archiveOf(legacyArchive([tar(…), tar(…)]))               from Docker 1.9 or earlier
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { concat, file, tar, utf8 } from './tar-builder.ts';

export type Packing = 'none' | 'gzip' | 'zstd';
export type FileMap = Map<string, Uint8Array>;

export function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hexOf(bytes)}`;
}

export function pack(bytes: Uint8Array, packing: Packing): Uint8Array {
  return packing === 'none' ? bytes : new Uint8Array(packing === 'gzip' ? gzipSync(bytes) : zstdCompressSync(bytes));
}

/** Makes a zstd skippable frame. */
export function skippableFrame(content: string): Uint8Array {
  return concat(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0), utf8(content));
}

export function json(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}

export interface BuiltDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  urls?: string[];
  platform?: object;
  annotations?: Record<string, string>;
}

/** Content-addressed files of a layout. */
export class Files {
  readonly map: FileMap = new Map();

  add(bytes: Uint8Array, mediaType: string): BuiltDescriptor {
    const hex = hexOf(bytes);
    this.map.set(`blobs/sha256/${hex}`, bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  remove(descriptor: { digest: string }): void {
    this.map.delete(`blobs/${descriptor.digest.replace(':', '/')}`);
  }

  replace(descriptor: { digest: string }, bytes: Uint8Array): void {
    this.map.set(`blobs/${descriptor.digest.replace(':', '/')}`, bytes);
  }
}

export interface ConfigSpec {
  os?: string;
  architecture?: string;
  variant?: string;
  created?: string;
  /** Default: `step 0`, `step 1`, … */
  history?: object[] | null;
  diffIds?: string[];
  /** The settings that containers run with: Env, Labels, … */
  config?: object;
}

export function imageConfig(tars: readonly Uint8Array[], spec: ConfigSpec = {}): Record<string, unknown> {
  const { os = 'linux', architecture = 'amd64', variant, diffIds = tars.map(digestOf) } = spec;
  const history = spec.history === undefined ? tars.map((_, index) => ({ created_by: `step ${index}` })) : spec.history;
  return {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(spec.config === undefined ? {} : { config: spec.config }),
    ...(spec.created === undefined ? {} : { created: spec.created }),
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...(history === null ? {} : { history }),
  };
}

export interface LayerSpec {
  tar: Uint8Array;
  packed?: Packing;
  /** The stored bytes, if not the compressed tar. */
  blob?: Uint8Array;
  mediaType?: string;
  urls?: string[];
  /** Annotations of the layer's descriptor. */
  annotations?: Record<string, string>;
  /** Whether to add only the descriptor, without a blob. */
  absent?: boolean;
}

const MEDIA: Record<Packing, string> = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};

export interface OciSpec {
  layers: LayerSpec[];
  config?: ConfigSpec;
  platform?: object;
  annotations?: Record<string, string>;
  manifestType?: string;
}

/** Adds an image's blobs; returns the descriptors of the manifest and its parts. */
export function ociImage(files: Files, spec: OciSpec): BuiltDescriptor & { config: BuiltDescriptor; layers: BuiltDescriptor[] } {
  const layers = spec.layers.map((layer) => {
    const packing = layer.packed ?? 'none';
    const descriptor = files.add(layer.blob ?? pack(layer.tar, packing), layer.mediaType ?? MEDIA[packing]);
    if (layer.absent) files.remove(descriptor);
    return {
      ...descriptor,
      ...(layer.urls === undefined ? {} : { urls: layer.urls }),
      ...(layer.annotations === undefined ? {} : { annotations: layer.annotations }),
    };
  });
  const tars = spec.layers.map((layer) => layer.tar);
  const config = files.add(json(imageConfig(tars, spec.config)), 'application/vnd.oci.image.config.v1+json');
  const mediaType = spec.manifestType ?? 'application/vnd.oci.image.manifest.v1+json';
  const manifest = files.add(json({ schemaVersion: 2, mediaType, config, layers }), mediaType);
  return {
    ...manifest,
    ...(spec.platform === undefined ? {} : { platform: spec.platform }),
    ...(spec.annotations === undefined ? {} : { annotations: spec.annotations }),
    config,
    layers,
  };
}

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** Returns the descriptors without the fields that {@link ociImage} adds. */
function plain(descriptors: readonly BuiltDescriptor[]): object[] {
  return descriptors.map(({ mediaType, digest, size, platform, annotations }) => ({ mediaType, digest, size, platform, annotations }));
}

/** Adds an index as a blob, for nesting. */
export function ociIndex(files: Files, manifests: readonly BuiltDescriptor[]): BuiltDescriptor {
  return files.add(json({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: plain(manifests) }), INDEX_TYPE);
}

/** Returns `oci-layout`, `index.json` and the blobs. */
export function ociLayout(files: Files, manifests: readonly BuiltDescriptor[] | null): FileMap {
  return new Map([
    ...files.map,
    ['index.json', json({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: manifests === null ? null : plain(manifests) })],
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
  ]);
}

export interface DockerSpec {
  layers: Uint8Array[];
  tags?: string[] | null;
  config?: ConfigSpec;
}

/**
 * Makes an archive as saved by Docker 1.10 to 24: `<hex>.json`, `<id>/layer.tar`, manifest.json. Layers with the same bytes share a folder.
 */
export function dockerArchive(images: readonly DockerSpec[]): FileMap {
  const files: FileMap = new Map();
  const manifest = images.map((image) => {
    const config = json(imageConfig(image.layers, image.config));
    const configName = `${hexOf(config)}.json`;
    const names = image.layers.map((layer) => `${hexOf(concat(layer, utf8('id')))}/layer.tar`);
    image.layers.forEach((layer, index) => {
      files.set(names[index] ?? '', layer);
    });
    files.set(configName, config);
    return { Config: configName, RepoTags: image.tags === undefined ? ['test:latest'] : image.tags, Layers: names };
  });
  files.set('manifest.json', json(manifest));
  return files;
}

/** Makes an archive as saved by Docker 1.9 or earlier: a folder for each layer, and `repositories`. Layers are given bottom first. */
export function legacyArchive(layers: readonly Uint8Array[], tagged = true): FileMap {
  const files: FileMap = new Map();
  let parent: string | undefined;
  layers.forEach((layer, index) => {
    const id = hexOf(utf8(`layer ${index}`));
    const container_config = { Cmd: ['/bin/sh', '-c', `step ${index}`] };
    files.set(`${id}/VERSION`, utf8('1.0'));
    files.set(`${id}/json`, json({ id, parent, created: '2015-01-01T00:00:00Z', container_config, os: 'linux', architecture: 'amd64' }));
    files.set(`${id}/layer.tar`, layer);
    parent = id;
  });
  if (tagged) files.set('repositories', json({ old: { '1.0': parent } }));
  return files;
}

/** Makes a tar of the files, in order. */
export function archiveOf(files: ReadonlyMap<string, Uint8Array>, ...more: readonly Uint8Array[]): Uint8Array {
  return tar(...[...files].map(([name, bytes]) => file(name, bytes)), ...more);
}

export function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of files) {
    const target = path.join(folder, ...name.split('/'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}
