import type { Archive, ArchiveImage, ArchiveLayer } from '#archive';
import { machinePlatform, platformRank } from '#format/image';
import { type ArtifactReport, displayText, LayerscopeError, layerRange, shortDigest } from '#model';

/** Platform of the images that run on this machine, such as `linux/amd64`. Containers are Linux everywhere except on Windows. */
export function hostPlatform(system: NodeJS.Platform = process.platform, architecture: string = process.arch): string {
  return machinePlatform(system, architecture);
}

/** Returns the images that run on a platform, best match first; equal matches keep their order. */
function ofPlatform(images: readonly ArchiveImage[], wanted: string): readonly ArchiveImage[] {
  const ranked = images.map((image) => ({ image, rank: image.platform === wanted ? 0 : platformRank(image.platform, wanted) }));
  const fitting = ranked.filter((each): each is { image: ArchiveImage; rank: number } => each.rank !== null);
  return fitting.sort((a, b) => a.rank - b.rank).map(({ image }) => image);
}

/** Shortens a name the way users do: `docker.io/library/x:latest` becomes `x`. */
function shortName(name: string): string {
  return name
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '')
    .replace(/:latest$/, '');
}

function isDigestPrefix(text: string): boolean {
  return /^(sha256:|sha512:)?[0-9a-f]{6,128}$/i.test(text);
}

function startsDigest(digest: string | null, text: string): boolean {
  if (digest === null) return false;
  const lower = text.toLowerCase();
  return lower.includes(':') ? digest.startsWith(lower) : digest.slice(digest.indexOf(':') + 1).startsWith(lower);
}

function listed(images: readonly ArchiveImage[]): string {
  const names = images.slice(0, 8).map((image) => `${image.index} ${displayText(image.names[0] ?? image.platform)}`);
  return `${names.join(', ')}${images.length > 8 ? ', …' : ''}`;
}

/** Which image the user asked for; see {@link chooseImage}. */
export interface ImageChoice {
  readonly image?: string | undefined;
  readonly platform?: string | undefined;
}

/**
 * Chooses an image by `image` (a number, a name, six or more digits of a config or manifest digest) and `platform`. Defaults to the
 * host's platform, or else the first image. Throws NOT_FOUND if none matches, NOT_AN_IMAGE if the archive holds only artifacts.
 */
export function chooseImage(archive: Archive, choice: ImageChoice = {}): ArchiveImage {
  if (archive.images.length === 0) throw noImage(archive);
  return pickImage(archive.images, choice);
}

/** Like {@link chooseImage}, from a list of images. Throws NOT_FOUND. */
export function pickImage(images: readonly ArchiveImage[], { image, platform }: ImageChoice): ArchiveImage {
  let fitting = images;
  if (image !== undefined) {
    const wanted = shortName(image);
    const byNumber = /^\d{1,5}$/.test(image) ? fitting.filter(({ index }) => index === Number(image)) : [];
    const byName = fitting.filter(({ names }) => names.some((name) => name === image || shortName(name) === wanted));
    const byDigest = isDigestPrefix(image)
      ? fitting.filter(({ configDigest, manifestDigest }) => startsDigest(configDigest, image) || startsDigest(manifestDigest, image))
      : [];
    fitting = [byNumber, byName, byDigest].find((found) => found.length > 0) ?? [];
    if (fitting.length === 0) throw new LayerscopeError('NOT_FOUND', `no image ${displayText(image)}; available: ${listed(images)}`);
  }
  if (platform === undefined) return ofPlatform(fitting, hostPlatform())[0] ?? (fitting[0] as ArchiveImage);
  const [best] = ofPlatform(fitting, platform.toLowerCase());
  if (best !== undefined) return best;
  const platforms = [...new Set(fitting.map((each) => displayText(each.platform)))].slice(0, 12).join(', ');
  throw new LayerscopeError('NOT_FOUND', `no image for ${displayText(platform)}; available: ${platforms}`);
}

/** Maximum number of artifacts listed in an error. */
const SHOWN_ARTIFACTS = 4;

/** Explains why an archive has no image: it holds only artifacts, or can't be read. */
function noImage({ title, artifacts, findings }: Archive): LayerscopeError {
  const name = displayText(title);
  if (artifacts.length > 0) {
    const shown = artifacts.slice(0, SHOWN_ARTIFACTS).map(artifactWords);
    if (artifacts.length > SHOWN_ARTIFACTS) shown.push('…');
    return new LayerscopeError('NOT_AN_IMAGE', `${name} holds only artifacts, no image: ${shown.join(', ')}`);
  }
  const reason = findings.find(({ severity }) => severity === 'error');
  return new LayerscopeError('NOT_FOUND', `${name} holds no image${reason === undefined ? '' : `: ${displayText(reason.message)}`}`);
}

/** Formats an artifact as `name (type)`, or `digest (type)` if it has no name. */
function artifactWords({ names, digest, artifactType, mediaTypes }: ArtifactReport): string {
  return `${names[0] ?? shortDigest(digest)} (${artifactType ?? mediaTypes.at(-1) ?? 'no type stated'})`;
}

/** Chooses a layer by its number (0 the bottom) or by six or more digits of its digest or diffID. Throws USAGE, NOT_FOUND. */
export function chooseLayer(image: ArchiveImage, text: string): ArchiveLayer {
  const { layers } = image;
  const range = layerRange(layers.length);
  if (/^\d{1,9}$/.test(text)) {
    const layer = layers[Number(text)];
    if (layer !== undefined) return layer;
    if (text.length < 6) throw new LayerscopeError('NOT_FOUND', `no layer ${text}: ${range}`);
  }
  if (!isDigestPrefix(text)) {
    throw new LayerscopeError('USAGE', `not a layer: ${displayText(text)}: give a number or six or more digits of a digest`);
  }
  const fitting = layers.filter(({ digest, diffId }) => startsDigest(digest, text) || startsDigest(diffId, text));
  const [first] = fitting;
  if (first === undefined) throw new LayerscopeError('NOT_FOUND', `no layer ${displayText(text)}: ${range}`);
  if (fitting.some(({ blob, digest }) => digest !== first.digest || blob !== first.blob)) {
    throw new LayerscopeError('USAGE', `${displayText(text)} matches more than one layer: ${fitting.map(({ index }) => index).join(', ')}`);
  }
  return first;
}
