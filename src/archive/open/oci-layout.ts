import { type Descriptor, isImageConfigType, jsonKind, parseIndex, parseJson } from '#format/image';
import { type ArtifactReport, LayerscopeError } from '#model';
import { blobName, readDocument } from '../members/member-store.ts';
import type { OverlayMembers } from '../members/overlay-members.ts';
import type { ImageList, LayerPlan } from './image-list.ts';
import { IndexWalk, type OciImage, type Problem, shownDigest } from './index-walk.ts';

/** What an index leads to, in order, each manifest once. */
export interface OciContent {
  readonly images: readonly OciImage[];
  readonly artifacts: readonly ArtifactReport[];
  /** About what isn't in `images`, of the archive as a whole. */
  readonly problems: readonly Problem[];
}

/** Follows index.json. Throws BAD_MANIFEST where it can't be used, TOO_LARGE, IO; null where there is none. */
export function readOciContent(store: OverlayMembers): OciContent | null {
  const bytes = readDocument(store, 'index.json');
  if (bytes === null) return null;
  const value = parseJson(bytes, 'index.json');
  const index = parseIndex(value);
  if (index === null) {
    const kind = jsonKind(value);
    throw new LayerscopeError(
      'BAD_MANIFEST',
      `index.json is ${kind === 'an object' ? 'an object without a list of manifests' : `${kind}, not an index`}`,
    );
  }
  const walk = new IndexWalk(store);
  walk.follow(index, 'index.json');
  return { images: walk.images(), artifacts: walk.artifacts(), problems: walk.problems };
}

/** A well-formed digest leads to its blob; one of an algorithm that isn't known may, by the name that it would have. */
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

/** Source: OCI image-spec descriptor.md, Digests, the grammar. Nothing of it leads out of a folder. */
const FOLLOWABLE = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$/;

/** Puts the images of a layout or an OCI archive into the list, and what it holds beside them. */
export function addOciImages(list: ImageList, content: OciContent): void {
  addArtifacts(list, content);
  for (const { descriptor, manifest, names, attestations } of content.images) {
    const { config } = manifest;
    const digest = config === null || config.digest === '' ? null : config.digest;
    const plan = config === null ? null : layerPlan(config);
    list.add({
      names,
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

/** What the index leads to beside images, and what is wrong with it. */
export function addArtifacts(list: ImageList, content: OciContent): void {
  for (const { code, message } of content.problems) list.tell(code, message);
  list.artifacts.push(...content.artifacts);
}
