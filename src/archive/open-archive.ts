import path from 'node:path';
import { type DockerImage, parseDockerManifest, parseJson } from '#format/image';
import { type ArchiveFormat, type Compression, type Finding, LayerscopeError } from '#model';
import { archiveRoots } from './archive-roots.ts';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import { addDockerImages, addLegacyImages } from './docker-archive.ts';
import { FolderMembers } from './folder-members.ts';
import { ImageList } from './image-list.ts';
import { type MemberStore, readDocument, readHead } from './member-store.ts';
import { addOciImages, type OciContent, readOciContent } from './oci-layout.ts';
import type { TarKind } from './outer-scan.ts';
import { SourceFile } from './source-file.ts';
import type { ArchiveImage, ArchiveRoot, BlobSource, LayerFiles } from './types.ts';

/** What was opened, before it gets its life cycle. */
export interface OpenedArchive {
  readonly format: ArchiveFormat;
  readonly images: readonly ArchiveImage[];
  readonly findings: readonly Finding[];
  /** See {@link Archive.roots}. */
  readonly roots: () => readonly ArchiveRoot[];
}

/** An OCI layout folder. Throws NOT_AN_IMAGE where it is none, BAD_MANIFEST, NOT_FOUND, PERMISSION, IO. */
export function openLayoutFolder(folder: string): OpenedArchive {
  const store = new FolderMembers(folder);
  const content = readOciContent(store);
  if (content === null) {
    const what = store.find('oci-layout') === null ? 'a folder without index.json is no OCI layout' : 'an OCI layout without index.json';
    throw new LayerscopeError(store.find('oci-layout') === null ? 'NOT_AN_IMAGE' : 'BAD_MANIFEST', what);
  }
  const list = new ImageList(store);
  addOciImages(list, content);
  return {
    format: 'oci-layout',
    images: list.images,
    findings: list.findings,
    roots: () => archiveRoots('oci-layout', store, list.images),
  };
}

/** An image archive whose members are known. `tarFindings`: of the archive's own tar. Throws BAD_MANIFEST, IO. */
export function openImageTar(kind: Exclude<TarKind, 'layer'>, store: MemberStore, tarFindings: readonly Finding[]): OpenedArchive {
  const list = new ImageList(store);
  list.findings.push(...tarFindings);
  if (kind === 'oci-archive') {
    const content = readOciContent(store);
    if (content === null) throw new LayerscopeError('BAD_MANIFEST', 'index.json cannot be read');
    addOciImages(list, content);
    return {
      format: 'oci-archive',
      images: list.images,
      findings: list.findings,
      roots: () => archiveRoots('oci-archive', store, list.images),
    };
  }
  if (kind === 'legacy-archive') addLegacyImages(list, store);
  else addByManifest(list, store);
  return {
    format: 'docker-archive',
    images: list.images,
    findings: list.findings,
    roots: () => archiveRoots('docker-archive', store, list.images),
  };
}

/** manifest.json counts; index.json beside it adds what it knows. */
function addByManifest(list: ImageList, store: MemberStore): void {
  const oci = tryOciContent(list, store);
  let images: DockerImage[];
  try {
    images = parseDockerManifest(parseJson(readDocument(store, 'manifest.json') ?? new Uint8Array(0), 'manifest.json'));
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'BAD_MANIFEST' || oci === null || oci.images.length === 0) throw error;
    list.tell('manifest-disagreement', `${error.message}: index.json counts`);
    addOciImages(list, oci);
    return;
  }
  addDockerImages(list, store, images, oci?.images ?? []);
}

function tryOciContent(list: ImageList, store: MemberStore): OciContent | null {
  try {
    return readOciContent(store);
  } catch (error) {
    if (!(error instanceof LayerscopeError) || (error.code !== 'BAD_MANIFEST' && error.code !== 'TOO_LARGE')) throw error;
    list.tell('manifest-disagreement', `${error.message}: manifest.json counts`);
    return null;
  }
}

/** One layer tar by itself, as an image of one layer. */
export function openSingleLayer(blob: BlobSource, name: string): OpenedArchive {
  const image = layersImage(name, 'unknown', [{ blob, digest: null, diffId: null }]);
  return { format: 'layer', images: [image], findings: [], roots: () => [] };
}

/** See {@link Reader.openLayers}. */
export function openLayerFiles({ name, os, layers }: LayerFiles): OpenedArchive {
  const blobs = layers.map(({ file, digest, diffId }) => ({ blob: blobInFile(file, digest), digest, diffId }));
  return { format: 'oci-layout', images: [layersImage(name, os, blobs)], findings: [], roots: () => [] };
}

/** An image of layers that nothing more is known of. */
function layersImage(
  name: string,
  os: string,
  layers: readonly { readonly blob: BlobSource; readonly digest: string | null; readonly diffId: string | null }[],
): ArchiveImage {
  return {
    index: 0,
    names: [name],
    tags: [],
    platform: 'unknown',
    os,
    configDigest: null,
    manifestDigest: null,
    layers: layers.map(({ blob, digest, diffId }, index) => ({
      index,
      digest,
      diffId,
      mediaType: null,
      createdBy: null,
      status: 'present',
      compression: blob.compression,
      blobBytes: blob.length,
      urls: [],
      blob,
    })),
    history: [],
    attestations: [],
    config: null,
    configSource: null,
  };
}

/** The blob that is all of a file. */
export function wholeFile(file: string, length: number, compression: Compression, cacheKey: string, identity: string | null): BlobSource {
  return { path: file, start: 0, length, compression, cacheKey, statedDigest: null, identity };
}

/** The same, its file looked at. Throws NOT_FOUND, PERMISSION, IO. */
export function blobInFile(file: string, statedDigest: string | null = null): BlobSource {
  using source = new SourceFile(file);
  const compression = detectCompression(readHead(source, 0, MAGIC_BYTES));
  const blob = wholeFile(file, source.size, compression, `${file}:${source.identity}`, source.identity);
  return { ...blob, statedDigest };
}

export function titleOf(file: string): string {
  return path.basename(path.resolve(file)) || file;
}
