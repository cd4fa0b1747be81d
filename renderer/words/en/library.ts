import { formatCount } from '../numbers.ts';
import { counted, IMAGES, list, MINOR_SECRETS, SECRETS } from './grammar.ts';

const ARTIFACTS = { one: 'artifact', other: 'artifacts' };

/** Open archives, and running work. */
export const library = {
  title: 'Library',
  /** Says which of an image's sizes is shown. */
  stored: (bytes: string) => `Layers as stored: ${bytes}`,
  inStore: 'in store',
  nothingOpen: 'Open an image to list it here.',
  sample: 'Sample image',
  closeArchive: (title: string) => `Close ${title}`,
  /** Distinguishes images with the same name. */
  imageOf: (title: string, archive: string, platform: string) => `${title} · ${archive}${platform === 'unknown' ? '' : ` · ${platform}`}`,
  /** A name, followed by what distinguishes its image from others with that name. */
  apart: (name: string, apart: string) => `${name} · ${apart}`,
  /** Distinguishes open archives with the same name by a number, from 1. */
  opening: (archive: string, number: number) => `${archive} (${number})`,
  holds: (images: number, artifacts: number) =>
    images + artifacts === 0
      ? 'no images'
      : list([images > 0 ? counted(images, IMAGES) : '', artifacts > 0 ? counted(artifacts, ARTIFACTS) : '']),
  noImageWhy: 'Its manifest or index lists no images. Save it again with the tool that wrote it, or open another file.',
  noImages: (archive: string) => `${archive} has no images`,
  onlyArtifacts: (archive: string) => `${archive} has only artifacts, no images`,
  isOpen: (image: string) => `${image} is open`,
  artifacts: 'Artifacts',
  attachedTo: (digest: string) => `attached to ${digest}`,
  /** An image without a name, by its position in the archive, from 1. */
  imageNumber: (number: number) => `image ${number}`,
};

export const jobs = {
  title: 'In progress',
  waiting: 'waiting',
  uploading: 'uploading',
  opening: (name: string) => `Opening ${name}`,
  openingProgress: (name: string) => `Progress of opening ${name}`,
  cancel: (title: string) => `Cancel ${title}`,
  progress: (title: string) => `Progress of ${title}`,
  dismiss: (title: string) => `Dismiss ${title}`,
  dismissAll: (count: number) => `Dismiss all ${formatCount(count)}`,
  copyDetails: 'Copy details',
  retry: 'Retry',
  downloading: (name: string) => `Saving as ${name}; it is among the browser’s downloads`,
  saved: (title: string) => `Saved ${title}`,
  savedAs: (title: string, digest: string) => `Saved ${title}: ${digest}`,
  copyDigest: 'Copy digest',
  digestsMatch: 'All digests match',
  digestsDiffer: (count: number) => `${counted(count, { one: 'digest does', other: 'digests do' })} not match`,
  noSecrets: 'No secrets found',
  /** `minor`: the number of minor secrets, such as encrypted keys. */
  secretsFound: (count: number, minor: number) =>
    count === 0 || minor === 0
      ? `${count === 0 ? counted(minor, MINOR_SECRETS) : counted(count, SECRETS)} found`
      : `${counted(count, SECRETS)} · ${counted(minor, MINOR_SECRETS)}`,
  leftOut: (count: number) =>
    `${counted(count, { one: 'entry', other: 'entries' })} left out, with names or links that lead outside the image`,
};
