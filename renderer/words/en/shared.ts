import { ERROR_HINTS } from '#model';
import { formatCount, formatShare, formatSize, formatTenth } from '../numbers.ts';
import { BYTES, counted, LAYERS, list } from './grammar.ts';

const changed = { added: 'added', modified: 'modified', removed: 'removed' };

const ENTRY_TYPES: Readonly<Record<string, string>> = {
  file: 'file',
  directory: 'folder',
  symlink: 'symbolic link',
  hardlink: 'hard link',
  character: 'character device',
  block: 'block device',
  fifo: 'named pipe',
  global: 'global header',
  other: 'other',
};

/** Words used in several panes. */
export const shared = {
  product: 'Layerscope',
  list,
  /** Advice by error code; empty if there is none. */
  errorHints: ERROR_HINTS,

  cancel: 'Cancel',
  close: 'Close',
  tryAgain: 'Try again',
  copied: 'Copied',
  copyThe: (label: string) => `Copy ${label}`,
  copyPath: 'Copy path',
  pathCopied: 'Path copied',
  show: 'Show',
  reading: 'Reading…',
  loading: 'Loading…',
  /** Shown after the first items of a list, often next to a button labelled `showMore`. */
  andMore: (count: number) => `and ${formatCount(count)} more`,
  showMore: (count: number) => `Show ${formatCount(count)} more`,
  /** Shown after the beginning of a string that is cut off. */
  charactersMore: (count: number) => `… ${counted(count, { one: 'more character', other: 'more characters' })}`,
  connecting: 'Connecting…',
  importing: 'Importing…',
  open: 'Open…',
  openFolder: 'Open folder…',
  /** Key names as printed on keyboards, other than a Mac's. */
  keys: { ctrl: 'Ctrl', alt: 'Alt', shift: 'Shift', space: 'Space', escape: 'Esc', enter: 'Enter', home: 'Home', end: 'End' },

  commandUnknown: 'command not recorded',
  commandUnknownTitle: 'Command not recorded',
  /** A layer's number and command, in a list of several. */
  numbered: (layer: number, command: string) => `${layer} ${command}`,
  /**
   * Shown between the commands of the first and last layer of a range. If the range has just two layers, `andCommand` is used instead, for
   * screen readers only.
   */
  untilCommand: ' – ',
  andCommand: ', ',
  newestFirst: 'Layers, newest first',
  layer: (layer: number) => `layer ${layer}`,
  layerTitle: (layer: number) => `Layer ${layer}`,
  /** Read by screen readers before a layer's number. */
  beforeNumber: 'Layer ',
  layers: (count: number) => counted(count, LAYERS),
  layerRange: (from: number, to: number) => `layers ${from}–${to}`,
  layerRangeTitle: (from: number, to: number) => `Layers ${from}–${to}`,

  exactBytes: (bytes: number) => counted(bytes, BYTES),
  sizeInFull: (bytes: number) => (bytes < 1000 ? counted(bytes, BYTES) : `${formatSize(bytes)} (${counted(bytes, BYTES)})`),
  percent: (share: number) => `${formatShare(share)} %`,
  amountOf: (done: number, total: number) => `${formatSize(done)} of ${formatSize(total)}`,
  efficiency: (share: number) => `efficiency ${formatTenth(share * 100)} %`,

  marks: {
    ...changed,
    rewritten: 'written again',
    opaque: 'opaque',
    unchanged: 'unchanged',
    visible: 'visible',
    partlyHidden: 'partly hidden',
    hidden: 'hidden',
  },
  changed,
  changedIn: {
    added: (layer: number) => `added in layer ${layer}`,
    modified: (layer: number) => `modified in layer ${layer}`,
    removed: (layer: number) => `removed in layer ${layer}`,
  },
  mixed: ({ added, modified, removed }: { added: number; modified: number; removed: number }) =>
    list([
      added > 0 ? `${formatCount(added)} added` : '',
      modified > 0 ? `${formatCount(modified)} modified` : '',
      removed > 0 ? `${formatCount(removed)} removed` : '',
    ]),
  contains: (changes: string) => `contains ${changes}`,

  /** Labels of the three sizes that an image and a layer have. */
  sizes: {
    stored: { label: 'Stored', title: 'Bytes of the layers as stored, compressed or not' },
    unpacked: { label: 'Unpacked', title: 'Bytes of the uncompressed layer tars, with headers and padding' },
    files: { label: 'File bytes', title: 'Bytes of the files in all layers; a file written twice is counted twice' },
  },
  formats: {
    'docker-archive': 'Docker archive',
    'oci-archive': 'OCI archive',
    'oci-layout': 'OCI layout folder',
    dir: 'Image folder (dir:)',
    layer: 'Layer tar',
    docker: 'Image in Docker',
    podman: 'Image in Podman',
    containerd: 'Image in containerd',
    registry: 'Image in a registry',
  },
  /** A tar entry's type, by the host's name for it. */
  entryType: (type: string) => ENTRY_TYPES[type] ?? type,
  /** What a key does in a list of choices. */
  choose: 'Choose',
  choices: (count: number) => counted(count, { one: 'choice', other: 'choices' }),
};
