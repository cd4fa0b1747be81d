import type { Phrase } from '../language.ts';
import { formatCount } from '../numbers.ts';
import { counted, FILES, IMAGES, LAYERS, list } from './grammar.ts';

const HITS = { one: 'hit', other: 'hits' };
const PROBLEMS = { one: 'problem', other: 'problems' };
const PLACES = { one: 'place', other: 'places' };
const TAGS = { one: 'tag', other: 'tags' };

/** A catalog of many images. */
export const catalog = {
  group: 'Catalogs',
  holds: (images: number) => counted(images, IMAGES),
  close: (title: string) => `Close ${title}`,
  view: 'Catalog view',
  views: { images: 'Images', layers: 'Layers', tags: 'Tags', search: 'Search', problems: 'Problems' },
  reading: 'Reading the catalog…',
  readingRows: (done: number, all: number) => `${formatCount(done)} of ${formatCount(all)} images and layers`,
  failed: 'Could not read the catalog',
  empty: 'This catalog has no images',
  emptyWhy: 'Add some with layerscope catalog index IMAGE… --to FOLDER, then open the folder again.',
  onlyProblems: 'No image in this catalog could be read',
  onlyProblemsWhy: 'See Problems for the reasons.',
  showProblems: 'Show problems',

  /** What the catalog contains, shown on every view. */
  facts: 'The catalog',
  images: (count: number) => counted(count, IMAGES),
  /** Number of places in which the images were found. The command line counts each image once per place and name. */
  inAll: (places: number) => `in ${counted(places, PLACES)}`,
  problems: (count: number) => counted(count, PROBLEMS),
  inAllTitle: 'Files and names under which these images were found; an image found in several places is listed once',
  /** `saved`: null if no layer is shared. */
  sums: <T>(layers: number, stored: T, saved: T | null): Phrase<T> => [
    `${counted(layers, LAYERS)}, `,
    stored,
    ...(saved === null ? [' · none shared'] : [' · ', saved, ' saved by sharing']),
  ],
  files: (count: number) => counted(count, FILES),
  filesTitle: 'Files that containers from these images see; a file in a shared layer counts once for each image that shows it',
  packagesOf: (images: number) => `packages known for ${counted(images, IMAGES)}`,
  packagesTitle: 'Images whose packages are known',
  indexed: (time: string) => `indexed ${time}`,

  // An image that can't be opened
  couldNotOpen: (name: string) => `${name} could not be opened`,
  otherImage: (file: string) => `${file} now holds a different image from the one indexed`,

  /** An image's first name, and how many more names it has. */
  andNames: (name: string, more: number) => (more === 0 ? name : `${name} +${formatCount(more)}`),
  openImage: (name: string, source: string) => `Open ${name}\n${source}`,

  // Images
  imagesTitle: 'Images in the catalog',
  imageColumns: {
    name: 'Name',
    tags: 'Tags',
    adds: 'On its base',
    size: 'Stored',
    unique: 'Unique',
    layers: 'Layers',
    created: 'Built',
    findings: 'Findings',
    known: 'Details known',
  },
  filterImages: 'Filter images by name or tag',
  matching: (count: number, all: number) => `${formatCount(count)} of ${counted(all, IMAGES)}`,
  noImage: 'No matching image',
  clearFilter: 'Clear the filter',
  grouping: 'How images are listed',
  groupings: { repository: 'By repository', base: 'By base image', none: 'Ungrouped' },
  noTag: 'no tag',
  addsTitle: 'Layers added to the row that it is built on, and their bytes',
  adds: (layers: number) => `+${counted(layers, LAYERS)}`,
  addsNone: 'same layers',
  derived: (images: number) => `base of ${counted(images, IMAGES)}`,
  /** Title of layers that several images start with. */
  noBase: (layers: number, images: number) =>
    `${counted(layers, LAYERS)} under ${counted(images, IMAGES)}; no image in the catalog ends here`,
  lineageTitle: 'Images and what is built on them',

  // Two images to compare
  pickColumn: 'Picked to compare',
  picked: 'picked',
  pickTitle: 'Pick two images to compare them (Ctrl+click or Ctrl+Space on a row)',
  picks: 'Images to compare',
  pickAnother: 'Pick another image to compare it with.',
  clearPicks: 'Clear',
  sizeLegend: { title: 'Size as stored', unique: 'in layers only this image has', shared: 'in shared layers' },
  otherNames: (count: number) => `+${counted(count, { one: 'name', other: 'names' })}`,
  inPlaces: (count: number) => `In ${counted(count, PLACES)}`,
  /** What the catalog contains about an image. */
  known: (files: number | null, hasPackages: boolean) =>
    list([files === null ? '' : counted(files, FILES), hasPackages ? 'packages' : '']) || 'layers only',

  // Size bars
  barHead: 'Relative size',
  barWhy: (full: string) => `A full bar is ${full}`,

  // Layers
  layersTitle: 'Layers and the images that have them',
  /** A layer without a known command, and an image that has it. */
  layerOf: (digest: string, image: string) => `${digest} of ${image}`,
  choice: 'Which layers',
  choices: {
    all: (count: number) => `All ${formatCount(count)}`,
    shared: (count: number) => `Shared ${formatCount(count)}`,
    alone: (count: number) => `Unique ${formatCount(count)}`,
  },
  columns: {
    layer: 'Layer',
    size: 'Stored',
    images: 'Images',
    saved: 'Saved by sharing',
    held: (images: number) => `Which of ${counted(images, IMAGES)} have it`,
  },
  heldLegend: { title: 'Layers in images, by repository', has: 'has the layer', hasNot: 'doesn’t' },
  heldBy: (count: number, all: number) => `${formatCount(count)} of ${counted(all, IMAGES)}`,
  /** Tooltip of the picture of all images: the image under the pointer, and whether it has the layer. */
  heldAt: (name: string, has: boolean, count: number, all: number) =>
    `${name} ${has ? 'has it' : 'doesn’t have it'}\n${formatCount(count)} of ${counted(all, IMAGES)} have it`,
  none: {
    all: 'No known layers',
    shared: 'No layer is shared',
    alone: 'Every layer is shared',
  },
  noneWhy: {
    all: 'None of the images in this catalog has layers that could be read.',
    shared: 'Each layer belongs to a single image. Images built on the same base would store and pull its layers only once.',
    alone: 'No layer belongs to a single image.',
  },

  // Search
  searchTitle: 'Search results',
  searchFor: 'Search for',
  kinds: { path: 'Path', package: 'Package', content: 'Checksum' },
  fields: {
    path: 'Path in any image: libssl, *.jar, /etc/passwd',
    package: 'Package in any image: openssl, log4j-core 2.14',
    content: 'Checksum of a file’s content, or the start of a digest',
  },
  typeWhat: 'Search all images at once',
  typeWhy: {
    path: 'Type part of a path. Start with / to match from the root; * and ? are wildcards.',
    package: 'Type part of a name. A second word is the start of a version.',
    content:
      'A checksum of 16 hexadecimal digits finds files with that content, if contents were indexed. The start of a digest finds images and layers.',
  },
  noHits: 'Not found in any image',
  noHitsWhy: (files: number) => `Searched ${counted(files, FILES)} in the catalog.`,
  notSearchable: 'Can’t search for this',
  searching: (hits: number, done: number, files: number) =>
    `${counted(hits, HITS)} so far · ${formatCount(done)} of ${counted(files, FILES)} searched`,
  found: (hits: number, images: number) => `${counted(hits, HITS)} in ${counted(images, IMAGES)}`,
  firstHits: (hits: number) => `First ${counted(hits, HITS)}; narrow the search to see others`,
  stopped: (hits: number) => `${counted(hits, HITS)}, stopped before the end`,
  stop: 'Stop',
  unread: (files: number) => `${counted(files, FILES)} could not be read`,
  hitColumns: { name: 'Found', type: 'Type', version: 'Version', size: 'Size', layer: 'Layer', images: 'Image' },
  hitKinds: { entry: '', whiteout: 'deleted', opaque: 'opaque folder', package: '', image: 'image', layer: 'layer' },
  inLayers: (count: number) => counted(count, LAYERS),
  inImages: (count: number) => counted(count, IMAGES),
  /** A layer's position in an image, counted from 0, the lowest. */
  layerIn: (layer: number, layers: number) => `layer ${layer} of ${layers}`,
  root: '(root folder)',

  // Tags
  tagsTitle: 'Names and their tags, newest first',
  tagColumns: {
    name: 'Tag',
    size: 'Visible',
    grown: 'Change',
    findings: 'Findings',
    created: 'Created',
  },
  /**
   * What a group contains: its number of tags, its number of images if that differs, and its number of places if that is greater than both.
   * Images without a name have no tags.
   */
  inGroup: (tags: number, images: number, rows: number) =>
    [
      ...(tags === 0 ? [] : [counted(tags, TAGS)]),
      ...(tags === images ? [] : [counted(images, IMAGES)]),
      ...(rows === Math.max(tags, images) ? [] : [`in ${counted(rows, PLACES)}`]),
    ].join(' · '),
  /** Where a tag is, if another row has the same tag. */
  inPlace: (file: string) => `in ${file}`,
  notKnown: 'not known',
  unnamed: 'Without a repository',
  noFindings: 'none',
  unknown: 'unknown',
  grownBy: (size: string) => `+${size}`,
  shrunkBy: (size: string) => `−${size}`,
  sameSize: 'same',

  // Problems
  problemsTitle: 'Problems in the catalog',
  problemColumns: { subject: 'Image or file', code: 'Code', message: 'Why' },
  noProblems: 'No problems',
  noProblemsWhy: 'Every image was indexed, and every catalog file that was read is intact.',
  moreProblems: (count: number) => `${formatCount(count)} more not listed.`,
};
