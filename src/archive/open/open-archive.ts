import path from 'node:path';
import { type DockerImage, dockerManifestProblem, parseDockerManifest, parseJson, repeatedFieldProblem } from '#format/image';
import { type ArchiveFormat, type Compression, type Finding, finding, type HistoryReport, LayerscopeError } from '#model';
import { detectCompression, MAGIC_BYTES } from '../blob/compression.ts';
import { SourceFile } from '../blob/source-file.ts';
import { refusalCode } from '../members/member-refused.ts';
import { readDocument, readHead } from '../members/member-store.ts';
import { type NewPath, OverlayMembers } from '../members/overlay-members.ts';
import type { TarMembers } from '../members/tar-members.ts';
import type { ArchiveArtifact, ArchiveImage, ArchiveRoot, BlobSource, ChainFiles } from '../types.ts';
import { archiveRoots } from './archive-roots.ts';
import { addDockerImages, addLegacyImages } from './docker-archive.ts';
import { ImageList } from './image-list.ts';
import { addArtifacts, addOciImages, type OciContent, readOciContent } from './oci-layout.ts';
import type { TarKind } from './outer-scan.ts';

/** An open archive without its title and disposal. */
export interface OpenedArchive {
  readonly format: ArchiveFormat;
  readonly images: readonly ArchiveImage[];
  readonly artifacts: readonly ArchiveArtifact[];
  readonly findings: readonly Finding[];
  /** See {@link Archive.roots}. */
  readonly roots: () => readonly ArchiveRoot[];
  /** Temporary files that hold some of the archive's members; to be removed when the archive is closed. */
  readonly ownFiles: () => readonly string[];
}

/** Makes an opened archive from a list. `files` returns the temporary files of the store under the overlay. */
export function openedList(
  format: ArchiveFormat,
  list: ImageList,
  store: OverlayMembers,
  files: () => readonly string[] = () => [],
): OpenedArchive {
  list.finish();
  const { images, artifacts, findings } = list;
  const ownFiles = () => [...store.files, ...files()];
  return { format, images, artifacts, findings, roots: () => archiveRoots(format, store, images), ownFiles };
}

/** Opens an image archive from its members. `tarFindings` are about the archive's own tar. Throws BAD_MANIFEST, IO. */
export function openImageTar(
  kind: Exclude<TarKind, 'layer'>,
  members: TarMembers,
  newPath: NewPath,
  tarFindings: readonly Finding[],
): OpenedArchive {
  const store = new OverlayMembers(members, newPath);
  const list = new ImageList(store);
  for (const finding of tarFindings) list.findings.push(finding);
  let format: ArchiveFormat = kind === 'oci-archive' ? 'oci-archive' : 'docker-archive';
  if (kind === 'legacy-archive') addLegacyImages(list, store);
  else if (kind === 'docker-archive') format = addByManifest(list, store, 'oci-archive');
  else addByIndex(list, store);
  return openedList(format, list, store, () => members.files);
}

/** Adds the images of index.json. Throws BAD_MANIFEST, TOO_LARGE, IO. */
export function addByIndex(list: ImageList, store: OverlayMembers): void {
  const content = readOciContent(store);
  if (content === null) throw new LayerscopeError('BAD_MANIFEST', 'index.json is missing');
  addOciImages(list, content);
}

/**
 * Adds the images of manifest.json, with details from an index.json next to it. If manifest.json is unreadable, adds the images of
 * index.json. If neither is usable, the result is a finding and no images. Returns the format: `otherwise` if index.json is used. Throws
 * BAD_MANIFEST if manifest.json is `null`, as written when no image was saved.
 */
export function addByManifest(list: ImageList, store: OverlayMembers, otherwise: ArchiveFormat): ArchiveFormat {
  const oci = tryOciContent(list, store);
  let images: DockerImage[];
  let value: unknown;
  try {
    const bytes = readDocument(store, 'manifest.json') ?? new Uint8Array(0);
    value = parseJson(bytes, 'manifest.json');
    images = parseDockerManifest(value);
    const repeated = repeatedFieldProblem(bytes, 'manifest.json');
    if (repeated !== null) list.report('manifest-disagreement', repeated);
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'BAD_MANIFEST') throw error;
    const message = (value === undefined ? null : dockerManifestProblem(value)) ?? error.message;
    if (oci !== null && oci.images.length > 0) {
      list.report('manifest-unreadable', `${message}: using index.json instead`);
      addOciImages(list, oci);
      return otherwise;
    }
    if (value === null) throw error;
    list.report('manifest-unreadable', message);
    if (oci !== null) addArtifacts(list, oci);
    return 'docker-archive';
  }
  if (oci !== null) addArtifacts(list, oci);
  addDockerImages(list, store, images, oci?.images ?? []);
  return 'docker-archive';
}

function tryOciContent(list: ImageList, store: OverlayMembers): OciContent | null {
  try {
    return readOciContent(store);
  } catch (error) {
    const code = refusalCode(error, 'index-unreadable');
    if (error instanceof LayerscopeError) list.report(code, `${error.message}: using manifest.json instead`);
    return null;
  }
}

const NOTHING_ELSE = { artifacts: [], roots: () => [], ownFiles: () => [] } as const;

/**
 * Opens a single layer tar as an image with one layer. `manifestProblem` explains why its manifest.json doesn't make it an image archive.
 */
export function openSingleLayer(blob: BlobSource, name: string, manifestProblem: string | null = null): OpenedArchive {
  const image = layersImage({ name, os: 'unknown' }, [{ blob, digest: null, diffId: null }]);
  const findings = manifestProblem === null ? [] : [finding('manifest-unreadable', `${manifestProblem}: the tar is shown as one layer`)];
  return { ...NOTHING_ELSE, format: 'layer', images: [image], findings };
}

/** See {@link ArchiveReader.openLayers}. */
export function openChainFiles({ layers, history, ...about }: ChainFiles): OpenedArchive {
  const blobs = layers.map(({ file, digest, diffId }) => ({ blob: blobInFile(file, digest), digest, diffId }));
  return { ...NOTHING_ELSE, format: 'oci-layout', images: [layersImage(about, blobs, history)], findings: [] };
}

/** Makes an image that consists only of layers. */
function layersImage(
  { name, os, platform = 'unknown' }: Pick<ChainFiles, 'name' | 'os' | 'platform'>,
  layers: readonly { readonly blob: BlobSource; readonly digest: string | null; readonly diffId: string | null }[],
  history: readonly HistoryReport[] = [],
): ArchiveImage {
  const steps = history.filter(({ emptyLayer }) => !emptyLayer);
  return {
    index: 0,
    names: [name],
    tags: [],
    platform,
    os,
    configDigest: null,
    manifestDigest: null,
    layers: layers.map(({ blob, digest, diffId }, index) => ({
      index,
      digest,
      diffId,
      mediaType: null,
      createdBy: steps[index]?.createdBy ?? null,
      status: 'present',
      compression: blob.compression,
      blobBytes: blob.length,
      urls: [],
      blob,
    })),
    history,
    attestations: [],
    config: null,
    configSource: null,
  };
}

/** Returns a blob that consists of a complete file. */
export function wholeFile(file: string, length: number, compression: Compression, cacheKey: string, identity: string | null): BlobSource {
  return { path: file, start: 0, length, compression, cacheKey, statedDigest: null, identity };
}

/** Returns the blob in a file, which is opened to find the length and compression. Throws NOT_FOUND, PERMISSION, IO. */
export function blobInFile(file: string, statedDigest: string | null = null): BlobSource {
  using source = new SourceFile(file);
  const compression = detectCompression(readHead(source, 0, MAGIC_BYTES));
  const blob = wholeFile(file, source.size, compression, `${file}:${source.identity}`, source.identity);
  return { ...blob, statedDigest };
}

export function titleOf(file: string): string {
  return path.basename(path.resolve(file)) || file;
}
