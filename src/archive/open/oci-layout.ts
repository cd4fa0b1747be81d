import { type Descriptor, isImageConfigType, jsonKind, parseIndex, parseJson, repeatedFieldProblem } from '#format/image';
import { LayerscopeError } from '#model';
import { blobName, boundsOf, readDocument } from '../members/member-store.ts';
import type { OverlayMembers } from '../members/overlay-members.ts';
import type { ArchiveArtifact } from '../types.ts';
import type { ImageList, LayerPlan } from './image-list.ts';
import { IndexWalk, type OciImage, type Problem, shownDigest } from './index-walk.ts';

/** The images and artifacts below an index, in order, each manifest once. */
export interface OciContent {
  readonly images: readonly OciImage[];
  readonly artifacts: readonly ArchiveArtifact[];
  /** Problems of the archive itself; each of `images` has its own. */
  readonly problems: readonly Problem[];
}

/** Follows index.json; null if there is none. Throws BAD_MANIFEST if the file is unusable; TOO_LARGE, IO. */
export function readOciContent(store: OverlayMembers): OciContent | null {
  const bytes = readDocument(store, 'index.json');
  if (bytes === null) return null;
  const { times } = boundsOf(store);
  const value = parseJson(bytes, 'index.json', times);
  const index = parseIndex(value, times);
  if (index === null) {
    const kind = jsonKind(value);
    throw new LayerscopeError(
      'BAD_MANIFEST',
      `index.json is ${kind === 'an object' ? 'an object without a list of manifests' : `${kind}, not an index`}`,
    );
  }
  const walk = new IndexWalk(store);
  const repeated = repeatedFieldProblem(bytes, 'index.json');
  if (repeated !== null) walk.report('manifest-disagreement', repeated);
  walk.follow(index, 'index.json');
  return { images: walk.images(), artifacts: walk.artifacts(), problems: walk.problems };
}

/** Plans a layer from its descriptor. A well-formed digest names the blob; a digest with an unknown algorithm may still name a file. */
export function layerPlan({ digest, digestText, mediaType, size, urls }: Descriptor): LayerPlan {
  const name = digest !== '' ? blobName(digest) : FOLLOWABLE.test(digestText) ? blobName(digestText) : '';
  return {
    name,
    digest: digest === '' ? null : digest,
    mediaType,
    size,
    urls,
    ...(digest === '' && digestText !== '' ? { illFormed: shownDigest(digestText) } : {}),
  };
}

/** Digests that are safe as file names. Source: the grammar in OCI image-spec descriptor.md, Digests. */
const FOLLOWABLE = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/;

/** Adds the images and artifacts of an OCI layout or archive to the list. */
export function addOciImages(list: ImageList, content: OciContent): void {
  addArtifacts(list, content);
  for (const { descriptor, manifest, names, attestations } of content.images) {
    const { config } = manifest;
    const digest = config === null || config.digest === '' ? null : config.digest;
    const plan = config === null ? null : layerPlan(config);
    list.add({
      names: [...names],
      platform: descriptor.platform,
      configDigest: digest,
      ...(plan?.illFormed === undefined ? {} : { illFormedConfigDigest: plan.illFormed }),
      manifestDigest: descriptor.digest,
      layers: manifest.layers.map(layerPlan),
      attestations,
      config: list.readConfig(plan === null ? null : { ...plan, isImageConfig: isImageConfigType(plan.mediaType) }),
      isImageConfig: isImageConfigType(config?.mediaType ?? null),
    });
  }
}

/** Adds the artifacts and the problems to the list. */
export function addArtifacts(list: ImageList, content: OciContent): void {
  for (const { code, message } of content.problems) list.report(code, message);
  // Not spread into one call, because an index may list 200,000 artifacts, more than a call can have arguments.
  for (const artifact of content.artifacts) list.artifacts.push(artifact);
}
