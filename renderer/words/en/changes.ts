import type { Phrase } from '../language.ts';
import { formatCount, formatSize } from '../numbers.ts';
import { counted, FILES, list, PATHS, someShare } from './grammar.ts';

const STEPS = { added: 'added', modified: 'changed', removed: 'deleted' };
const ITEMS = { one: 'item', other: 'items' };
/** What became of the hidden files of a folder. */
const FATES = { deleted: 'deleted', changed: 'changed', mixed: 'hidden' };

interface LayerSpan {
  readonly from: number;
  readonly to: number;
}

const layerSpan = ({ from, to }: LayerSpan) => (from === to ? formatCount(from) : `${formatCount(from)}–${formatCount(to)}`);

/** The list of changes, its filters, the search in all layers, and the treemap. */
export const changes = {
  title: 'Changes',
  differences: 'Differences',
  files: 'Files',
  everywhere: 'All layers',
  filesystemAt: (layer: number) => `Filesystem at layer ${layer}`,
  combined: (from: number, to: number) => `Layers ${from}–${to} combined`,
  /** Bytes of several layers combined. */
  net: <T>(size: T): Phrase<T> => [size, ' net'],
  netTitle: (bytes: string, to: number) =>
    `${bytes} in the files that are left after layer ${to}. What these layers write and hide again isn’t counted; the details add it up.`,
  hidesBelow: <T>(size: T): Phrase<T> => ['hides ', size, ' below'],
  stillInImage: '(still in the image)',
  hiddenTitle: (bytes: string) => `${bytes} in lower layers, hidden but still in the image`,

  /** A modified file's previous size, shown before the differences where it doesn't fit next to the size. */
  was: (size: string) => `was ${size}`,

  // How many rows
  filtering: 'filtering…',
  sorting: 'sorting…',
  rowsLoaded: (loaded: number, total: number) => `${formatCount(loaded)} of ${formatCount(total)} rows`,
  matches: (count: number) => counted(count, { one: 'match', other: 'matches' }),
  similar: (count: number) => `no such path: ${counted(count, { one: 'similar path', other: 'similar paths' })}`,
  matchesIn: (count: number, loaded: number, total: number) =>
    `${counted(count, { one: 'match', other: 'matches' })} in ${formatCount(loaded)} of ${formatCount(total)} rows`,

  // Shown in place of rows
  readingOther: 'Reading the other side…',
  /** Shown while file contents are read, which may be slow. */
  comparingContents: 'Comparing contents',
  comparingWhy: 'Files of the same size are read on both sides, because what an image states about them isn’t proof.',
  rewrittenWhy: 'Files that a layer stores again with the same size are read to find out which have changed.',
  comparedBytes: (amount: string) => `${amount} of each side`,
  notCompared: 'The comparison was cancelled',
  failed: 'Could not load the changes',
  layerMissing: 'Layer missing',
  layerMissingWhy: 'The archive doesn’t contain this layer, so its changes are unknown.',
  emptyFilesystem: 'Empty filesystem',
  emptyFilesystemWhy: 'No layer up to this one has any files.',
  noDifferences: 'No differences',
  noDifferencesWhy: 'The files of both sides are identical.',
  noChanges: 'No changes',
  noChangesWhy: (layers: number) => (layers === 1 ? 'This layer changes no files.' : 'These layers change no files.'),
  noMatches: 'No matches',
  noneIn: (mode: 'image' | 'layer' | 'stacked' | 'compare', from: number, to: number) =>
    ({
      image: 'None in the image',
      layer: from === to ? `None in layer ${from}` : `None in layers ${from}–${to}`,
      stacked: `None in the filesystem at layer ${to}`,
      compare: 'None in the differences',
    })[mode],
  showSimilar: (count: number) => `Show ${formatCount(count)} similar`,
  showSimilarPaths: 'Show similar paths',
  clearFilter: 'Clear filter',
  allFileTypes: 'Show all kinds of files',
  loading: 'Loading changes',

  columns: { name: 'Name', what: 'Change', size: 'Size', hidden: 'Hidden', items: 'Items', net: 'Net', sides: 'A, B', share: 'Share' },
  fileCount: (count: number) => counted(count, FILES),
  folderTitle: (name: string, items: string) => `${name} · ${items}`,
  itemCount: (count: number) => counted(count, ITEMS),
  // How much of a folder a filter leaves
  itemsMatch: (count: number, all: number) => `${formatCount(count)} of ${counted(all, ITEMS)} match the filter`,
  bytesMatch: (bytes: number, all: number) => `${formatCount(bytes)} of ${formatCount(all)} bytes match the filter`,

  /** What makes an image big. Each label precedes a name and a size. */
  culprits: {
    label: 'What makes it big',
    layer: 'Largest layer',
    folder: 'Largest folder',
    hidden: 'Most hidden',
    /** Shorter labels, where space is scarce. */
    short: { layer: 'Layer', folder: 'Folder', hidden: 'Hidden' },
    /** `added in 4, deleted in 6` */
    story: (steps: readonly { readonly layer: number; readonly kind: keyof typeof STEPS }[]) =>
      steps.map(({ layer, kind }) => `${STEPS[kind]} in ${formatCount(layer)}`).join(', '),
    /** What happened to the hidden files of a folder: `written in 4–5, deleted in 6` */
    folderStory: ({ written, hidden, fate }: { written: LayerSpan; hidden: LayerSpan; fate: keyof typeof FATES }) =>
      `written in ${layerSpan(written)}, ${FATES[fate]} in ${layerSpan(hidden)}`,
  },
  shareOfTotal: (share: number) => `${someShare(share)} % of the total`,
  shareOfMatches: (share: number) => `${someShare(share)} % of what matches the filter`,

  // What a row changes
  differs: {
    type: 'type',
    content: 'content',
    rewritten: 'rewritten',
    unread: 'not compared',
    link: 'target',
    mode: 'mode',
    owner: 'owner',
    attributes: 'attributes',
    time: 'time',
    device: 'device numbers',
  },
  modes: (was: string, now: string) => `${was} → ${now}`,
  modeChange: (was: string, now: string) => `mode ${was} → ${now}`,
  writtenAgain: 'written again',
  /** The first of several differences, where there is no space for the others. */
  andMore: (difference: string) => `${difference}, …`,
  withPaths: (count: number) => `with ${counted(count, PATHS)}`,
  sameContent: 'same content',
  contentNotCompared: 'content not compared',
  differentContent: 'different content',
  fromLayer: (layer: number) => `from layer ${layer}`,
  /** `layer` is the only layer with something hidden; null if there are several, or if it is unknown. */
  hides: ({ paths, bytes, layer, isOpaque }: { paths: number; bytes: number; layer: number | null; isOpaque: boolean }) => {
    const what = list([paths === 0 ? '' : counted(paths, PATHS), bytes === 0 ? '' : formatSize(bytes)]);
    return `${isOpaque ? 'opaque: ' : ''}hides ${what}${layer === null ? '' : ` from layer ${layer}`}`;
  },

  opaqueWhy: 'Opaque: hides everything that the layers below have in this folder',

  // Filters
  /** Kinds of paths of a whole image, shown instead of kinds of changes. */
  wholeKinds: { unchanged: 'visible', modified: 'partly hidden', removed: 'hidden' },
  hideWhole: {
    unchanged: 'Hide paths without hidden files',
    modified: 'Hide files with hidden older versions',
    removed: 'Hide paths that are no longer visible',
  },
  showWhole: {
    unchanged: 'Show paths without hidden files',
    modified: 'Show files with hidden older versions',
    removed: 'Show paths that are no longer visible',
  },
  filters: 'Filters',
  kinds: 'Change kinds',
  hideKind: {
    added: 'Hide added paths',
    modified: 'Hide modified paths',
    removed: 'Hide removed paths',
    unchanged: 'Hide unchanged paths',
  },
  showKind: {
    added: 'Show added paths',
    modified: 'Show modified paths',
    removed: 'Show removed paths',
    unchanged: 'Show unchanged paths',
  },
  allLayers: 'Search all layers',
  /** The same while it is on, next to a cross. */
  allLayersOn: 'All layers',
  allLayersTitle: 'Search the paths of every layer, not only those shown',
  filterSelected: 'Back to the selection, filtered by the same text',
  searchAll: 'Search all layers for the filter text',
  more: 'More',
  moreFilters: (size: string, type: string) => `More filters: ${size}, ${type}`,
  sizes: 'Minimum size',
  typesTitle: 'Type',
  anySize: 'Any size',
  minimumSize: (label: string) => `Minimum size: ${label}`,
  type: (label: string) => `Type: ${label}`,
  types: { all: 'All types', files: 'Files', folders: 'Folders', links: 'Links', others: 'Devices and others' },

  // Search in all layers
  typeToSearch: 'Type to search all layers',
  searchFailed: 'Search failed',
  searching: 'Searching',
  noPath: 'No matching path in any layer',
  /** `size`: the total size of all versions of everything that was found. */
  found: (total: number, size: string, shown: number) =>
    `${counted(total, PATHS)} in all layers, ${size}${total > shown ? `; showing the first ${formatCount(shown)}` : ''}`,
  foundOrder: 'Order of the paths',
  foundOrders: { best: 'Best match', size: 'Largest first' },
  foundLabel: 'Paths in all layers',
  /** Read by screen readers between a kind of change and a layer's number. */
  inLayer: ' in layer ',
};

/** Sums of a selection. */
export const breakdown = {
  failed: 'Could not add up the files',
  empty: 'No files here',
  counts: ({ files, folders, others }: { files: number; folders: number; others: number }) =>
    list([
      counted(files, FILES),
      counted(folders, { one: 'folder', other: 'folders' }),
      others === 0 ? '' : counted(others, { one: 'link or device', other: 'links and devices' }),
    ]),
  byType: 'By kind of file',
  byFolder: 'By top folder',
  biggest: 'Biggest files',
  type: 'Kind',
  folder: 'Folder',
  file: 'File',
  files: 'Files',
  items: 'Items',
  typeNames: {
    programs: 'Programs',
    libraries: 'Libraries',
    source: 'Source code',
    bytecode: 'Bytecode',
    packages: 'Packages',
    archives: 'Archives',
    documents: 'Documents',
    config: 'Configuration',
    pictures: 'Pictures',
    media: 'Audio and video',
    fonts: 'Fonts',
    models: 'Models',
    data: 'Data',
    translations: 'Translations',
    debug: 'Debug info',
    other: 'Other',
  } as Readonly<Record<string, string>>,
};

export const treemap = {
  title: 'Treemap',
  role: 'treemap',
  folders: 'Current folder',
  nothing: 'No files with content here.',
  noneDiffers: 'No files differ in size.',
  keys: 'Arrow keys move, Enter zooms in, Escape zooms out.',
  /** What hatching means. */
  hatched: {
    image: 'Hatched: hidden but still in the image.',
    layer: 'Hatched: removed here, still in the image.',
    stacked: '',
    compare: 'Hatched: gone or smaller in B.',
  },
  small: (count: number) => counted(count, { one: 'small file', other: 'small files' }),
  /** A shorter form of {@link small}. */
  more: (count: number) => `${formatCount(count)} more`,
  hidden: (size: string) => `${size} hidden`,
  /** How much the files in a comparison grew and shrank: `+5.0 MB −1.2 MB`. */
  grownAndShrunk: (grown: string, shrunk: string) => `${grown} ${shrunk}`,
  /** The sizes of a file on both sides. */
  fromTo: (a: string, b: string) => `${a} → ${b}`,
  withHidden: (visible: string, hidden: string) => `${visible} + ${hidden} hidden`,
  layerColours: 'Colours by layer',
  sideColours: 'Colours of the comparison',
  sides: { removed: 'only in A', added: 'only in B', modified: 'changed' },
  sideMarks: { removed: '−', added: '+', modified: '~' },
  // Shown before the legend
  colours: { layers: 'Colours: layers', types: 'Colours: kinds of files' },
  /** Replaces `colours` when colours are forced. */
  numbers: { layers: 'Numbers: layers', types: 'Numbers: kinds of files' },
  areas: 'Areas: changes in size',
  writtenIn: (layer: number) => `written in layer ${layer}`,
  removedIn: (layer: number, hider: number) =>
    layer === hider ? `written and hidden in layer ${layer}` : `written in layer ${layer}, removed in layer ${hider}`,
  /** Follows {@link writtenIn}: about an earlier version of the file. */
  replacedIn: (layer: number, hider: number) =>
    layer === hider ? `hidden version from layer ${layer}` : `hidden version from layer ${layer}, replaced in layer ${hider}`,
  /** Legend of colours, or of the numbers used in their place. */
  types: 'Colours by kind of file',
};
